from fluoro.graph.edges import observe
from fluoro.server.console.service_map import map_edges, map_nodes
from made import call, segment


def test_edges_never_end_in_nothing():
    """A node whose own spans lie outside the window is there for its edge, without counts."""
    spans = [segment(1, end=9000), call(2, 1, end=500), segment(3, 2, name="api", end=8000)]
    rows = observe([spans], 0, 1_000_000, exact=False)
    nodes = {node.id: node for node in map_nodes(rows)}
    assert {(edge.source, edge.target) for edge in map_edges(rows)} == {("web||", "api||")}
    assert nodes.keys() == {"web||", "api||"}
    assert all(node.counts.ok == 0 and node.counts.p50_us is None for node in nodes.values())


def test_histograms_ascend():
    """Pairs of upper bound and count, the sum of counts is the number of requests."""
    spans = [call(n, 9, start=0, end=n * n) for n in range(1, 6)]
    rows = observe([[segment(9, end=500), *spans]], 0, 10_000_000, exact=False)
    edge = next(edge for edge in map_edges(rows) if edge.source == "web||")
    bounds = [bound for bound, _ in edge.counts.histogram]
    assert bounds == sorted(bounds)
    assert sum(count for _, count in edge.counts.histogram) == edge.counts.ok == 5
    assert edge.counts.p50_us < edge.counts.p95_us <= edge.counts.p99_us
