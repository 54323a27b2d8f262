from itertools import permutations

import pytest

from fluoro.graph.edges import enclosing_segments, observe
from fluoro.graph.histogram import Histogram
from fluoro.graph.rows import Node
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from made import call, id_of, segment, span

ALWAYS = (0, 2**62)
WEB, API = Node("web", ""), Node("api", "")


def graph_of(*spans, window=ALWAYS, exact=True):
    return observe([spans], *window, exact=exact)


def edges_of(rows):
    """Edges without the client's, as names."""
    return {(edge.source.name, edge.target.name): edge for edge in rows.edges if not edge.is_client}


def node_named(rows, name):
    (row,) = (row for row in rows.nodes if row.node.name == name)
    return row


def test_a_root_segment_makes_its_node_and_a_client_edge():
    """Both count the segment itself."""
    rows = graph_of(segment(1, origin="AWS::EC2::Instance"))
    (node,), (edge,) = rows.nodes, rows.edges
    assert node.node == edge.source == edge.target == Node("web", "AWS::EC2::Instance")
    assert node.kind == "service"
    assert node.is_root
    assert edge.is_client
    assert node.statistics == edge.statistics
    assert (node.statistics.ok, node.statistics.total_us) == (1, 1_000_000)
    assert node.statistics.histogram == Histogram([1_000_000], [1])
    assert (node.first_us, node.last_us) == (0, 1_000_000)


def test_the_window_counts_in_buckets():
    """Exact durations are for the graph of one trace."""
    rows = graph_of(segment(1), exact=False)
    assert not rows.is_exact
    assert rows.nodes[0].statistics.histogram == rows.nodes[0].durations == Histogram([159], [1])


def test_a_call_with_an_answering_segment_is_an_edge_as_the_caller_saw_it():
    """The edge has the call's time and outcome, the node the segment's own; nothing is inferred."""
    rows = graph_of(
        segment(1),
        call(2, 1, name="api.internal", start=100, end=600),
        segment(3, 2, name="api", start=150, end=550, flags=FAULT),
    )
    assert [row.node.name for row in rows.nodes] == ["api", "web"]
    edge, node = edges_of(rows)["web", "api"], node_named(rows, "api")
    assert (edge.statistics.ok, edge.statistics.total_us) == (1, 500_000)
    assert (node.statistics.fault, node.statistics.total_us) == (1, 400_000)
    assert edge.aliases == ("api.internal",)
    assert not node.is_root


def test_a_call_by_the_services_own_name_needs_no_alias():
    """Aliases are other names only."""
    rows = graph_of(segment(1), call(2, 1, name="api"), segment(3, 2, name="api"))
    assert edges_of(rows)["web", "api"].aliases == ()


def test_a_call_that_nobody_answers_is_an_edge_to_an_inferred_node():
    """The call counts on both."""
    table = "AWS::DynamoDB::Table"
    rows = graph_of(segment(1), call(2, 1, name="DynamoDB", node="T", type_=table, flags=ERROR))
    edge, node = edges_of(rows)["web", "T"], node_named(rows, "T")
    assert node.node == Node("T", table)
    assert node.kind == "aws"
    assert node.statistics == edge.statistics
    assert node.durations == node.statistics.histogram
    assert node.statistics.error == 1
    assert edge.aliases == ()


def test_a_call_that_two_services_answer_is_two_edges():
    """One for each service, one for several segments of the same."""
    rows = graph_of(
        segment(1),
        call(2, 1),
        segment(3, 2, name="a"),
        segment(4, 2, name="b"),
        segment(5, 2, name="b"),
    )
    assert {pair: edge.statistics.ok for pair, edge in edges_of(rows).items()} == {
        ("web", "a"): 1,
        ("web", "b"): 1,
    }
    assert node_named(rows, "b").statistics.ok == 2


def test_the_caller_is_the_nearest_segment_however_deep_the_call():
    """Local subsegments, nested or sent alone, make no nodes."""
    rows = graph_of(segment(1), span(2, 1), span(3, 2), call(4, 3, name="db"))
    assert set(edges_of(rows)) == {("web", "db")}
    assert len(rows.nodes) == 2


@pytest.mark.parametrize("between", [(), (span(2, 1),)])
def test_a_segment_below_a_segment_or_local_work_is_an_edge_with_its_own_data(between):
    """No call was recorded, so the callee's times stand for it."""
    parent = between[0].id if between else id_of(1)
    callee = segment(3, int(parent, 16), name="api", start=100, end=300)
    rows = graph_of(segment(1), *between, callee)
    edge = edges_of(rows)["web", "api"]
    assert edge.statistics == node_named(rows, "api").statistics
    assert edge.statistics.total_us == 200_000


def test_a_service_that_calls_itself_has_an_edge_to_itself():
    """Self-edges are ordinary edges."""
    rows = graph_of(segment(1), call(2, 1, name="web"), segment(3, 2, name="web"))
    assert set(edges_of(rows)) == {("web", "web")}
    assert rows.nodes[0].statistics.ok == 2


def test_a_segment_whose_parent_never_came_stands_alone():
    """No edge, and it is no root."""
    rows = graph_of(segment(2, 99, name="api"))
    assert [row.node for row in rows.nodes] == [API]
    assert not rows.nodes[0].is_root
    assert rows.edges == ()


def test_a_segment_below_orphaned_work_stands_alone():
    """The parent is there, but no segment around it."""
    rows = graph_of(span(2, 99), segment(3, 2, name="api"))
    assert rows.edges == ()


def test_an_orphaned_call_makes_its_node_without_an_edge():
    """Nobody knows who called."""
    rows = graph_of(call(2, 99, name="db"))
    assert [row.node.name for row in rows.nodes] == ["db"]
    assert rows.edges == ()


def test_what_is_in_progress_is_not_counted():
    """Its node appears with zero counts; a call makes none."""
    rows = graph_of(segment(1, start=5, end=None), call(2, 1, end=None))
    (row,) = rows.nodes
    assert row.node == WEB
    assert row.is_root
    assert row.statistics.histogram == row.durations == Histogram()
    assert row.statistics.ok == 0
    assert (row.first_us, row.last_us) == (5000, 5000)
    assert rows.edges == ()


def test_a_call_in_progress_with_a_finished_callee_is_no_edge_yet():
    """The callee counts on its node alone."""
    rows = graph_of(segment(1, end=None), call(2, 1, end=None), segment(3, 2, name="api"))
    assert rows.edges == ()
    assert node_named(rows, "api").statistics.ok == 1


@pytest.mark.parametrize(
    ("end", "is_counted"), [(999, False), (1000, True), (1999, True), (2000, False)]
)
def test_the_end_decides_about_the_window(end, is_counted):
    """Ended in [start, end) counts, whenever it began."""
    rows = graph_of(segment(1, end=end), window=(1_000_000, 2_000_000))
    assert [row.statistics.ok for row in rows.nodes] == [1] * is_counted


@pytest.mark.parametrize("start", [999, 2000])
def test_in_progress_the_start_decides_about_the_window(start):
    """Outside of it the node does not appear."""
    rows = graph_of(segment(1, start=start, end=None), window=(1_000_000, 2_000_000))
    assert rows.nodes == ()


def test_callers_outside_the_window_are_still_found():
    """The call ended in the window, its segment later: the edge counts, the caller's node not."""
    rows = graph_of(
        segment(1, end=3000), call(2, 1, name="db", end=1500), window=(1_000_000, 2_000_000)
    )
    assert [row.node.name for row in rows.nodes] == ["db"]
    assert set(edges_of(rows)) == {("web", "db")}


@pytest.mark.parametrize(
    ("flags", "outcome"),
    [
        (0, "ok"),
        (ERROR, "error"),
        (FAULT, "fault"),
        (ERROR | FAULT, "fault"),
        (ERROR | THROTTLE, "throttle"),
        (FAULT | THROTTLE, "throttle"),
    ],
)
def test_a_span_is_counted_in_one_bucket(flags, outcome):
    """Throttle before fault before error."""
    statistics = graph_of(segment(1, flags=flags)).nodes[0].statistics
    counts = {name: getattr(statistics, name) for name in ("ok", "error", "throttle", "fault")}
    assert counts == {name: int(name == outcome) for name in counts}


def test_work_after_the_answer_is_in_the_duration_alone():
    """DurationHistogram runs to the last end inside the service, not in a called one."""
    rows = graph_of(
        segment(1, end=1000),
        span(2, 1, start=500, end=4000),
        call(3, 2, start=600, end=900),
        segment(4, 3, name="api", start=700, end=9000),
    )
    row = node_named(rows, "web")
    assert row.statistics.histogram == Histogram([1_000_000], [1])
    assert row.durations == Histogram([4_000_000], [1])


def test_traces_add_up():
    """Two traces with the same ids do not meet."""
    trace = [segment(1), call(2, 1, name="db")]
    rows = observe([trace, trace], *ALWAYS, exact=True)
    assert {row.statistics.ok for row in rows.nodes} == {2}
    assert {edge.statistics.histogram.by_key()[1_000_000] for edge in rows.edges} == {2}


def test_a_node_is_a_service_if_one_segment_says_so():
    """A called name and a service of the same name and type are one node."""
    rows = graph_of(segment(1, name="x", origin="remote"), call(2, 1, name="x"))
    (row,) = rows.nodes
    assert row.kind == "service"
    assert row.statistics.ok == 2


def test_circles_end():
    """Spans that are each other's parents have no segment around them, in any order."""
    for spans in permutations([span(2, 3), span(3, 4), call(4, 2), span(5, 4), span(6, 6)]):
        assert enclosing_segments(spans) == {}
        assert len(graph_of(*spans).nodes) == 1


def test_a_segment_in_a_circle_is_the_end_of_the_way():
    """Whatever a segment names as its parent, what is below it is in it."""
    around = enclosing_segments([segment(1, 3), span(2, 1), span(3, 2)])
    assert {id_: found.id for id_, found in around.items()} == {
        id_of(number): id_of(1) for number in (1, 2, 3)
    }


def test_a_long_chain_is_walked_once():
    """Twenty thousand orphans in a row, each below the next, the last one first."""
    chain = [span(number, number + 1) for number in range(1, 20_001)]
    assert enclosing_segments(chain) == {}
    assert len(enclosing_segments([*chain, segment(20_001)])) == 20_001
