"""Graphs and series of a window: closed minutes from `edges`, all others from `spans`."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from fluoro.filters.selector import Selector, chosen, is_counted
from fluoro.filters.tree import EdgeTest, Entity, ServiceTest
from fluoro.graph.rows import GraphRows
from fluoro.model.tenant import Tenant
from fluoro.store import edge_table, freshness, runs
from fluoro.store.beside import Ask, later
from fluoro.store.counting import Counted, Window, began_us, count, graph_of
from fluoro.store.edge_table import MINUTE_S
from fluoro.store.freshness import Stretch
from fluoro.store.graph_sql import SEGMENTS
from fluoro.store.inserter import Inserter
from fluoro.store.keys import MOST_NAMED, owner
from fluoro.store.passes import Passes
from fluoro.store.pool import Pool
from fluoro.store.storage import MinuteCount

_US_PER_MINUTE = 60_000_000
_MOMENT_S = "toUnixTimestamp(moment)"
_UNTAKEN = (
    f"{edge_table.OF_MINUTES} AND NOT arrayExists((a, b) -> {_MOMENT_S} >= a AND {_MOMENT_S} < b,"
    " {taken_first:Array(UInt32)}, {taken_last:Array(UInt32)})"
)
_MINUTES = f"{freshness.MOMENT} AND {_UNTAKEN}"


class Edges:
    """Graphs of one store."""

    def __init__(self, pool: Pool, inserter: Inserter, passes: Passes) -> None:
        self._pool = pool
        self._inserter = inserter
        self._passes = passes

    def graph(
        self,
        tenant: Tenant,
        start_us: int,
        end_us: int,
        trace_ids: Sequence[str] | None = None,
        ask: Ask = later,
    ) -> GraphRows:
        """See `Storage.graph`."""
        if trace_ids is not None:
            window = Window(tenant, start_us, end_us)
            return graph_of(self._of_traces(window, trace_ids, by_minute=False))
        return graph_of(self._counted(tenant, start_us, end_us, ask))

    def began_us(self, tenant: Tenant, start_us: int, end_us: int) -> int | None:
        """See `Storage.began_us`."""
        return began_us(self._pool, Window(tenant, start_us, end_us))

    def _of_traces(
        self, window: Window, trace_ids: Sequence[str], *, by_minute: bool
    ) -> list[Counted]:
        """What some traces have in a window, so many at a time that a query can name them."""
        found: list[Counted] = []
        for first in range(0, len(trace_ids), MOST_NAMED):
            some = trace_ids[first : first + MOST_NAMED]
            part = msgspec.structs.replace(window, trace_ids=some)
            found += count(self._pool, part, by_minute=by_minute)
        return found

    def time_series(
        self,
        tenant: Tenant,
        first: int,
        last: int,
        selector: Selector,
        trace_ids: Sequence[str] | None = None,
    ) -> list[MinuteCount]:
        """See `Storage.time_series`."""
        if trace_ids is not None:
            whole = Window(tenant, first * _US_PER_MINUTE, last * _US_PER_MINUTE)
            rows = self._of_traces(whole, trace_ids, by_minute=True)
            return _series(rows, _busy(rows), selector)
        stretch = Stretch(first, last)
        raw = [stretch]
        rows = []
        busy: set[int] = set()
        since_us = self._passes.since_us()
        if since_us is not None:
            stale = freshness.noted(self._pool, tenant, stretch)
            stale |= self._changed(tenant, stretch, since_us)
            raw = freshness.stretches(stale, stretch)
            condition, names = _of_selector(selector)
            parameters = {**self._minutes(tenant, stretch, raw), **names}
            rows = edge_table.read(self._pool, _MINUTES, parameters, only=condition, by_moment=True)
            busy.update(edge_table.busy_minutes(self._pool, _MINUTES, parameters))
        for each in raw:
            window = Window(tenant, each.first * _US_PER_MINUTE, each.last * _US_PER_MINUTE)
            counted = count(self._pool, window, by_minute=True)
            rows += counted
            busy |= _busy(counted)
        return _series(rows, busy, selector)

    def _counted(self, tenant: Tenant, start_us: int, end_us: int, ask: Ask) -> list[Counted]:
        """Rows of a window, those of its minutes and hours not added up."""
        since_us = self._passes.since_us()
        stretch = Stretch(-(-start_us // _US_PER_MINUTE), end_us // _US_PER_MINUTE)
        if since_us is None or stretch.first >= stretch.last:
            return count(self._pool, Window(tenant, start_us, end_us), by_minute=False)
        unnoted = ask(self._changed, tenant, stretch, since_us)
        closed, raw = runs.covering(self._pool, tenant, stretch, unnoted)
        found = list(edge_table.read_runs(self._pool, tenant, closed))
        for first_us, last_us in self._raw(start_us, end_us, stretch, raw):
            found += count(self._pool, Window(tenant, first_us, last_us), by_minute=False)
        return found

    def _changed(self, tenant: Tenant, stretch: Stretch, since_us: int) -> set[int]:
        """`freshness.changed`, which need not be asked where all that came was noted."""
        if self._passes.has_noted(self._inserter.newest_us, since_us):
            return set()
        return freshness.changed(self._pool, tenant, stretch, since_us)

    @staticmethod
    def _raw(
        start_us: int, end_us: int, stretch: Stretch, raw: Sequence[Stretch]
    ) -> list[tuple[int, int]]:
        """What is counted from `spans`, in microseconds: stale minutes, and the broken ends."""
        bounds = [
            (start_us, stretch.first * _US_PER_MINUTE),
            *((each.first * _US_PER_MINUTE, each.last * _US_PER_MINUTE) for each in raw),
            (stretch.last * _US_PER_MINUTE, end_us),
        ]
        joined: list[tuple[int, int]] = []
        for first_us, last_us in bounds:
            if first_us >= last_us:
                continue
            if joined and joined[-1][1] == first_us:
                joined[-1] = joined[-1][0], last_us
            else:
                joined.append((first_us, last_us))
        return joined

    @staticmethod
    def _minutes(tenant: Tenant, stretch: Stretch, without: Sequence[Stretch]) -> dict[str, Any]:
        """Parameters of `_MINUTES`."""
        return {
            **owner(tenant),
            **freshness.within(stretch),
            "taken_first": [each.first * MINUTE_S for each in without],
            "taken_last": [each.last * MINUTE_S for each in without],
        }


def _busy(rows: Iterable[Counted]) -> set[int]:
    """Minutes in which anything was counted."""
    return {row.minute for row in rows if is_counted(row.statistics)}


def _series(rows: Iterable[Counted], busy: set[int], selector: Selector) -> list[MinuteCount]:
    """What a selector means in each of the busy minutes, oldest first."""
    by_minute: dict[int, list[Counted]] = {minute: [] for minute in sorted(busy)}
    for row in rows:
        if row.minute in by_minute:
            by_minute[row.minute].append(row)
    found = []
    for minute, of_minute in by_minute.items():
        statistics = chosen(graph_of(of_minute), selector)
        found.append(MinuteCount(minute, statistics if is_counted(statistics) else None))
    return found


def _of_selector(selector: Selector) -> tuple[str, dict[str, str]]:
    """Condition that keeps the rows which a selector may mean, and its parameters."""
    match selector:
        case ServiceTest(Entity(name=str(name))):
            return (
                "source_name = {source:String} OR target_name = {source:String}",
                {"source": name},
            )
        case EdgeTest(Entity(name=str(name))):
            return "source_name = {source:String}", {"source": name}
        case None:
            return f"kind = '{SEGMENTS}' AND is_root", {}
        case _:
            return "1", {}
