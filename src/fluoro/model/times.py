"""Times as X-Ray writes them (epoch seconds) and as Fluoro keeps them (epoch microseconds)."""

import math

LAST_US = 4_294_967_295_000_000
"""Latest time that is kept, 2106-02-07: what a 32-bit second holds. Later is clamped to it."""

_MILLISECONDS_FROM = 1e11


def to_us(seconds: float) -> int:
    """Epoch microseconds of X-Ray's epoch seconds, clamped to 1970-2106.

    Above 1e11 the value was milliseconds, a common mistake of senders (13 digits). A value that is
    not finite counts as 0. The store's SQL does the same; a test holds the two equal.
    """
    if not math.isfinite(seconds):
        return LAST_US if seconds > 0 else 0
    if seconds > _MILLISECONDS_FROM:
        seconds /= 1000
    return round(min(max(seconds, 0.0), LAST_US / 1e6) * 1e6)


def to_seconds(us: int) -> float:
    """Epoch seconds of epoch microseconds."""
    return us / 1e6
