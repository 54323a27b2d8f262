"""The job that keeps table `edges`: whole minutes anew of what was received since its last pass.

Late documents, a spool's replay and an import are all one case. Source: architecture, section 8.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

import msgspec

from fluoro.model.tenant import Tenant
from fluoro.store import edge_table, freshness
from fluoro.store.counting import Counted, Window, added_up, count
from fluoro.store.edge_table import MINUTE_S, PERIODS_S
from fluoro.store.freshness import Stretch
from fluoro.store.inserter import Inserter
from fluoro.store.keys import owner
from fluoro.store.moments import Moments
from fluoro.store.passes import Passes
from fluoro.store.pool import Pool
from fluoro.store.upkeep import MINUTES_A_PASS, SETTLING_S

_DAY = timedelta(days=1)
_US_PER_S = 1_000_000
_US_PER_MINUTE = 60 * _US_PER_S
_CALM_US = 10_000_000
"""How long no document may have come for a minute that is counted: the next would make it stale."""
_MINUTES_AT_ONCE = 10
"""Minutes that are counted together."""


class EdgesJob:
    """Passes over what was received."""

    def __init__(
        self,
        pool: Pool,
        inserter: Inserter,
        passes: Passes,
        moments: Moments,
        clock_us: Callable[[], int],
    ) -> None:
        self._pool = pool
        self._passes = passes
        self._inserter = inserter
        self._moments = moments
        self._clock_us = clock_us
        self._since = date(1970, 1, 1)
        """The day from which on there may be notes without an answer: nothing before is read."""

    def update(self) -> int:
        """See `Upkeep.update_edges`."""
        self._note()
        yesterday = self._moments.today() - _DAY
        since = min(self._since, yesterday)  # the clock may have been set back
        tenants = self._tenants(since)
        noted = {each: freshness.unanswered(self._pool, each, since) for each in tenants}
        made = 0
        for tenant, stretch in self._due(noted):
            self._make_minutes(tenant, stretch)
            for minute in range(*stretch):
                noted[tenant].pop(minute, None)
            made += stretch.last - stretch.first
        made_of = itertools.pairwise((MINUTE_S, *PERIODS_S))
        for tenant, (of, seconds) in itertools.product(tenants, made_of):
            for begin_s in edge_table.stale_periods(
                self._pool, tenant, seconds, self._closed_s(), since
            ):
                self._make_period(tenant, seconds, begin_s, of)
        left = (day - _DAY for minutes in noted.values() for day in minutes.values())
        self._since = min(left, default=yesterday)
        return made

    def _closed_s(self) -> int:
        """Minutes and periods that ended by then are closed: most of what ends in them has come."""
        return max(self._clock_us() // _US_PER_S - SETTLING_S, 0)

    def _note(self) -> None:
        """Note every minute that documents received since the last pass have changed."""
        settled_us = self._inserter.settled_us
        since_us = self._passes.since_us() or 0
        if self._passes.has_noted(self._inserter.newest_us, since_us):
            return
        for arrived in freshness.arrivals(self._pool, since_us):
            from_us = freshness.began_us(self._pool, arrived, since_us)
            minutes = freshness.touched(self._pool, arrived, since_us, from_us)
            edge_table.note(
                self._pool,
                arrived.tenant,
                [minute for minute in minutes if minute * MINUTE_S <= freshness.LAST_S],
                self._moments.next_us(),
                self._moments.today(),
            )
        self._passes.cover(settled_us)

    def _due(self, noted: Mapping[Tenant, Mapping[int, date]]) -> Iterator[tuple[Tenant, Stretch]]:
        """Noted minutes that are closed and calm, the newest first, not too many for one pass."""
        everything = Stretch(0, self._closed_s() // MINUTE_S)
        calm_since_us = self._clock_us() - _CALM_US - self._passes.overlap_us
        left = MINUTES_A_PASS
        for tenant, of_tenant in noted.items():
            due = {minute for minute in of_tenant if minute < everything.last}
            if due:
                due -= freshness.changed(self._pool, tenant, everything, calm_since_us)
            minutes = sorted(due, reverse=True)[:left]
            left -= len(minutes)
            for stretch in freshness.stretches(minutes, everything, most=len(minutes)):
                for first in range(stretch.first, stretch.last, _MINUTES_AT_ONCE):
                    yield tenant, Stretch(first, min(first + _MINUTES_AT_ONCE, stretch.last))

    def _tenants(self, since: date) -> list[Tenant]:
        rows = self._pool.query(
            f"SELECT DISTINCT account, region FROM edge_runs WHERE {edge_table.SINCE} ORDER BY ALL",
            {"since": since},
        )
        return [Tenant(*row) for row in rows]

    def _make_minutes(self, tenant: Tenant, stretch: Stretch) -> None:
        run = self._moments.next_us()
        window = Window(tenant, stretch.first * _US_PER_MINUTE, stretch.last * _US_PER_MINUTE)
        by_minute: dict[int, list[Counted]] = {}
        for row in count(self._pool, window, by_minute=True):
            by_minute.setdefault(row.minute, []).append(row)
        rows = [
            msgspec.structs.replace(row, minute=minute)
            for minute, of_minute in by_minute.items()
            for row in added_up(of_minute)
        ]
        today = self._moments.today()
        edge_table.write(self._pool, tenant, MINUTE_S, range(*stretch), rows, run, today)

    def _make_period(self, tenant: Tenant, seconds: int, begin_s: int, of: int) -> None:
        """Add up the shorter periods of one, unless some of its minutes are still to be made."""
        run = self._moments.next_us()
        minutes = Stretch(begin_s // MINUTE_S, (begin_s + seconds) // MINUTE_S)
        if freshness.noted(self._pool, tenant, minutes):
            return
        parameters = {**owner(tenant), **freshness.within(minutes)}
        rows = edge_table.read(self._pool, f"seconds = {of} AND {freshness.MOMENT}", parameters)
        whole = [msgspec.structs.replace(row, minute=minutes.first) for row in added_up(rows)]
        today = self._moments.today()
        edge_table.write(self._pool, tenant, seconds, [minutes.first], whole, run, today)
