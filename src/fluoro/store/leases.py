"""Who runs the jobs: the smallest replica that was heard of lately. No lock service.

Two may run them for a moment, which is harmless. Source: architecture, section 8.
"""

from collections.abc import Callable

from fluoro.store.pool import Pool

_ALIVE_US = 15_000_000


class Leases:
    """Heartbeats of all replicas."""

    def __init__(self, pool: Pool, clock_us: Callable[[], int]) -> None:
        self._pool = pool
        self._clock_us = clock_us

    def beat(self, replica: str) -> bool:
        """See `Upkeep.beat`."""
        now_us = self._clock_us()
        self._pool.insert("heartbeats", [[replica, now_us]])
        ((smallest,),) = self._pool.query(
            "SELECT min(replica) FROM heartbeats WHERE time_us > {since:Int64}",
            {"since": now_us - _ALIVE_US},
        )
        return bool(smallest == replica)
