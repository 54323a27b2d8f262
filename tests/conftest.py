"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How long an example takes depends on the machine, so no law fails for that.
settings.register_profile("fluoro", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fluoro")
