"""Laws of the meaning of filter expressions."""

from hypothesis import given
from hypothesis import strategies as st

from expressions import comparisons, expressions
from fluoro.filters.evaluate import holds
from fluoro.filters.parser import parse
from fluoro.filters.scopes import Scopes
from fluoro.filters.tree import And, Entity, Field, Not, Or, ServiceTest, Test
from fluoro.graph.edges import observe
from fluoro.model.times import LAST_US
from fluoro.traces.trace import Trace
from property.test_graph import any_trace

NODES = st.sampled_from(("web", "api", "T")).map(lambda name: Entity(name, is_plain=True))
TREES = expressions(NODES | st.just(Entity()), groups=False)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)

ANY = any_trace().map(Trace)


@given(st.lists(TREES, min_size=2, max_size=4), ANY)
def test_operators_are_those_of_logic(terms, trace):
    """AND is all, OR is some, `!` is not; whatever is asked."""
    held = [holds(term, trace) for term in terms]
    assert holds(And(tuple(terms)), trace) is all(held)
    assert holds(Or(tuple(terms)), trace) is any(held)
    assert [holds(Not(term), trace) for term in terms] == [not each for each in held]


@given(comparisons("service"), comparisons("service"), ANY)
def test_braces_ask_for_one_entity(left, right, trace):
    """What fits both fits each; what fits either fits one of them."""
    both, either, first, second = (
        holds(ServiceTest(Entity(), body, 0), trace)
        for body in (And((left, right)), Or((left, right)), left, right)
    )
    assert both <= (first and second)
    assert either is (first or second)


@given(ANY)
def test_a_trace_with_a_root_is_ok_or_not(trace):
    """`ok` and the other three exclude each other; one of the four holds."""
    held = {word for word in ("ok", "error", "throttle", "fault") if holds(parse(word), trace)}
    assert (held == {"ok"}) or (bool(held) == (trace.root is not None) and "ok" not in held)


@given(NUMBERS, ANY, st.sampled_from(("duration", "responsetime")))
def test_one_of_three_comparisons_holds(value, trace, field):
    """Less, equal or more; none of them without a value."""
    held = [holds(Test(Field(field), way, (value,), 0), trace) for way in ("<", "=", ">")]
    has_value = field == "duration" or trace.response_us is not None
    assert sum(held) == has_value
    assert held[1] is not holds(Test(Field(field), "!=", (value,), 0), trace) or not has_value


@given(any_trace())
def test_services_and_edges_are_those_of_the_graph(spans):
    """The same nodes, and between the same of them the same edges."""
    scopes = Scopes(Trace(spans))
    rows = observe([spans], 0, LAST_US + 1, exact=True)
    assert {visit.node for visit in scopes.visits} == {row.node for row in rows.nodes}
    assert {
        (each.target if each.is_client else each.source, each.is_client, each.target)
        for each in scopes.crossings
    } == {(edge.source, edge.is_client, edge.target) for edge in rows.edges}


@given(any_trace(), st.integers(0, 60), st.integers(0, 60))
def test_a_window_is_that_of_the_graph(spans, start, length):
    """What was counted in it; the graph's end is not in it."""
    start_us, length_us = start * 1000, length * 1000
    scopes = Scopes(Trace(spans), (start_us, start_us + length_us))
    rows = observe([spans], start_us, start_us + length_us + 1, exact=True)
    assert {visit.node for visit in scopes.visits} == {
        row.node for row in rows.nodes if row.durations
    }
    assert {(each.is_client, each.target) for each in scopes.crossings} == {
        (edge.is_client, edge.target) for edge in rows.edges
    }


@given(any_trace())
def test_the_summarys_services_are_found(spans):
    """Each node of the trace by all its parts, the client by its type."""
    trace = Trace(spans)
    for node in trace.nodes:
        assert holds(ServiceTest(Entity(node.name, node.type, node.account), None, 0), trace)
