"""What holds for every test."""

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from fluoro.store import edges_job, passes

# How long an example takes depends on the machine, so no law fails for that.
settings.register_profile("fluoro", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fluoro")

_WHOLE = ("tests/store/", "tests/conformance/")
"""Folders whose tests share processes and what is built for them, so one worker runs all of one."""


class _ByFile(LoadScopeScheduling):
    """With `-n`: a worker takes a file at a time, or all of a folder of `_WHOLE`."""

    def _split_scope(self, nodeid):
        whole = (folder for folder in _WHOLE if nodeid.startswith(folder))
        return next(whole, nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return _ByFile(config, log)


@pytest.fixture
def counted_at_once(monkeypatch):
    """A pass of the edges job counts minutes though documents came for them just now.

    Their receipts are ahead of a clock that stands still.
    """
    monkeypatch.setattr(edges_job, "_CALM_US", -1_000_000)
    monkeypatch.setattr(passes, "_OVERLAP_US", 0)
