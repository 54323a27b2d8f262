"""Laws of one trace, however broken: root causes, nodes."""

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fluoro.graph.nodes import CLIENT
from fluoro.graph.rows import Node
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.segment import RecordedException
from fluoro.traces.trace import Trace
from made import call, id_of, segment, span

SPANS = 8


@st.composite
def any_span(draw, number):
    """Span `number` of that name; any parent, any flags, an exception or the id of one.

    Segments and calls have one of two nodes.
    """
    make = draw(st.sampled_from((segment, call, call, span)))
    start = draw(st.integers(0, 10))
    length = draw(st.none() | st.integers(0, 10))
    recorded = draw(st.sampled_from(((), (), (RecordedException(f"e{number}", "T", "m"),))))
    named = [f"e{other}" for other in range(1, SPANS)] + [id_of(n) for n in range(1, SPANS)]
    made = make(
        number,
        draw(st.integers(0, number - 1) | st.integers(0, SPANS + 1)),
        name=f"n{number}",
        start=start,
        end=None if length is None else start + length,
        flags=draw(st.sampled_from((0, FAULT, FAULT, ERROR, THROTTLE | ERROR, FAULT | ERROR))),
        exceptions=recorded,
        cause_id=draw(st.sampled_from(["", "", "", *named])),
    )
    node = draw(st.sampled_from("ab")) if made.node_name else ""
    return msgspec.structs.replace(made, node_name=node)


@st.composite
def any_trace(draw):
    """One to eight spans, each with a name of its own."""
    return Trace([draw(any_span(number)) for number in range(1, draw(st.integers(1, SPANS)) + 1)])


def path_of(cause):
    """Names of the spans along the path; of a receiver that was inferred there is none."""
    return [
        entity.name
        for service in cause.services
        if not service.is_inferred
        for entity in service.entities
    ]


@given(any_trace())
def test_a_cause_is_a_connected_path_of_the_trace(trace):
    """Each span hangs below the one before it; a service begins where a segment stands."""
    causes = trace.root_causes
    by_name = {found.name: found for found in trace.spans}
    for cause in (*causes.fault, *causes.error, *causes.response_time):
        path = [by_name[name] for name in path_of(cause)]
        for above, below in pairwise(path):
            assert below.parent_id == above.id
        for service in cause.services:
            if service.is_inferred:
                assert service is cause.services[-1]
                (entity,) = service.entities
                assert by_name[entity.name].is_call
                assert not path or path[-1].name == entity.name
            else:
                kinds = [by_name[entity.name].is_segment for entity in service.entities]
                assert kinds == [True] + [False] * (len(kinds) - 1)


@given(any_trace())
def test_every_failure_is_explained_at_its_end(trace):
    """By an exception or a receiver that was inferred; it starts with the flag of its kind."""
    by_name = {found.name: found for found in trace.spans}
    for causes, bits in (
        (trace.root_causes.fault, FAULT),
        (trace.root_causes.error, ERROR | THROTTLE),
    ):
        for cause in causes:
            last = cause.services[-1]
            assert last.is_inferred or last.entities[-1].exceptions
            first = by_name[cause.services[0].entities[0].name]
            assert first.flags & bits
            assert cause.is_client_impacting == (first.is_segment and not first.parent_id)


@given(any_trace())
def test_no_span_is_on_two_paths_of_a_kind(trace):
    """So all paths together are no longer than the trace."""
    for causes in (trace.root_causes.fault, trace.root_causes.error):
        names = [name for cause in causes for name in path_of(cause)]
        assert len(names) == len(set(names))


@given(any_trace())
def test_time_is_lost_in_ever_smaller_parts_of_the_root(trace):
    """Each more than half of it: the path starts at the root, with all of it."""
    for cause in trace.root_causes.response_time:
        coverage = [entity.coverage for service in cause.services for entity in service.entities]
        assert coverage[0] == 1.0
        assert len(coverage) > 1
        assert all(0.5 <= part <= 1 for part in coverage)
        assert path_of(cause)[0] == trace.root.name


@given(any_trace(), st.randoms())
def test_causes_do_not_depend_on_the_order_of_spans(trace, chance):
    """They come from several documents in any order."""
    shuffled = chance.sample(trace.spans, len(trace.spans))
    assert Trace(shuffled).root_causes == trace.root_causes


@given(any_trace())
def test_the_nodes_are_those_of_the_graph(trace):
    """Each once, by its first start; the clients as well."""
    rows = trace.graph
    first = {row.node: row.first_us for row in rows.nodes} | {
        Node(edge.target.name, CLIENT, edge.target.account): edge.first_us
        for edge in rows.edges
        if edge.is_client
    }
    assert sorted(trace.nodes) == sorted(first)
    assert [first[node] for node in trace.nodes] == sorted(first.values())
