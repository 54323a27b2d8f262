"""Laws of the graph on any trace, however broken: missing parents, circles, unfinished work."""

import math
from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from fluoro.graph.build import build
from fluoro.graph.edges import enclosing_segments, observe
from fluoro.graph.histogram import Histogram, bucket_of, lower_us, upper_us
from fluoro.model.outcome import OUTCOMES
from fluoro.model.times import LAST_US
from fluoro.traces.trace import Trace
from made import call, segment, span

WINDOW = (0, LAST_US + 1)
HISTOGRAMS = st.dictionaries(st.integers(0, 400), st.integers(1, 1000), max_size=8).map(
    Histogram.of
)


@st.composite
def any_span(draw, number):
    """Span `number`; its parent may be any of the trace, none, itself, or one that never came."""
    make = draw(st.sampled_from((segment, segment, call, span)))
    start = draw(st.integers(0, 50))
    length = draw(st.none() | st.integers(0, 50))
    fields = {}
    if make is not span:
        fields["name"] = draw(st.sampled_from(("web", "api", "db")))
    return make(
        number,
        draw(st.integers(0, 9)),
        start=start,
        end=None if length is None else start + length,
        flags=draw(st.integers(0, 7)),
        **fields,
    )


@st.composite
def any_trace(draw):
    """One to eight spans with ids 1 to 8."""
    return [draw(any_span(number)) for number in range(1, draw(st.integers(1, 8)) + 1)]


def total(statistics):
    return sum(getattr(statistics, outcome) for outcome in OUTCOMES)


@given(st.lists(any_trace(), max_size=3), st.randoms())
def test_the_graph_does_not_depend_on_order(traces, chance):
    """Of traces, or of spans in them."""
    shuffled = [chance.sample(spans, len(spans)) for spans in traces]
    chance.shuffle(shuffled)
    assert observe(shuffled, *WINDOW, exact=False) == observe(traces, *WINDOW, exact=False)


@given(any_trace())
def test_every_finished_segment_is_counted_once(spans):
    """And so is every finished call that nobody answers, on its node."""
    parents = {found.parent_id for found in spans if found.is_segment}
    counted = [
        found
        for found in spans
        if found.is_finished and (found.is_segment or (found.is_call and found.id not in parents))
    ]
    rows = observe([spans], *WINDOW, exact=True)
    assert sum(total(row.statistics) for row in rows.nodes) == len(counted)
    assert sum(row.statistics.total_us for row in rows.nodes) == sum(
        found.duration_us for found in counted
    )


@given(any_trace())
def test_histograms_hold_what_is_counted(spans):
    """Σ Count = TotalCount, for response times and durations, on nodes and edges."""
    for exact in (True, False):
        rows = observe([spans], *WINDOW, exact=exact)
        for row in (*rows.nodes, *rows.edges):
            assert sum(row.statistics.histogram.counts) == total(row.statistics)
        for row in rows.nodes:
            assert sum(row.durations.counts) == total(row.statistics)


@given(any_trace(), st.integers(0, 100))
def test_windows_that_touch_add_up(spans, cut):
    """What ended before the cut and what ended after it is everything."""
    cut_us = cut * 1000
    whole = observe([spans], *WINDOW, exact=False)
    parts = [
        observe([spans], 0, cut_us, exact=False),
        observe([spans], cut_us, LAST_US + 1, exact=False),
    ]
    counts = Counter()
    for part in parts:
        counts.update({row.node: total(row.statistics) for row in part.nodes})
    assert counts == {row.node: total(row.statistics) for row in whole.nodes}
    for row in whole.nodes:
        assert row.statistics.histogram == Histogram.total(
            other.statistics.histogram
            for part in parts
            for other in part.nodes
            if other.node == row.node
        )


@given(any_trace())
def test_a_client_edge_counts_each_finished_root(spans):
    """One count a root segment, and no other edge comes from a client."""
    rows = observe([spans], *WINDOW, exact=True)
    roots = [found for found in spans if found.is_segment and not found.parent_id]
    assert sum(total(edge.statistics) for edge in rows.edges if edge.is_client) == sum(
        found.is_finished for found in roots
    )
    assert {row.node.name for row in rows.nodes if row.is_root} == {found.name for found in roots}


@given(any_trace())
def test_the_way_to_the_segment_ends_there(spans):
    """A span is in the segment of its parent; a segment is in itself."""
    around = enclosing_segments(spans)
    for found in spans:
        if found.is_segment:
            assert around[found.id] is found
        else:
            assert around.get(found.id) is around.get(found.parent_id)


@given(any_trace())
def test_every_edge_of_the_answer_resolves(spans):
    """Reference ids are the services' places, and clients have one edge each."""
    services = build(observe([spans], 0, 60_000, exact=False), with_times=True)
    assert [service.reference_id for service in services] == list(range(len(services)))
    for service in services:
        assert all(edge.reference_id < len(services) for edge in service.edges)
        assert (service.summary_statistics is None) == (service.type == "client")
        assert service.type != "client" or len(service.edges) == 1
    assert msgspec.json.encode(services)


@given(any_trace())
def test_a_trace_is_attached_or_orphaned(spans):
    """Each span once, and its times enclose it when it is attached and nothing else when not."""
    trace = Trace(spans)
    found = sorted(each.id for each in (*trace.attached, *trace.orphans))
    assert found == sorted(each.id for each in spans)
    assert trace.duration_us >= (trace.response_us or 0) * bool(trace.root and trace.root.start_us)
    assert trace.is_partial == (bool(trace.orphans) or not all(each.is_finished for each in spans))


@given(st.lists(HISTOGRAMS, max_size=5), st.randoms())
def test_merging_has_no_order(histograms, chance):
    """Associative, commutative, and counts are kept."""
    total_of = Histogram.total
    whole = total_of(histograms)
    cut = chance.randint(0, len(histograms))
    assert total_of([total_of(histograms[cut:]), total_of(histograms[:cut])]) == whole
    assert whole.keys == sorted(set(whole.keys))
    assert sum(whole.counts) == sum(sum(each.counts) for each in histograms)


@given(st.integers(0, LAST_US), st.integers(0, LAST_US))
def test_buckets_keep_the_order(left, right):
    """A longer duration is never in an earlier bucket, and lies between its bounds."""
    low, high = sorted((left, right))
    assert bucket_of(low) <= bucket_of(high)
    assert lower_us(bucket_of(low)) <= max(low, 1) * (1 + 1e-12)
    assert max(low, 1) <= upper_us(bucket_of(low))


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=50), st.floats(0, 1))
def test_a_quantile_is_within_a_bucket_of_the_exact_one(durations, share):
    """9 % at most."""
    histogram = Histogram.tally(map(bucket_of, durations))
    exact = sorted(durations)[max(math.ceil(share * len(durations)) - 1, 0)]
    found = histogram.quantile_us(share)
    assert exact / 1.0906 <= found <= exact * 1.0906
