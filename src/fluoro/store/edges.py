"""The service graph of a window in SQL, from `spans`; `graph.edges.observe` says what it means.

Rows are chosen by their end, and what they are joined with is looked for around the window. A row
that ended in the window is found however long ago it began. Traces with subsegments that came
without their segment are rare and need a walk along `parent_id`: their rows are read and counted by
`observe`, everything else never leaves the engine.

Two things are not seen, both for the price of a search through all data: a caller or callee that
began more than an hour away from the window and did not end in it, and that a span was resent with
another start, so that it lies in two buckets and counts twice.
"""

import itertools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from fluoro.graph.edges import observe
from fluoro.graph.histogram import STEPS_PER_DOUBLING, merge
from fluoro.graph.nodes import kind_of
from fluoro.graph.rows import EdgeRow, GraphRows, Node, NodeRow, Statistics
from fluoro.model import outcome
from fluoro.model.span import Span
from fluoro.model.tenant import Tenant
from fluoro.store.keys import OWNER, TRACES, buckets, hex_id, owner, traces
from fluoro.store.pool import Pool, Row

_AROUND_US = 3600 * 1_000_000
"""How far around the window a caller or callee is looked for."""

_TRACES_AT_ONCE = 2000
_DAY_US = 86_400 * 1_000_000
_LAST_DAY = 65_535
"""Latest day of a Date."""

_TROUBLE = outcome.ERROR | outcome.FAULT | outcome.THROTTLE
_FINISHED = f"bitAnd(flags, {outcome.IN_PROGRESS}) = 0"
_ENDED = f"{_FINISHED} AND end_us >= {{start:Int64}} AND end_us < {{end:Int64}}"
_BEGAN = f"NOT ({_FINISHED}) AND start_us >= {{start:Int64}} AND start_us < {{end:Int64}}"
_IS_CALL = "NOT is_segment AND namespace IN ('aws', 'remote')"
_OWN_NODE = "service, service_type, service_account"
_NODE = "node_name, node_type, node_account"
_COLUMNS = (
    "trace_id, id, parent_id, document_id, is_segment, start_us, dur_us, end_us, flags,"
    f" name, namespace, {_OWN_NODE}, {_NODE}"
)


_WALKED = (
    f"lower(hex(trace_id)), {hex_id('id')}, {hex_id('parent_id')}, is_segment, start_us,"
    f" if({_FINISHED}, end_us, 0), flags, name, namespace, {_NODE}"
)
"""What `graph.edges.observe` asks of a span."""


def _histogram(us: str, condition: str) -> str:
    bucket = f"toInt16(floor({STEPS_PER_DOUBLING} * log2(greatest({us}, 1))))"
    return f"sumMapIf(map({bucket}, toUInt64(1)), {condition})"


def _statistics(condition: str = "1") -> str:
    """Counts by `model.outcome.bucket`, summed time, histogram, first start, last end."""
    throttle, fault, error = outcome.THROTTLE, outcome.FAULT, outcome.ERROR
    by_outcome = (
        f"bitAnd(flags, {_TROUBLE}) = 0",
        f"bitAnd(flags, {_TROUBLE}) = {error}",
        f"bitAnd(flags, {throttle}) != 0",
        f"bitAnd(flags, {throttle | fault}) = {fault}",
    )
    counts = ", ".join(f"countIf({condition} AND {is_it})" for is_it in by_outcome)
    return (
        f"{counts}, sumIf(dur_us, {condition}), {_histogram('dur_us', condition)},"
        " min(start_us), max(end_us)"
    )


class Edges:
    """Graphs of one store."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def graph(
        self, tenant: Tenant, start_us: int, end_us: int, trace_ids: Sequence[str] | None
    ) -> GraphRows:
        """See `Storage.graph`."""
        around, range_values = buckets(start_us - _AROUND_US, end_us + _AROUND_US)
        values = {**owner(tenant), **range_values, "start": start_us, "end": end_us}
        values["since"] = min(max(start_us // _DAY_US - 1, 0), _LAST_DAY)
        chosen = OWNER
        if trace_ids is not None:
            chosen += f" AND {TRACES}"
            values |= traces(trace_ids)
        scattered = self._scattered(_rows(chosen, around), values)
        whole = self._whole(_rows(f"{OWNER} AND {TRACES}", around), dict(values), scattered)
        if scattered:
            chosen += f" AND NOT {TRACES.replace('{traces:', '{scattered:')}"
            values["scattered"] = scattered
        walked = observe(whole, start_us, end_us, exact=False)
        return merged([self._counted(_rows(chosen, around), values), walked])

    def _scattered(self, rows: str, values: dict[str, Any]) -> list[str]:
        """Traces that count in the window and hold rows without a service, as hex digits."""
        found = self._pool.query(
            f"WITH {rows} SELECT DISTINCT lower(hex(trace_id)) FROM rows WHERE service = ''"
            f" AND trace_id IN (SELECT trace_id FROM rows WHERE ({_ENDED}) OR ({_BEGAN}))",
            values,
        )
        return [row[0] for row in found]

    def _whole(
        self, rows: str, values: dict[str, Any], digits: Sequence[str]
    ) -> Iterator[list[Span]]:
        """Each trace as far as its edges need it, some traces at a time."""
        for first in range(0, len(digits), _TRACES_AT_ONCE):
            found = self._pool.query(
                f"WITH {rows} SELECT {_WALKED} FROM rows ORDER BY trace_id",
                values | {"traces": digits[first : first + _TRACES_AT_ONCE]},
            )
            for _, trace in itertools.groupby(found, key=operator.itemgetter(0)):
                yield [_walked(row) for row in trace]

    def _counted(self, rows: str, values: dict[str, Any]) -> GraphRows:
        nodes: list[NodeRow] = []
        edges: list[EdgeRow] = []
        for row in self._pool.query(_segments(rows), values):
            nodes.append(_service(row))
            if nodes[-1].is_root and nodes[-1].statistics.histogram:
                edges.append(_client(row, nodes[-1]))
        for row in self._pool.query(_calls(rows), values):
            edges.append(_edge(row))
            if not row[0]:
                nodes.append(_inferred(edges[-1]))
        edges += [_edge(row) for row in self._pool.query(_nested_callees(rows), values)]
        return GraphRows(tuple(nodes), tuple(edges), is_exact=False)


def _rows(chosen: str, around: str) -> str:
    """Rows of the time around the window, and older ones that ended in it.

    Nothing is received a day before it ends, which spares the second part most of the data; the
    index `ends` spares it the rest.
    """
    return f"""rows AS (
SELECT {_COLUMNS} FROM spans FINAL WHERE {chosen} AND {around}
UNION ALL
SELECT {_COLUMNS} FROM spans FINAL WHERE {chosen} AND bucket < toDateTime({{first:UInt32}}, 'UTC')
    AND received >= toDate({{since:UInt16}}) AND {_ENDED})"""


def _segments(rows: str) -> str:
    """Statistics of each service node, its root segments apart."""
    lasts = (
        "SELECT trace_id, document_id, max(end_us) AS last_us FROM rows"
        f" WHERE {_FINISHED} GROUP BY ALL"
    )
    return f"""
WITH {rows}
SELECT {_NODE}, parent_id = 0 AS is_root, {_statistics(_FINISHED)},
    {_histogram("greatest(last_us, end_us) - start_us", _FINISHED)},
    minIf(start_us, {_FINISHED}), maxIf(end_us, {_FINISHED})
FROM (SELECT * FROM rows WHERE is_segment AND (({_ENDED}) OR ({_BEGAN}))) AS segments
LEFT JOIN ({lasts}) AS lasts
    ON segments.trace_id = lasts.trace_id AND segments.id = lasts.document_id
GROUP BY {_NODE}, is_root"""


def _caller(row: str) -> str:
    """The node of the segment around a row: of the document of it that counts, if it is there.

    The row may be from another one, such as one sent while its segment was in progress.
    """
    pairs = zip(_OWN_NODE.split(", "), _NODE.split(", "), strict=True)
    return ", ".join(f"if(own.node_name = '', {row}.{mine}, own.{its})" for mine, its in pairs)


_OWN = f"SELECT trace_id, id, {_NODE} FROM rows WHERE is_segment"


def _calls(rows: str) -> str:
    """Statistics of each edge of calls, whether or not a segment answered."""
    answers = (
        f"SELECT DISTINCT trace_id, parent_id, {_NODE} FROM rows"
        " WHERE is_segment AND parent_id != 0"
    )
    target = ", ".join(
        f"if(is_answered, answers.{column}, calls.{column})" for column in _NODE.split(", ")
    )
    return f"""
WITH {rows}
SELECT answers.parent_id != 0 AS is_answered, {_caller("calls")}, {target}, {_statistics()},
    arraySort(groupUniqArrayIf(name, is_answered AND name != answers.node_name))
FROM (SELECT * FROM rows WHERE {_IS_CALL} AND {_ENDED}) AS calls
LEFT JOIN ({answers}) AS answers
    ON calls.trace_id = answers.trace_id AND calls.id = answers.parent_id
ANY LEFT JOIN ({_OWN}) AS own ON calls.trace_id = own.trace_id AND calls.document_id = own.id
GROUP BY ALL"""


def _nested_callees(rows: str) -> str:
    """Edges of segments whose parent is a segment or local work, with the callee's statistics."""
    callees = f"SELECT * FROM rows WHERE is_segment AND parent_id != 0 AND {_ENDED}"
    callers = f"SELECT trace_id, id, document_id, {_OWN_NODE} FROM rows WHERE NOT ({_IS_CALL})"
    node = ", ".join(f"callees.{column}" for column in _NODE.split(", "))
    return f"""
WITH {rows}
SELECT 1 AS is_answered, {_caller("callers")}, {node}, {_statistics()}, []
FROM ({callees}) AS callees
INNER JOIN ({callers}) AS callers
    ON callees.trace_id = callers.trace_id AND callees.parent_id = callers.id
ANY LEFT JOIN ({_OWN}) AS own ON callers.trace_id = own.trace_id AND callers.document_id = own.id
GROUP BY ALL"""


_NODE_FIELDS = 3


def _read_statistics(row: Row) -> Statistics:
    return Statistics(row[0], row[1], row[2], row[3], row[4], dict(row[5]))


def _service(row: Row) -> NodeRow:
    return NodeRow(
        node=Node(*row[:_NODE_FIELDS]),
        kind="service",
        is_root=bool(row[_NODE_FIELDS]),
        statistics=_read_statistics(row[4:]),
        durations=dict(row[12]),
        first_us=row[10],
        last_us=row[11],
    )


def _client(row: Row, root: NodeRow) -> EdgeRow:
    """The client's edge to a root service, of its finished segments alone."""
    return EdgeRow(
        source=root.node,
        is_client=True,
        target=root.node,
        aliases=(),
        statistics=root.statistics,
        first_us=row[13],
        last_us=row[14],
    )


def _walked(row: Row) -> Span:
    trace_id, id_, parent_id, is_segment, start_us, end_us, flags, name, namespace, *node = row
    return Span(
        trace_id=trace_id,
        id=id_,
        parent_id=parent_id,
        document_id="",
        is_segment=is_segment,
        start_us=start_us,
        end_us=end_us,
        flags=flags,
        status=0,
        service="",
        name=name,
        namespace=namespace,
        origin="",
        node_name=node[0],
        node_type=node[1],
        node_account=node[2],
    )


def _edge(row: Row) -> EdgeRow:
    return EdgeRow(
        source=Node(*row[1:4]),
        is_client=False,
        target=Node(*row[4:7]),
        aliases=tuple(row[15]),
        statistics=_read_statistics(row[7:]),
        first_us=row[13],
        last_us=row[14],
    )


def _inferred(edge: EdgeRow) -> NodeRow:
    """The node that unanswered calls make, counted by those calls."""
    return NodeRow(
        node=edge.target,
        kind=kind_of(edge.target),
        is_root=False,
        statistics=edge.statistics,
        durations=edge.statistics.histogram,
        first_us=edge.first_us,
        last_us=edge.last_us,
    )


def merged(parts: Iterable[GraphRows]) -> GraphRows:
    """Several graphs of disjoint spans as one."""
    nodes: dict[Node, NodeRow] = {}
    edges: dict[tuple[Node, bool, Node], EdgeRow] = {}
    for part in parts:
        for node in part.nodes:
            known = nodes.get(node.node)
            nodes[node.node] = node if known is None else _both_nodes(known, node)
        for edge in part.edges:
            key = (edge.source, edge.is_client, edge.target)
            edges[key] = edge if key not in edges else _both_edges(edges[key], edge)
    return GraphRows(
        tuple(nodes[node] for node in sorted(nodes)),
        tuple(edges[key] for key in sorted(edges)),
        is_exact=False,
    )


def _both_nodes(left: NodeRow, right: NodeRow) -> NodeRow:
    is_service = "service" in {left.kind, right.kind}
    return msgspec.structs.replace(
        left,
        kind="service" if is_service else left.kind,
        is_root=left.is_root or right.is_root,
        statistics=_both(left.statistics, right.statistics),
        durations=merge((left.durations, right.durations)),
        first_us=min(left.first_us, right.first_us),
        last_us=max(left.last_us, right.last_us),
    )


def _both_edges(left: EdgeRow, right: EdgeRow) -> EdgeRow:
    return msgspec.structs.replace(
        left,
        aliases=tuple(sorted({*left.aliases, *right.aliases})),
        statistics=_both(left.statistics, right.statistics),
        first_us=min(left.first_us, right.first_us),
        last_us=max(left.last_us, right.last_us),
    )


def _both(left: Statistics, right: Statistics) -> Statistics:
    return Statistics(
        left.ok + right.ok,
        left.error + right.error,
        left.throttle + right.throttle,
        left.fault + right.fault,
        left.total_us + right.total_us,
        merge((left.histogram, right.histogram)),
    )
