"""Searches: places of traces in newest-first order, and how many traces there are.

A range of starts is walked from its newest bucket in stretches that double until the page is full,
so that a page of the newest traces costs what it shows. A filter that names rows is asked for those
first; few of them name their traces, and many fill the page soon. Only bound parameters carry
values. Every WHERE begins with the tenant, the key's first columns.
"""

import bisect
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from fluoro.model.ids import trace_id_hex, trace_id_of_hex
from fluoro.model.outcome import IN_PROGRESS
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store import semantics
from fluoro.store.compile import Compiled, compile_filter
from fluoro.store.conditions import ALWAYS
from fluoro.store.keys import (
    MOST_NAMED,
    OWNER,
    TRACES,
    bucket_s,
    buckets,
    owner,
    received_since,
    traces,
)
from fluoro.store.places import LAST, LONGEST_US, NEAR_US, ROOTS, WILD, buckets_until, rows_of
from fluoro.store.pool import Pool
from fluoro.store.storage import Position, RangeType, Search

_PROBED = 4
"""Rows that are asked for, for each place of a page: when fewer come, they name few traces."""
_FEW = 1_000
"""Traces whose rows are looked up at a time."""
_MOST_TIMES, _MARGIN = 8, 1.25
"""How much longer than all before it a stretch may be, and than it would have to be."""

_ENDED = f"is_segment AND bitAnd(flags, {IN_PROGRESS}) = 0"
_MOMENTS: dict[RangeType, tuple[str, str]] = {
    "Event": ("max(receipt_us)", "receipt_us >= {start:Int64}"),
    "Service": (
        "max(start_us + dur_us)",
        _ENDED + " AND start_us + dur_us BETWEEN {start:Int64} AND {end:Int64}",
    ),
}
"""For the other types of range: a trace's time, and the rows that it is taken from."""

_COUNT = """
SELECT
    (SELECT uniqExact(trace_id) FROM spans WHERE {owner} AND {within})
    - (SELECT uniqExact(trace_id) FROM spans WHERE {owner} AND {within}
        AND bucket <= toDateTime({{begin:UInt32}}, 'UTC') AND start_us < {{start:Int64}})
    - (SELECT count() FROM (
        SELECT min(start_us) AS first_us FROM spans WHERE {owner} AND {within} AND trace_id IN (
            SELECT trace_id FROM spans WHERE {owner}
                AND bucket = toDateTime({{last:UInt32}}, 'UTC') AND start_us > {{end:Int64}})
        GROUP BY trace_id HAVING first_us > {{end:Int64}}))
"""


class Searches:
    """Searches in one store."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def search(self, tenant: Tenant, search: Search) -> list[Position]:
        """See `Storage.search`.

        By start, what a filter asks for may be in rows later than the range: up to the last end of
        what began in it, at least `NEAR_US`, at most a day after it. What a trace did after
        everything of the range had ended can be missed by the filter.
        """
        walk = self._by_start if search.kind == "TraceId" else self._by_moment
        found: list[Position] = []
        for places in walk(tenant, search):
            found += places
            if len(found) >= search.limit:
                break
        return found[: search.limit]

    def _by_start(self, tenant: Tenant, search: Search) -> Iterator[list[Position]]:
        """Places of one stretch after the other, from the newest.

        How far the next one goes back is estimated from what those before it gave.
        """
        compiled = compile_filter(search.expression)
        top_us = search.end_us if search.after is None else search.after.start_us
        top_us = end_us = min(top_us, search.end_us)
        first_us = end_us - semantics.BUCKET_US
        last_us: int | None = None
        if compiled.row:
            whole = msgspec.structs.replace(search, end_us=end_us)
            last_us = self.last_us(tenant, whole)
            rows = self._rows(tenant, compiled, whole, last_us)
            few = list(dict.fromkeys(trace_id for _, trace_id in rows))
            if len(rows) < _probed(search):
                is_all = compiled.is_row_all and not compiled.also
                yield self._among(tenant, compiled, search, few, is_all=is_all)
                return
            first_us = min(first_us, rows[-1][0] * 1_000_000)
        found = 0
        while True:
            first_us = max(bucket_s(first_us) * 1_000_000, search.start_us)
            stretch = msgspec.structs.replace(search, start_us=first_us, end_us=end_us)
            was_empty = True
            if last_us is None:
                has_filter = search.expression is not None
                last_us = self.last_us(tenant, stretch) if has_filter else end_us
            for places in self._in_stretch(tenant, compiled, stretch, last_us):
                found += len(places)
                was_empty = was_empty and not places
                yield places
            if first_us <= search.start_us:
                return
            end_us, last_us = first_us - 1, None
            if was_empty:
                newest_us = self.newest_us(tenant, search.start_us, end_us)
                if newest_us is None:
                    return
                top_us -= end_us - newest_us
                end_us = newest_us
            covered_us = max(top_us - end_us, semantics.BUCKET_US)
            needed = _MARGIN * (search.limit - found) / found if found else _MOST_TIMES
            first_us = end_us - round(covered_us * min(max(needed, 1), _MOST_TIMES))

    def newest_us(self, tenant: Tenant, start_us: int, end_us: int) -> int | None:
        """End of the newest bucket of a range that has rows."""
        within, values = buckets(start_us, end_us)
        rows = self._pool.query(
            f"SELECT toUnixTimestamp(bucket) FROM spans WHERE {OWNER} AND {within}"
            " ORDER BY bucket DESC LIMIT 1",
            {**owner(tenant), **values},
        )
        return rows[0][0] * 1_000_000 + semantics.BUCKET_US - 1 if rows else None

    def last_us(self, tenant: Tenant, search: Search) -> int:
        """Until when something may have happened in the traces that began in a range."""
        near_us = search.end_us + NEAR_US
        within, values = buckets(search.start_us, search.end_us)
        rows = self._pool.query(
            f"SELECT max(start_us + dur_us) FROM spans WHERE {OWNER} AND {within}"
            " AND start_us + dur_us > {near:Int64}",
            {**owner(tenant), **values, "near": near_us},
        )
        return min(max(int(rows[0][0]), near_us), search.end_us + LONGEST_US)

    def _rows(
        self, tenant: Tenant, compiled: Compiled, search: Search, last_us: int
    ) -> list[tuple[int, str]]:
        """Bucket and trace of the newest rows that the filter names."""
        within, values = buckets(search.start_us, last_us)
        rows = self._pool.query(
            f"SELECT toUnixTimestamp(bucket), lower(hex(trace_id)) FROM spans WHERE {OWNER}"
            f" AND {within} AND ({compiled.row}) ORDER BY bucket DESC LIMIT {{limit:UInt32}}",
            {
                **compiled.parameters,
                **owner(tenant),
                **values,
                "limit": _probed(search),
            },
        )
        return [(first_s, trace_id_of_hex(digits)) for first_s, digits in rows]

    def _among(
        self,
        tenant: Tenant,
        compiled: Compiled,
        search: Search,
        trace_ids: Sequence[str],
        *,
        is_all: bool,
    ) -> list[Position]:
        """Those of a few traces that are in the range and may match; `is_all`: each matches."""
        if is_all:
            compiled = msgspec.structs.replace(compiled, condition=ALWAYS)
        starts = self._that_hold(tenant, compiled, trace_ids)
        places = sorted(
            Position(start_us, trace_id)
            for trace_id, start_us in starts.items()
            if search.start_us <= start_us <= search.end_us
        )
        end = len(places) if search.after is None else bisect.bisect_left(places, search.after)
        return places[:end][::-1]

    def _in_stretch(
        self, tenant: Tenant, compiled: Compiled, search: Search, last_us: int
    ) -> Iterator[list[Position]]:
        """Places in a stretch of a range, page by page; rows until `last_us` may matter."""
        where, values = buckets(search.start_us, last_us)
        values |= around(search.start_us, last_us)
        if compiled.also:
            few = self._with_rows(tenant, compiled, where, values)
            if len(few) <= _FEW:
                yield self._among(tenant, compiled, search, few, is_all=compiled.is_row_all)
                return
        while True:
            places = self._places(tenant, compiled, search, where, values)
            yield self._not_older(tenant, places, search.start_us)
            if len(places) < search.limit:
                return
            search = msgspec.structs.replace(search, after=places[-1])

    def _with_rows(
        self, tenant: Tenant, compiled: Compiled, where: str, values: dict[str, Any]
    ) -> list[str]:
        """Traces with every row that the filter names, no more than can be told to be few."""
        within = f"SELECT trace_id FROM spans WHERE {OWNER} AND {where}"
        others = "".join(f" AND trace_id IN ({within} AND ({row}))" for row in compiled.also)
        rows = self._pool.query(
            f"SELECT DISTINCT lower(hex(trace_id)) FROM ({within} AND ({compiled.row}){others})"
            " LIMIT {limit:UInt32}",
            {**compiled.parameters, **owner(tenant), **values, "limit": _FEW + 1},
        )
        return [trace_id_of_hex(digits) for (digits,) in rows]

    def _places(
        self,
        tenant: Tenant,
        compiled: Compiled,
        search: Search,
        where: str,
        values: dict[str, Any],
    ) -> list[Position]:
        """Places of the traces that begin in a range, going by the rows of a condition."""
        final = " FINAL" if compiled.needs_final else ""
        having = ["start BETWEEN {start:Int64} AND {end:Int64}", compiled.condition]
        rows = self._pool.query(
            f"SELECT min(start_us) AS start, lower(hex(trace_id)) AS digits FROM spans{final}"
            f" WHERE {OWNER} AND {where} GROUP BY trace_id HAVING {_after(search, having)}"
            " ORDER BY start DESC, digits DESC LIMIT {limit:UInt32}",
            {**compiled.parameters, **owner(tenant), **values, **_bounds(search)},
        )
        return [Position(start_us, trace_id_of_hex(digits)) for start_us, digits in rows]

    def _not_older(
        self, tenant: Tenant, places: Sequence[Position], first_us: int
    ) -> list[Position]:
        """Without those that have a document, or shortly before a row, from before a time.

        A document that was received more than two days before that may be overlooked.
        """
        begin_us = bucket_s(first_us) * 1_000_000
        if not places or not begin_us:
            return list(places)
        before, values = buckets(begin_us - NEAR_US, begin_us - 1)
        received, days = received_since(begin_us - LONGEST_US)
        rows = self._pool.query(
            f"SELECT lower(hex(trace_id)) FROM documents WHERE {OWNER} AND {received} AND {TRACES}"
            " GROUP BY trace_id HAVING min(start_us) < {begin:Int64} UNION ALL"
            f" SELECT DISTINCT lower(hex(trace_id)) FROM spans WHERE {OWNER} AND {before}"
            f" AND {received} AND {TRACES}",
            {
                **owner(tenant),
                **values,
                **days,
                **traces([place.trace_id for place in places]),
                "begin": begin_us,
            },
        )
        older = {trace_id_of_hex(digits) for (digits,) in rows}
        return [place for place in places if place.trace_id not in older]

    def _by_moment(self, tenant: Tenant, search: Search) -> Iterator[list[Position]]:
        """Places by the last receipt, or by the ends of segments, some at a time."""
        window = (search.start_us, search.end_us) if search.kind == "Service" else None
        compiled = compile_filter(search.expression, window)
        size = search.limit if search.expression is None else max(search.limit, _FEW)
        search = msgspec.structs.replace(search, limit=size)
        while True:
            places = self._moments(tenant, search)
            if search.expression is None:
                yield places
            else:
                holding = self._that_hold(tenant, compiled, [each.trace_id for each in places])
                yield [place for place in places if place.trace_id in holding]
            if len(places) < size:
                return
            search = msgspec.structs.replace(search, after=places[-1])

    def _moments(self, tenant: Tenant, search: Search) -> list[Position]:
        time, rows_of_it = _MOMENTS[search.kind]
        having = [f"{time} BETWEEN {{start:Int64}} AND {{end:Int64}}"]
        rows = self._pool.query(
            f"SELECT toInt64({time}) AS start, lower(hex(trace_id)) AS digits FROM spans FINAL"
            f" WHERE {OWNER} AND {rows_of_it} GROUP BY trace_id HAVING {_after(search, having)}"
            " ORDER BY start DESC, digits DESC LIMIT {limit:UInt32}",
            {**owner(tenant), **_bounds(search)},
        )
        return [Position(us, trace_id_of_hex(digits)) for us, digits in rows]

    def _that_hold(
        self, tenant: Tenant, compiled: Compiled, trace_ids: Sequence[str]
    ) -> dict[str, int]:
        """Those of some traces that may match, with their starts."""
        found: dict[str, int] = {}
        for first in range(0, len(trace_ids), _FEW):
            rows = self._held(tenant, compiled, trace_ids[first : first + _FEW], set())
            longer = {trace_id: last_us for trace_id, _, last_us in rows if last_us}
            found |= {trace_id: us for trace_id, us, _ in rows if trace_id not in longer}
            if longer:
                further = {
                    each
                    for trace_id, us, last_us in rows
                    for each in (buckets_until(us, last_us) if last_us else ())
                }
                again = self._held(tenant, compiled, list(longer), further)
                found |= {trace_id: us for trace_id, us, _ in again}
        return found

    def _held(
        self, tenant: Tenant, compiled: Compiled, trace_ids: Sequence[str], further: set[int]
    ) -> list[tuple[str, int, int]]:
        """Trace, start, and the last time of what went on longer than was looked at, or 0."""
        final = " FINAL" if compiled.needs_final else ""
        is_open = "0" if further else "last_us > 0"
        of_traces, values = rows_of(tenant, trace_ids, further)
        rows = self._pool.query(
            "SELECT lower(hex(trace_id)),"
            f" coalesce(minOrNullIf(start_us, NOT ({WILD})), min(start_us)),"
            f" maxIf({LAST}, {ROOTS} AND {LAST} - start_us > {{near:Int64}})"
            f" AS last_us FROM spans{final} WHERE {of_traces} GROUP BY trace_id"
            f" HAVING ({compiled.condition}) OR {is_open}",
            {
                **compiled.parameters,
                **values,
                "near": NEAR_US,
                "around_start": 0,
                "around_end": LAST_US,
            },
        )
        return [(trace_id_of_hex(digits), us, last_us) for digits, us, last_us in rows]

    def count_traces(
        self, tenant: Tenant, start_us: int, end_us: int, kind: RangeType = "TraceId"
    ) -> int:
        """See `Storage.count_traces`.

        By start: all traces with rows until the end of the last bucket, less those with rows before
        the range and those with none until its end. Exact times are read of few rows.
        """
        values = {**owner(tenant), "start": start_us, "end": end_us}
        if kind != "TraceId":
            time, rows_of_it = _MOMENTS[kind]
            rows = self._pool.query(
                f"SELECT count() FROM (SELECT {time} AS time FROM spans FINAL WHERE {OWNER}"
                f" AND {rows_of_it} GROUP BY trace_id"
                " HAVING time BETWEEN {start:Int64} AND {end:Int64})",
                values,
            )
            return int(rows[0][0])
        within, own = buckets(start_us - NEAR_US, end_us)
        values |= own | {
            "begin": min(bucket_s(start_us), own["last"]),
        }
        rows = self._pool.query(_COUNT.format(owner=OWNER, within=within), values)
        return int(rows[0][0])


def _probed(search: Search) -> int:
    """Rows that are asked for before a walk, no more than can be named as traces."""
    return min(_PROBED * search.limit, MOST_NAMED)


def around(first_us: int, last_us: int) -> dict[str, int]:
    """What the rows that are looked at span, for the documents that a filter reads."""
    return {
        "around_start": bucket_s(first_us) * 1_000_000,
        "around_end": bucket_s(last_us) * 1_000_000 + semantics.BUCKET_US,
    }


def _bounds(search: Search) -> dict[str, Any]:
    values: dict[str, Any] = {
        "start": search.start_us,
        "end": search.end_us,
        "limit": search.limit,
    }
    if search.after is not None:
        values["after_start"] = search.after.start_us
        values["after_trace"] = trace_id_hex(search.after.trace_id)
    return values


def _after(search: Search, having: Sequence[str]) -> str:
    """All conditions, and that a trace comes after the place where the search goes on."""
    conditions = [f"({each})" for each in having]
    if search.after is not None:
        conditions.append("(start, digits) < ({after_start:Int64}, {after_trace:String})")
    return " AND ".join(conditions)
