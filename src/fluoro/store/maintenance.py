"""Upkeep of a store on ClickHouse SQL: each of its tasks is a module of its own."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from fluoro.store import backup, inspection, resident
from fluoro.store.deletion import Deletions
from fluoro.store.edges_job import EdgesJob
from fluoro.store.inserter import Inserter
from fluoro.store.leases import Leases
from fluoro.store.moments import Moments
from fluoro.store.passes import Passes
from fluoro.store.pool import Pool
from fluoro.store.retention import Keeper
from fluoro.store.upkeep import Dropped, Finding, Statistics

_UNDER_WAY_US = 120_000_000
"""Documents that are so young may lack a half: their insert may be under way."""


class Maintenance:
    """See `store.upkeep.Upkeep`."""

    def __init__(
        self, pool: Pool, inserter: Inserter, passes: Passes, clock_us: Callable[[], int]
    ) -> None:
        self._pool = pool
        self._inserter = inserter
        self._clock_us = clock_us
        self.dropped = Dropped()
        moments = Moments(pool, clock_us)
        self.deletions = Deletions(pool, clock_us, moments, self.dropped)
        keeper = Keeper(pool, moments.today, self.dropped)
        self.beat = Leases(pool, clock_us).beat
        self.expire = keeper.expire
        self.make_room = keeper.make_room
        self.refresh = self.deletions.refresh
        self.delete_again = self.deletions.delete_again
        self.purge = self.deletions.purge
        self.update_edges = EdgesJob(pool, inserter, passes, moments, clock_us).update

    def give_back(self) -> None:
        """See `Upkeep.give_back`; a ClickHouse server looks after its own."""
        if self._pool.is_embedded:
            self._pool.command("SYSTEM JEMALLOC PURGE")
        resident.trim()

    def statistics(self) -> Statistics:
        """See `Upkeep.statistics`."""
        return msgspec.structs.replace(
            inspection.statistics(self._pool, self._clock_us()),
            days_dropped=dict(self.dropped.days),
            excess_bytes=self.dropped.room.excess_bytes,
        )

    def check(self) -> Sequence[Finding]:
        """See `Upkeep.check`."""
        return inspection.check(self._pool, self._clock_us() - _UNDER_WAY_US)

    def back_up(self, folder: Path) -> None:
        """See `Upkeep.back_up`."""
        newest_us = self._inserter.newest_us
        self.deletions.settle()  # so that everything up to there is in both tables, or in none
        backup.back_up(self._pool, folder, newest_us, self._clock_us())
