"""The service map from the rows of a graph: another encoding of GetServiceGraph."""

from collections.abc import Sequence

from fluoro.graph.histogram import upper_us
from fluoro.graph.nodes import CLIENT
from fluoro.graph.rows import EdgeRow, GraphRows, Node, Statistics
from fluoro.wire.console_api import Counts, MapEdge, MapNode


def map_nodes(rows: GraphRows) -> list[MapNode]:
    """Client nodes first, then all others; also the ends of edges that have no row of their own."""
    nodes = {row.node: row for row in rows.nodes}
    clients = [edge for edge in rows.edges if edge.is_client]
    ends = dict.fromkeys(node for edge in rows.edges for node in (edge.source, edge.target))
    return [
        *(
            MapNode(_client_id(edge), edge.target.name, CLIENT, CLIENT, is_root=False, counts=None)
            for edge in clients
        ),
        *(
            MapNode(
                node_id(row.node),
                row.node.name,
                row.node.type,
                row.kind,
                is_root=row.is_root,
                counts=_counts(row.statistics),
            )
            for row in rows.nodes
        ),
        *(
            MapNode(
                node_id(node),
                node.name,
                node.type,
                "service",
                is_root=False,
                counts=_counts(Statistics()),
            )
            for node in ends
            if node not in nodes
        ),
    ]


def map_edges(rows: GraphRows) -> list[MapEdge]:
    """Every edge, as its caller saw it."""
    return [
        MapEdge(
            source=_client_id(edge) if edge.is_client else node_id(edge.source),
            target=node_id(edge.target),
            aliases=list(edge.aliases),
            counts=_counts(edge.statistics),
        )
        for edge in rows.edges
    ]


def node_id(node: Node) -> str:
    """The same in every answer."""
    return _spell(node.name, node.type, node.account)


def _client_id(edge: EdgeRow) -> str:
    return _spell(edge.target.name, CLIENT, edge.target.account)


def _spell(*parts: str) -> str:
    return "|".join(parts)


def _counts(statistics: Statistics) -> Counts:
    """Counts of a node or an edge, of a window or with `graph.histogram`'s buckets."""
    histogram = statistics.histogram
    p50_us, p95_us, p99_us = map(histogram.quantile_us, _SHARES)
    return Counts(
        ok=statistics.ok,
        error=statistics.error,
        throttle=statistics.throttle,
        fault=statistics.fault,
        total_us=statistics.total_us,
        histogram=list(zip(map(upper_us, histogram.keys), histogram.counts, strict=True)),
        p50_us=p50_us,
        p95_us=p95_us,
        p99_us=p99_us,
    )


_SHARES: Sequence[float] = (0.5, 0.95, 0.99)
