"""Why an answer is empty: a client that signs for another region than its agents sees nothing."""

import contextlib
from collections.abc import Callable

import structlog

from fluoro.errors import StoreError
from fluoro.model.tenant import Tenant
from fluoro.store.storage import Storage

_AGAIN_US = 60 * 1_000_000
"""A dashboard asks every few seconds; the log says it once in this time."""
_MOST = 1_000
"""Tenants that are remembered."""

_LOG = structlog.get_logger()


class EmptyRegions:
    """Logs the regions of an account that do hold data, when one is asked for that holds none."""

    def __init__(self, storage: Storage, clock_us: Callable[[], int]) -> None:
        self._storage = storage
        self._clock_us = clock_us
        self._told_us: dict[Tenant, int] = {}

    def explain(self, tenant: Tenant, operation: str) -> None:
        """Call it when an answer is empty; it may be so in a region that holds data, too."""
        now_us = self._clock_us()
        told_us = self._told_us.get(tenant)
        if told_us is not None and now_us - told_us < _AGAIN_US:
            return
        if len(self._told_us) >= _MOST:  # a client may make up regions
            self._told_us.clear()
        self._told_us[tenant] = now_us
        regions: list[str] = []
        with contextlib.suppress(StoreError):  # the answer is good without it
            regions = self._storage.regions(tenant.account)
        if regions and tenant.region not in regions:
            _LOG.info(
                "region_empty",
                operation=operation,
                account=tenant.account,
                region=tenant.region,
                regions=regions,
            )
