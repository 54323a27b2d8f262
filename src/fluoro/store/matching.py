"""All traces of a range that a filter holds for, for what is counted over them.

A search gives places for pages; here nothing is sorted, most traces are decided in SQL, and Python
looks only at those that SQL cannot be sure of.
"""

from collections.abc import Iterator, Sequence

import msgspec

from fluoro.filters.evaluate import holds
from fluoro.filters.scopes import Window
from fluoro.filters.tree import Expression, needs_metadata
from fluoro.model.ids import trace_id_of_hex
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store.compile import Compiled, compile_filter
from fluoro.store.keys import OWNER, buckets, owner
from fluoro.store.places import LAST, NEAR_US, ROOTS, rows_of
from fluoro.store.pool import Pool
from fluoro.store.searches import Searches, around
from fluoro.store.storage import Search, Storage
from fluoro.traces.metadata import metadata_of
from fluoro.traces.trace import Trace

_STRETCH_US = 3600 * 1_000_000
_LOOKED_AT = 100
"""Traces whose spans are in memory at a time."""
_DOCUMENTS_OF = 50
"""Traces whose documents are in memory at a time, when a filter asks for metadata."""


def read_traces(
    storage: Storage,
    tenant: Tenant,
    trace_ids: Sequence[str],
    expression: Expression | None,
    since_us: int = 0,
) -> Iterator[Trace]:
    """Traces in the order of their ids; with their metadata when the expression asks for it.

    None of them began before `since_us`.
    """
    spans = storage.spans(tenant, trace_ids, since_us)
    there = [trace_id for trace_id in trace_ids if spans.get(trace_id)]
    if not needs_metadata(expression):
        for trace_id in there:
            yield Trace(spans[trace_id])
        return
    for first in range(0, len(there), _DOCUMENTS_OF):
        part = there[first : first + _DOCUMENTS_OF]
        documents = storage.documents(tenant, part)
        for trace_id in part:
            stored = [(each.id, each.document) for each in documents.get(trace_id, ())]
            yield Trace(spans[trace_id], metadata_of(spans[trace_id], stored))


class Matching:
    """Every match in one store; `storage` is what reads the traces that have to be looked at."""

    def __init__(self, pool: Pool, searches: Searches, storage: Storage) -> None:
        self._pool = pool
        self._searches = searches
        self._storage = storage

    def matching(self, tenant: Tenant, search: Search) -> Iterator[list[str]]:
        """See `Storage.matching`."""
        window = (search.start_us, search.end_us) if search.kind == "Service" else None
        compiled = compile_filter(search.expression, window)
        is_by_start = search.kind == "TraceId"
        walk = self._by_start if is_by_start else self._by_moment
        for found in walk(tenant, compiled, search):
            sure = [trace_id for trace_id, is_sure in found if is_sure]
            if sure:
                yield sure
            open_ = [trace_id for trace_id, is_sure in found if not is_sure]
            for first in range(0, len(open_), _LOOKED_AT):
                part = open_[first : first + _LOOKED_AT]
                yield self._looked_at(tenant, part, search.expression, window)

    def _looked_at(
        self,
        tenant: Tenant,
        trace_ids: Sequence[str],
        expression: Expression | None,
        window: Window | None,
    ) -> list[str]:
        return [
            trace.id
            for trace in read_traces(self._storage, tenant, trace_ids, expression)
            if expression is None or holds(expression, trace, window)
        ]

    def _by_start(
        self, tenant: Tenant, compiled: Compiled, search: Search
    ) -> Iterator[list[tuple[str, bool]]]:
        """Candidates of an hour at a time, from the newest, and whether each is surely one."""
        newest_us = self._searches.newest_us(tenant, search.start_us, search.end_us)
        end_us = None if newest_us is None else min(newest_us, search.end_us)
        while end_us is not None:
            start_us = max(end_us - _STRETCH_US + 1, search.start_us)
            stretch = msgspec.structs.replace(search, start_us=start_us, end_us=end_us)
            last_us = self._searches.last_us(tenant, stretch)
            where, values = buckets(start_us - NEAR_US, last_us)
            rows = self._pool.query(
                f"SELECT lower(hex(trace_id)), {compiled.sufficient} FROM spans FINAL"
                f" WHERE {OWNER} AND {where} GROUP BY trace_id"
                " HAVING min(start_us) BETWEEN {start:Int64} AND {end:Int64}"
                f" AND ({compiled.condition})",
                {
                    **compiled.parameters,
                    **owner(tenant),
                    **values,
                    **around(start_us - NEAR_US, last_us),
                    "start": start_us,
                    "end": end_us,
                },
            )
            yield [(trace_id_of_hex(digits), bool(is_sure)) for digits, is_sure in rows]
            if start_us <= search.start_us:
                return
            newest_us = self._searches.newest_us(tenant, search.start_us, start_us - 1)
            end_us = None if newest_us is None else min(newest_us, start_us - 1)

    def _by_moment(
        self, tenant: Tenant, compiled: Compiled, search: Search
    ) -> Iterator[list[tuple[str, bool]]]:
        """The same, by receipt or by the ends of segments, a page at a time."""
        while True:
            places = self._searches.search(tenant, search)
            trace_ids = [place.trace_id for place in places]
            sure = self._sure(tenant, compiled, trace_ids)
            yield [(trace_id, trace_id in sure) for trace_id in trace_ids]
            if len(places) < search.limit:
                return
            search = msgspec.structs.replace(search, after=places[-1])

    def _sure(self, tenant: Tenant, compiled: Compiled, trace_ids: Sequence[str]) -> set[str]:
        """Those of some traces that surely match, and have all rows near their documents."""
        if not trace_ids:
            return set()
        of_traces, values = rows_of(tenant, trace_ids, set())
        rows = self._pool.query(
            f"SELECT lower(hex(trace_id)) FROM spans FINAL WHERE {of_traces} GROUP BY trace_id"
            f" HAVING ({compiled.sufficient}) AND countIf({ROOTS} AND {LAST} - start_us > "
            "{near:Int64}) = 0",
            {
                **compiled.parameters,
                **values,
                **around(0, LAST_US),
                "near": NEAR_US,
            },
        )
        return {trace_id_of_hex(digits) for (digits,) in rows}
