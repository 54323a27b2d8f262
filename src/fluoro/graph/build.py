"""The graph answer from its rows: reference ids, client nodes, states, aliases.

Source: spec of the service graph, sections 2, 4, 6 and 7.
"""

import bisect
from collections.abc import Iterator, Mapping, Sequence

from fluoro.graph.histogram import BUCKETS, Histogram, middle_us
from fluoro.graph.nodes import CLIENT
from fluoro.graph.rows import EdgeRow, GraphRows, Node, NodeRow, Statistics
from fluoro.model.times import to_seconds
from fluoro.wire import xray_api

_STATES = {"service": "active", "aws": "unknown", "remote": "passive", "sql": "unknown"}
_US_PER_S = 1_000_000
_SECONDS = [round(middle_us(bucket) / _US_PER_S, 3) for bucket in range(BUCKETS)]
"""What stands for each bucket in an answer."""
_APART = 1 + max(bucket for bucket in range(1, BUCKETS) if _SECONDS[bucket] == _SECONDS[bucket - 1])
"""From this bucket on each is shown as a value of its own."""


def build(rows: GraphRows, *, with_times: bool) -> list[xray_api.Service]:
    """Services of GetServiceGraph (with times) or GetTraceGraph (without).

    A client node for each root service comes first, then the nodes in the order of the rows;
    reference ids count from 0 and hold in this answer only. An edge to or from a node that has no
    row in the window (it ended outside) gives that node, without statistics.
    """
    nodes = {row.node: row for row in rows.nodes}
    outside: dict[Node, list[EdgeRow]] = {}
    for edge in rows.edges:
        for node in (edge.source, edge.target):
            if node not in nodes:
                outside.setdefault(node, []).append(edge)
    nodes |= {node: _empty(node, edges) for node, edges in outside.items()}
    clients = [edge for edge in rows.edges if edge.is_client]
    ids = {node: number for number, node in enumerate(nodes, start=len(clients))}
    leaving: dict[Node, list[EdgeRow]] = {}
    for edge in rows.edges:
        if not edge.is_client:
            leaving.setdefault(edge.source, []).append(edge)

    def edges_of(row: NodeRow) -> list[xray_api.Edge]:
        bounds = _bounds(row.first_us, row.last_us, with_times=with_times)
        return [_edge(edge, ids, rows, bounds) for edge in leaving.get(row.node, ())]

    return [
        _client(number, edge, ids, rows, with_times=with_times)
        for number, edge in enumerate(clients)
    ] + [
        _service(row, ids[row.node], edges_of(row), rows, with_times=with_times)
        for row in nodes.values()
    ]


def _empty(node: Node, edges: Sequence[EdgeRow]) -> NodeRow:
    """A node that is only an end of edges, which it lasts as long as."""
    return NodeRow(
        node=node,
        kind="service",
        is_root=False,
        statistics=Statistics(),
        durations=Histogram(),
        first_us=min(edge.first_us for edge in edges),
        last_us=max(edge.last_us for edge in edges),
    )


def _service(
    row: NodeRow, number: int, edges: list[xray_api.Edge], rows: GraphRows, *, with_times: bool
) -> xray_api.Service:
    start, end = _bounds(row.first_us, row.last_us, with_times=with_times)
    responses = histogram_of(row.statistics.histogram, is_exact=rows.is_exact)
    durations = (
        responses
        if row.durations is row.statistics.histogram
        else histogram_of(row.durations, is_exact=rows.is_exact)
    )
    return xray_api.Service(
        reference_id=number,
        name=row.node.name,
        names=[row.node.name],
        edges=edges,
        root=True if row.is_root else None,
        account_id=row.node.account or None,
        type=row.node.type or None,
        state=_STATES[row.kind],
        start_time=start,
        end_time=end,
        summary_statistics=statistics_of(row.statistics),
        duration_histogram=durations,
        response_time_histogram=responses,
    )


def _client(
    number: int, edge: EdgeRow, ids: Mapping[Node, int], rows: GraphRows, *, with_times: bool
) -> xray_api.Service:
    bounds = _bounds(edge.first_us, edge.last_us, with_times=with_times)
    return xray_api.Service(
        reference_id=number,
        name=edge.target.name,
        names=[edge.target.name],
        edges=[_edge(edge, ids, rows, bounds)],
        account_id=edge.target.account or None,
        type=CLIENT,
        state="unknown",
        start_time=bounds[0],
        end_time=bounds[1],
    )


def _edge(
    edge: EdgeRow,
    ids: Mapping[Node, int],
    rows: GraphRows,
    bounds: tuple[float | None, float | None],
) -> xray_api.Edge:
    return xray_api.Edge(
        reference_id=ids[edge.target],
        summary_statistics=statistics_of(edge.statistics),
        response_time_histogram=histogram_of(edge.statistics.histogram, is_exact=rows.is_exact),
        aliases=_aliases(edge.aliases),
        start_time=bounds[0],
        end_time=bounds[1],
    )


def _aliases(names: Sequence[str]) -> list[xray_api.Alias]:
    return [xray_api.Alias(name=name, names=[name], type="remote") for name in names]


def _bounds(first_us: int, last_us: int, *, with_times: bool) -> tuple[float | None, float | None]:
    """Whole seconds around what contributed; the graph of one trace has none."""
    if not with_times:
        return None, None
    return float(first_us // _US_PER_S), float(last_us // _US_PER_S + 1)


def statistics_of(statistics: Statistics) -> xray_api.SummaryStatistics:
    """Counts as the API gives them, the summed time to the millisecond."""
    error = xray_api.ErrorStatistics(
        throttle_count=statistics.throttle,
        other_count=statistics.error,
        total_count=statistics.throttle + statistics.error,
    )
    fault = xray_api.FaultStatistics(other_count=statistics.fault, total_count=statistics.fault)
    return xray_api.SummaryStatistics(
        ok_count=statistics.ok,
        error_statistics=error,
        fault_statistics=fault,
        total_count=statistics.count,
        total_response_time=round(to_seconds(statistics.total_us), 3),
    )


def histogram_of(histogram: Histogram, *, is_exact: bool) -> list[xray_api.HistogramEntry]:
    """Values in seconds to the millisecond, equal ones together, ascending."""
    keys, counts, entry = histogram.keys, histogram.counts, xray_api.HistogramEntry
    values: Iterator[float]
    if is_exact:
        apart = len(keys)
        values = iter([round(key / _US_PER_S, 3) for key in keys])
    else:
        apart = bisect.bisect_left(keys, _APART)
        values = map(_SECONDS.__getitem__, keys)
    found: list[xray_api.HistogramEntry] = []
    shown, together = 0.0, 0
    for count, value in zip(counts[:apart], values, strict=False):  # counts end first: none is lost
        if value != shown and together:
            found.append(entry(shown, together))
            together = 0
        shown = value
        together += count
    if together:
        found.append(entry(shown, together))
    found += map(entry, values, counts[apart:])
    return found
