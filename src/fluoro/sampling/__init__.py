"""Which rule matches and how a reservoir is shared. Pure; the clock is passed in."""
