"""What every Storage finds: order, pages, ranges and filters of searches."""

import json

import pytest

from fluoro.filters.parser import parse
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.times import LAST_US
from fluoro.store.storage import Position, Search
from store.building import (
    BASE_US,
    all_accepted,
    by_name,
    entity,
    found,
    insert,
    segment,
    trace_id,
)

ONE = trace_id(1)
S = 1_000_000
HOUR = 3600 * S


def test_a_search_finds_newest_first_by_start_then_id(storage, tenant):
    """Exactly, whatever the ids hold."""
    starts = {5: 10 * S, 2: 10 * S, 9: 400 * S, 1: 400 * S + 1, 7: 0}
    insert(storage, tenant, *(segment(n, 1, "web", start, start) for n, start in starts.items()))
    wanted = Search(0, LAST_US)
    assert storage.search(tenant, wanted) == [
        Position(BASE_US + starts[number], trace_id(number)) for number in (1, 9, 5, 2, 7)
    ]


def test_pages_of_a_search_join_without_gap_or_repetition(storage, tenant):
    """Each page begins after the last place of the one before; a short page is the last."""
    storage.insert(
        all_accepted(tenant, [segment(n, 1, "web", n // 3 * S, 60 * S) for n in range(1, 24)])
    )
    everything = storage.search(tenant, Search(0, LAST_US))
    pages, after = [], None
    while True:
        page = storage.search(tenant, Search(0, LAST_US, after=after, limit=5))
        pages += page
        if len(page) < 5:
            break
        after = page[-1]
    assert pages == everything
    assert len({position.trace_id for position in pages}) == 23


@pytest.mark.parametrize("text", ["annotation.rare = 1", "annotation.rare = 1 AND ok"])
def test_a_filter_that_names_thousands_of_traces(storage, tenant, text):
    """Just fewer rows than four pages have."""
    documents = [
        segment(number, 1, "web", number * 1000, number * 1000, annotations={"rare": 1})
        for number in range(3_900)
    ]
    storage.insert(all_accepted(tenant, documents))
    positions = storage.search(tenant, Search(0, LAST_US, parse(text)))
    newest = [trace_id(number) for number in range(3_899, 2_899, -1)]
    assert [position.trace_id for position in positions] == newest


def test_the_range_of_a_search_holds_both_ends(storage, tenant):
    """A trace belongs to it if it starts there, not if it only goes on in it."""
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 0, 600 * S),
        segment(2, 1, "web", 100 * S, 101 * S),
        segment(3, 1, "web", 200 * S, 201 * S),
        segment(4, 1, "web", 200 * S + 1, 201 * S),
    )
    window = {"start_us": BASE_US + 100 * S, "end_us": BASE_US + 200 * S}
    assert found(storage, tenant, **window) == [trace_id(3), trace_id(2)]
    assert storage.count_traces(tenant, **window) == 2


def test_a_trace_starts_where_its_first_span_does(storage, tenant):
    """Not where its root does, and in one bucket or another."""
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 320 * S, 330 * S),
        segment(1, 2, "early", 290 * S, 300 * S, parent_id=f"{1:016x}"),
    )
    (position,) = storage.search(tenant, Search(0, LAST_US))
    assert position.start_us == BASE_US + 290 * S
    late = {"start_us": BASE_US + 310 * S, "end_us": LAST_US}
    assert found(storage, tenant, **late) == []
    assert storage.count_traces(tenant, **late) == 0
    assert storage.latest_us(tenant) == BASE_US + 290 * S


@pytest.mark.parametrize("text", ["", 'service("web")', "annotation.tier = 1"])
def test_what_begins_before_its_segment_is_where_the_trace_starts(storage, tenant, text):
    """With a filter as without, at both ends of a range and between two pages."""
    early = entity(2, "init", 9 * S, 10 * S)
    shown = {"annotations": {"tier": 1}}
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 10 * S, 20 * S, subsegments=[early], **shown),
        segment(2, 1, "web", 9 * S + S // 2, 20 * S, **shown),
    )
    begin_us = BASE_US + 9 * S
    expression = parse(text)
    for start_us, end_us, wanted in (
        (0, begin_us, [ONE]),
        (begin_us + 1, LAST_US, [trace_id(2)]),
        (0, LAST_US, [trace_id(2), ONE]),
    ):
        bounds = {"start_us": start_us, "end_us": end_us}
        assert found(storage, tenant, **bounds, expression=expression) == wanted
    after = Position(begin_us + S // 2, trace_id(2))
    (place,) = storage.search(tenant, Search(0, LAST_US, expression, after))
    assert place == Position(begin_us, ONE)


@pytest.mark.parametrize("flag", ["ok", "error", "fault", "throttle"])
def test_outcome_words_find_roots_of_that_outcome(storage, tenant, flag):
    """At least; the caller asks again."""
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 0, S, **({} if flag == "ok" else {flag: True})),
        segment(1, 2, "orders", 0, S, parent_id=f"{1:016x}", fault=True, error=True),
    )
    assert ONE in found(storage, tenant, expression=parse(flag))


def test_a_status_sets_the_bits_that_its_flags_leave_out(storage, tenant):
    """Both count, whichever is there."""
    codes = {"a": 404, "b": 429, "c": 503, "d": 200, "e": "429"}
    insert(
        storage,
        tenant,
        segment(
            1,
            1,
            "web",
            0,
            S,
            subsegments=[
                entity(number, name, 0, S, http={"response": {"status": status}})
                for number, (name, status) in enumerate(codes.items(), start=2)
            ],
        ),
    )
    spans = by_name(storage, tenant, ONE)
    assert [spans[name].flags for name in codes] == [
        ERROR,
        ERROR | THROTTLE,
        FAULT,
        0,
        ERROR | THROTTLE,
    ]


@pytest.mark.parametrize(
    "name", ["it's", "a\\b", "{p0:String}", "%s", 'q"q', "ü😀", "--", "a\tb\n"]
)
def test_a_service_of_any_name_is_found(storage, tenant, name):
    """Values travel apart from the text of a query."""
    insert(storage, tenant, segment(1, 1, name, 0, S), segment(2, 1, "other", 0, S))
    assert ONE in found(storage, tenant, expression=parse(f"service({json.dumps(name)})"))
    assert by_name(storage, tenant, ONE)[name].service == name


def test_a_filter_reaches_rows_long_after_the_range(storage, tenant):
    """A trace that began in the range may match by what it did hours later."""
    late = entity(2, "warehouse", 5 * HOUR, 5 * HOUR + S, namespace="remote")
    insert(storage, tenant, segment(1, 1, "batch", 0, 6 * HOUR, subsegments=[late]))
    window = {"start_us": BASE_US, "end_us": BASE_US + 60 * S}
    assert found(storage, tenant, expression=parse('service("warehouse")'), **window) == [ONE]


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("field", ["duration", "responsetime"])
def test_a_number_of_the_trace_finds_the_exact_value(storage, tenant, field, operator):
    """At the bound itself, to the microsecond, with every operator that holds there."""
    insert(storage, tenant, segment(1, 1, "web", 0, 1_234_567))
    value = 1.234567
    holds = {"<": value + 1e-6, ">": value - 1e-6, "!=": value + 1e-6}.get(operator, value)
    expression = parse(f"{field} {operator} {holds}")
    assert found(storage, tenant, expression=expression) == [ONE]


@pytest.mark.parametrize("value", ['"1"', "true"])
def test_a_number_compared_with_something_else_is_no_error(storage, tenant, value):
    """It matches nothing, whatever the operator; the store may find more."""
    insert(storage, tenant, segment(1, 1, "web", 0, S))
    assert found(storage, tenant, expression=parse(f"duration = {value}")) in ([], [ONE])


def places(storage, tenant, **search):
    """Times and traces that a search finds, the times after `BASE_US`."""
    found_places = storage.search(tenant, Search(**search))
    return [(each.start_us - BASE_US, each.trace_id) for each in found_places]


def test_by_service_a_trace_is_where_its_last_segment_of_the_range_ended(storage, tenant):
    """However long ago it began; calls and what is unfinished do not count."""
    insert(
        storage,
        tenant,
        segment(1, 1, "batch", -50 * HOUR, 5 * S),
        segment(2, 1, "web", 0, 3 * S),
        segment(2, 2, "late", 4 * S, 20 * S, parent_id=f"{1:016x}"),
        segment(3, 1, "web", 0, None),
        segment(4, 1, "web", 0, 30 * S, subsegments=[entity(2, "x", 0, 5 * S, namespace="remote")]),
    )
    window = {"start_us": BASE_US + 3 * S, "end_us": BASE_US + 10 * S, "kind": "Service"}
    assert places(storage, tenant, **window) == [(5 * S, ONE), (3 * S, trace_id(2))]
    assert storage.count_traces(tenant, **window) == 2
    (first,) = storage.search(tenant, Search(**window, limit=1))
    assert places(storage, tenant, **window, after=first) == [(3 * S, trace_id(2))]


def test_by_service_a_filter_sees_the_whole_trace(storage, tenant):
    """But for `service()`, which means what ended in the range."""
    insert(
        storage,
        tenant,
        segment(1, 1, "batch", -5 * HOUR, 60 * S, user="alice"),
        segment(1, 2, "worker", 0, 5 * S, parent_id=f"{1:016x}"),
    )
    window = {"start_us": BASE_US, "end_us": BASE_US + 10 * S, "kind": "Service"}
    for text in ('user = "alice"', 'service("worker")', '!service("batch")', '!(user = "bob")'):
        assert found(storage, tenant, **window, expression=parse(text)) == [ONE], text


def test_by_event_a_trace_is_where_it_was_last_received(storage, tenant):
    """Whatever it states of itself; ranges with earlier receipts alone do not hold it."""
    insert(storage, tenant, segment(1, 1, "web", -100 * HOUR, S), segment(2, 1, "web", HOUR, HOUR))
    receipts = {
        number: storage.documents(tenant, [trace_id(number)])[trace_id(number)][0].receipt_us
        for number in (1, 2)
    }
    assert found(storage, tenant, kind="Event") == [trace_id(2), ONE]
    early = {"start_us": receipts[1], "end_us": receipts[1], "kind": "Event"}
    assert found(storage, tenant, **early) == [ONE]
    assert storage.count_traces(tenant, **early) == 1
    insert(storage, tenant, segment(1, 2, "late", 0, S, parent_id=f"{1:016x}"))
    assert found(storage, tenant, **early) == []
    assert found(storage, tenant, kind="Event") == [ONE, trace_id(2)]
    assert ONE in found(storage, tenant, kind="Event", expression=parse('service("late")'))


def test_a_trace_is_found_by_what_it_does_hours_after_its_start(storage, tenant):
    """Its rows are read, too, when they are hours apart."""
    insert(
        storage,
        tenant,
        segment(1, 1, "web", 0, S),
        segment(
            1,
            2,
            "queue",
            7 * HOUR,
            9 * HOUR,
            parent_id=f"{1:016x}",
            subsegments=[entity(3, "slow", 8 * HOUR, 9 * HOUR)],
        ),
    )
    assert {span.name for span in storage.spans(tenant, [ONE])[ONE]} == {"web", "queue", "slow"}


def test_pages_over_many_buckets_join(storage, tenant):
    """Newest first over hours with gaps, filtered and not."""
    starts = [number * number * 240 * S for number in range(1, 10)]
    storage.insert(
        all_accepted(
            tenant,
            [
                segment(n, 1, "web", start, start + S, user="alice" if n % 3 else "bob")
                for n, start in enumerate(starts, start=1)
            ],
        )
    )
    for text, expected in (
        ("", range(9, 0, -1)),
        ('user = "bob"', range(9, 0, -3)),
    ):
        expression = parse(text)
        joined, after = [], None
        while True:
            page = storage.search(tenant, Search(0, LAST_US, expression, after, limit=4))
            joined += [each.trace_id for each in page]
            if len(page) < 4:
                break
            after = page[-1]
        matching = [each for each in joined if each in {trace_id(n) for n in expected}]
        assert matching == [trace_id(number) for number in expected]
        assert len(set(joined)) == len(joined)


MATCHES = {
    "": (1, 2, 3),
    'edge("web", "orders")': (1,),
    '!edge("web", "orders")': (2, 3),
    '!service("orders")': (3,),
    'metadata.plan = "gold"': (2,),
    "duration > 5": (3,),
    "partial": (3,),
}


def test_every_match_of_a_range_is_told(storage, tenant):
    """Exactly, whether SQL is sure of a trace or Python has to look at it."""
    called = [entity(2, "orders.local", 0, S, namespace="remote")]
    storage.insert(
        all_accepted(
            tenant,
            [
                segment(1, 1, "web", 0, 4 * S, subsegments=called),
                segment(1, 3, "orders", 0, S, parent_id=f"{2:016x}", fault=True),
                segment(2, 1, "orders", S, 2 * S, metadata={"default": {"plan": "gold"}}),
                segment(3, 1, "web", HOUR, HOUR + 9 * S),
                segment(3, 4, "late", HOUR, HOUR + S, parent_id=f"{9:016x}"),
                segment(4, 1, "web", 5 * HOUR, 5 * HOUR),
            ],
        )
    )
    for text, expected in MATCHES.items():
        search = Search(BASE_US, BASE_US + 2 * HOUR, parse(text))
        told = [trace for some in storage.matching(tenant, search) for trace in some]
        assert sorted(told) == [trace_id(number) for number in expected], text
