"""Questions to the tables: documents and spans of traces, searches, counts.

Only bound parameters carry values. Every WHERE begins with the tenant, the key's first columns.
"""

from collections.abc import Mapping, Sequence

from fluoro.model.ids import trace_id_hex, trace_id_of_hex
from fluoro.model.segment import RecordedException
from fluoro.model.span import Span
from fluoro.model.tenant import Tenant
from fluoro.store import semantics
from fluoro.store.compile import compile_filter
from fluoro.store.keys import OWNER, TRACES, buckets, hex_id, owner, traces
from fluoro.store.pool import Parameters, Pool, Row
from fluoro.store.resolve import with_services
from fluoro.store.storage import Position, Search, Stored

LONGEST_US = 15 * 60 * 1_000_000
"""How far a search looks around its range for further rows of a trace."""

_LONGEST_EVER_US = 24 * 3600 * 1_000_000
"""The same where a row of the range says that a trace took longer."""

_SPAN = f"""lower(hex(trace_id)), {hex_id("id")}, {hex_id("parent_id")}, {hex_id("document_id")},
    is_segment, start_us, if(bitAnd(flags, 8) = 0, start_us + dur_us, 0), flags, status,
    service, name, namespace, origin, node_name, node_type, node_account,
    method, url, client_ip, user_agent, user, operation,
    resource_arn, instance_id, availability_zone,
    arrayZip(`ann.key`, `ann.type`, `ann.text`, `ann.number`), receipt_us,
    arrayZip(arrayMap(x -> {hex_id("x")}, `exc.id`), `exc.type`, `exc.message`),
    {hex_id("cause_id")}, source"""
_ANNOTATIONS, _EXCEPTIONS = 25, 27
"""Places of annotations and exceptions among the columns above."""


class Reader:
    """Reads of one store."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def documents(self, tenant: Tenant, trace_ids: Sequence[str]) -> Mapping[str, list[Stored]]:
        """See `Storage.documents`."""
        rows = self._pool.query(
            f"SELECT lower(hex(trace_id)), {hex_id('id')}, document, receipt_us"
            f" FROM documents FINAL WHERE {OWNER} AND {TRACES} ORDER BY trace_id, receipt_us",
            {**owner(tenant), **traces(trace_ids)},
        )
        found: dict[str, list[Stored]] = {}
        for digits, id_, document, receipt_us in rows:
            stored = Stored(id_, document.encode(), receipt_us)
            found.setdefault(trace_id_of_hex(digits), []).append(stored)
        return found

    def spans(self, tenant: Tenant, trace_ids: Sequence[str]) -> Mapping[str, list[Span]]:
        """See `Storage.spans`.

        The newest version of each id is taken without FINAL: a span that was resent with another
        start lies in another bucket, where FINAL does not meet it.
        """
        rows = self._pool.query(
            f"SELECT {_SPAN} FROM spans WHERE {OWNER} AND {TRACES}"
            " ORDER BY ver DESC LIMIT 1 BY trace_id, id",
            {**owner(tenant), **traces(trace_ids)},
        )
        found: dict[str, list[Span]] = {}
        for row in rows:
            span = _span(row)
            found.setdefault(span.trace_id, []).append(span)
        return {
            trace_id: sorted(with_services(spans), key=lambda span: (span.start_us, span.id))
            for trace_id, spans in found.items()
        }

    def search(self, tenant: Tenant, search: Search) -> list[Position]:
        """See `Storage.search`.

        What a filter asks for may be in rows later than the range: those of traces that began in
        it are looked for as long as the longest row of the range took. A trace whose rows lie
        further apart than any of them took can be missed, and one that began more than
        `LONGEST_US` before the range may be there with a later start.
        """
        condition, values = compile_filter(search.expression)
        having = ["start BETWEEN {start:Int64} AND {end:Int64}", condition]
        if search.after is not None:
            having.append("(start, digits) < ({after_start:Int64}, {after_trace:String})")
            values["after_start"] = search.after.start_us
            values["after_trace"] = trace_id_hex(search.after.trace_id)
        last_us = search.end_us
        if search.expression is not None:
            last_us += self._longest_us(tenant, search.start_us, search.end_us)
        around, range_values = buckets(search.start_us - LONGEST_US, last_us)
        rows = self._pool.query(
            "SELECT min(start_us) AS start, lower(hex(trace_id)) AS digits FROM spans"
            f" WHERE {OWNER} AND {around} GROUP BY trace_id"
            f" HAVING {' AND '.join(f'({part})' for part in having)}"
            " ORDER BY start DESC, digits DESC LIMIT {limit:UInt32}",
            {
                **values,
                **owner(tenant),
                **range_values,
                "start": search.start_us,
                "end": search.end_us,
                "limit": search.limit,
            },
        )
        return [Position(start_us, trace_id_of_hex(digits)) for start_us, digits in rows]

    def _longest_us(self, tenant: Tenant, start_us: int, end_us: int) -> int:
        """How long the traces that began in a range may go on, going by the longest row."""
        within, values = buckets(start_us, end_us)
        rows = self._pool.query(
            f"SELECT max(dur_us) FROM spans WHERE {OWNER} AND {within}",
            {**owner(tenant), **values},
        )
        return min(max(int(rows[0][0]), LONGEST_US), _LONGEST_EVER_US)

    def count_traces(self, tenant: Tenant, start_us: int, end_us: int) -> int:
        """See `Storage.count_traces`."""
        around, range_values = buckets(start_us - LONGEST_US, end_us)
        rows = self._pool.query(
            f"SELECT count() FROM (SELECT min(start_us) AS start FROM spans WHERE {OWNER}"
            f" AND {around} GROUP BY trace_id"
            " HAVING start BETWEEN {start:Int64} AND {end:Int64})",
            {**owner(tenant), **range_values, "start": start_us, "end": end_us},
        )
        return int(rows[0][0])

    def latest_us(self, tenant: Tenant) -> int | None:
        """See `Storage.latest_us`."""
        newest = self._pool.query(
            f"SELECT toUnixTimestamp(bucket) FROM spans WHERE {OWNER} ORDER BY bucket DESC LIMIT 1",
            owner(tenant),
        )
        if not newest:
            return None
        first_us = newest[0][0] * 1_000_000 - LONGEST_US
        around, range_values = buckets(first_us, 2**62)
        parameters: Parameters = {**owner(tenant), **range_values}
        rows = self._pool.query(
            "SELECT max(start) FROM (SELECT min(start_us) AS start FROM spans"
            f" WHERE {OWNER} AND {around} GROUP BY trace_id)",
            parameters,
        )
        return int(rows[0][0])


def _span(row: Row) -> Span:
    fields = [*row]
    fields[0] = trace_id_of_hex(row[0])
    fields[_ANNOTATIONS] = {
        key: _annotation(kind, text, number) for key, kind, text, number in row[_ANNOTATIONS]
    }
    if row[_EXCEPTIONS]:
        fields[_EXCEPTIONS] = tuple(RecordedException(*each) for each in row[_EXCEPTIONS])
    else:
        fields[_EXCEPTIONS] = ()
    return Span(*fields)


def _annotation(kind: int, text: str, number: float) -> str | float | bool:
    if kind == semantics.TEXT:
        return text
    return number != 0 if kind == semantics.BOOLEAN else number
