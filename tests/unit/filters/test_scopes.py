import pytest

from fluoro.filters.scopes import Scopes
from fluoro.graph.nodes import CLIENT
from fluoro.graph.rows import Node
from fluoro.traces.trace import Trace
from made import call, id_of, segment, span

SPANS = [
    segment(1, end=1000),
    span(2, 1, end=900),
    call(3, 2, name="api.internal", end=800),
    segment(4, 3, name="api", start=100, end=700),
    call(5, 4, name="DynamoDB", node="T", type_="AWS::DynamoDB::Table", end=600),
    call(6, 4, name="unfinished", end=None),
    segment(7, 2, name="direct", end=500),
    call(8, 99, name="orphan", end=400),
]
"""web -> api -> T, web -> direct without a call, and a call that nobody knows the caller of."""


def crossings(*spans, window=None):
    return {
        (each.source.name, each.source.type, each.target.name, each.span.id)
        for each in Scopes(Trace(spans), window).crossings
    }


def test_visits_are_segments_and_unanswered_calls():
    """A call in progress has reached nothing yet; an orphaned one has."""
    visits = Scopes(Trace(SPANS)).visits
    assert {(visit.node.name, visit.is_inferred) for visit in visits} == {
        ("web", False),
        ("api", False),
        ("T", True),
        ("direct", False),
        ("orphan", True),
    }


def test_what_is_inside_of_a_segment_ends_at_the_next():
    """Of an inferred segment it is the call, which is inside of its caller as well."""
    inside = {
        visit.node.name: [each.id for each in visit.inside.spans]
        for visit in Scopes(Trace(SPANS)).visits
    }
    assert inside == {
        "web": [id_of(1), id_of(2), id_of(3)],
        "api": [id_of(5), id_of(6), id_of(4)],
        "T": [id_of(5)],
        "direct": [id_of(7)],
        "orphan": [id_of(8)],
    }


def test_crossings_are_the_edges_of_the_graph():
    """As the caller saw them, else as the segment did; the client's to the root."""
    assert crossings(*SPANS) == {
        ("web", CLIENT, "web", id_of(1)),
        ("web", "", "api", id_of(3)),
        ("api", "", "T", id_of(5)),
        ("web", "", "direct", id_of(7)),
    }


def test_a_call_that_several_segments_answer_is_a_crossing_to_each():
    """Retries do that."""
    answers = [segment(3, 2, name="a"), segment(4, 2, name="b")]
    assert {target for _, _, target, _ in crossings(segment(1), call(2, 1), *answers)} == {
        "web",
        "a",
        "b",
    }


def test_a_segment_below_an_unfinished_call_has_no_crossing_yet():
    """The call is one when it ends."""
    assert crossings(segment(1), call(2, 1, end=None), segment(3, 2, name="api")) == {
        ("web", CLIENT, "web", id_of(1))
    }


def test_the_ends_of_a_crossing_are_known():
    """All that is inside of both; a client has nothing, an inferred segment its call."""
    ends = {
        each.span.id: (
            [found.id for found in each.caller.spans] if each.caller else None,
            [found.id for found in each.callee.spans],
        )
        for each in Scopes(Trace(SPANS)).crossings
    }
    assert ends[id_of(1)] == (None, [id_of(1), id_of(2), id_of(3)])
    assert ends[id_of(3)] == ([id_of(1), id_of(2), id_of(3)], [id_of(5), id_of(6), id_of(4)])
    assert ends[id_of(5)] == ([id_of(5), id_of(6), id_of(4)], [id_of(5)])


@pytest.mark.parametrize(
    ("window", "visited", "crossed"),
    [
        ((600_000, 700_000), {"T", "api"}, {5}),
        ((600_001, 699_999), set(), set()),
        ((800_000, 1_000_000), {"web"}, {1, 3}),
        ((0, 10**9), {"web", "api", "T", "direct", "orphan"}, {1, 3, 5, 7}),
    ],
)
def test_a_window_leaves_what_ended_in_it(window, visited, crossed):
    """Both ends included; a call counts by its own end."""
    scopes = Scopes(Trace(SPANS), window)
    assert {visit.node.name for visit in scopes.visits} == visited
    assert {each.span.id for each in scopes.crossings} == {id_of(number) for number in crossed}


def test_in_a_window_nothing_is_in_progress():
    """It has not ended; without a window its node is there, and its client is not."""
    trace = Trace([segment(1, end=None)])
    assert [visit.node.name for visit in Scopes(trace).visits] == ["web"]
    assert Scopes(trace, (0, 10**9)).visits == []
    assert Scopes(trace).clients == []
    assert Scopes(Trace([segment(1)])).clients == [Node("web", CLIENT)]


@pytest.mark.parametrize(
    ("source", "members"),
    [('{"k8s.pod.name":"a"}', {"k8s.pod.name": "a"}), ("[]", {}), ('"a"', {}), ("5", {})],
)
def test_a_pod_is_an_object(source, members):
    """Whatever else a sender puts there says nothing."""
    assert Scopes(Trace([segment(1)])).pod(source) == members
