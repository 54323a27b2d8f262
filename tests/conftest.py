"""What holds for every test."""

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on the machine, so no law fails for that.
settings.register_profile("fluoro", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fluoro")

_WHOLE = ("store", "conformance")
"""Folders whose tests share processes and what is built for them, so one worker runs all of one."""


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items):
    """With `--dist loadgroup`: a worker takes a file at a time, or all of a folder of `_WHOLE`."""
    for item in items:
        folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
        group = folder if folder in _WHOLE else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
