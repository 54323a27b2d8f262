from itertools import permutations

import pytest

from fluoro.graph.rows import Node
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.segment import RecordedException
from fluoro.traces.trace import Trace
from made import TRACE_ID, call, id_of, segment, span


def ids(spans):
    return [int(found.id, 16) for found in spans]


def test_a_trace_has_the_id_of_its_spans():
    """All spans of a trace have the same."""
    assert Trace([segment(1)]).id == TRACE_ID


def test_the_root_is_the_earliest_segment_without_a_parent():
    """Of equally early ones the one with the smaller id, in whatever order they come."""
    spans = [segment(3, start=5), segment(2, start=5), segment(1, start=9), segment(4, 9), span(5)]
    for order in permutations(spans):
        assert Trace(order).root.id == id_of(2)


def test_without_a_root_segment_there_is_no_answer():
    """No root, no response time, no outcome."""
    trace = Trace([segment(2, 1)])
    assert trace.root is None
    assert trace.response_us is None
    assert trace.outcome is None


def test_what_hangs_on_a_missing_parent_is_orphaned_with_all_below_it():
    """Whole subtrees, segments among them; a circle hangs on nothing."""
    trace = Trace(
        [
            segment(1),
            span(2, 1),
            segment(3, 2, name="api"),
            span(4, 99, start=1),
            span(5, 4, start=2),
            segment(6, 5, start=3, name="api"),
            span(7, 8, start=4),
            span(8, 7, start=5),
            span(9, 9, start=6),
        ]
    )
    assert ids(trace.attached) == [1, 2, 3]
    assert ids(trace.orphans) == [4, 5, 6, 7, 8, 9]
    assert trace.is_partial


def test_a_subsegment_without_a_parent_is_an_orphan():
    """Only segments are roots."""
    assert ids(Trace([segment(1), span(2, 0)]).orphans) == [2]


def test_children_are_in_order_of_start():
    """By start, then id; those of a parent that never came as well."""
    trace = Trace([segment(1), span(4, 1, start=5), span(3, 1, start=5), span(2, 1, start=9)])
    assert {parent: ids(below) for parent, below in trace.children.items()} == {id_of(1): [3, 4, 2]}


@pytest.mark.parametrize(
    ("spans", "start", "duration"),
    [
        ([segment(1, start=0, end=1000)], 0, 1000),
        ([segment(1, start=26, end=30), span(2, 1, start=27, end=34)], 26, 8),
        ([segment(1, start=26, end=None), segment(2, 1, start=23, end=28)], 23, 5),
        ([segment(1, start=5, end=None)], 5, 0),
        ([segment(1, start=5, end=7), span(2, 1, start=9, end=None)], 5, 4),
        ([segment(1, start=5, end=7), span(2, 99, start=1, end=99)], 5, 2),
        ([segment(2, 99, start=5, end=7), span(3, 98, start=1, end=9)], 1, 8),
        ([segment(1, start=0, end=9), span(2, 1, start=5, end=7)], 5, 2),
        ([segment(1, start=0, end=9)], 0, 9),
    ],
    ids=[
        "one segment",
        "work after the answer",
        "a callee before an unfinished root",
        "nothing finished",
        "unfinished work begins after the end",
        "orphans don't count",
        "orphans count when there is nothing else",
        "a start of 0 is no time",
        "a start of 0 counts when there is nothing else",
    ],
)
def test_a_trace_lasts_from_its_first_start_to_its_last_end(spans, start, duration):
    """Over what is attached; in progress only the start is known."""
    trace = Trace(spans)
    assert (trace.start_us, trace.duration_us) == (start * 1000, duration * 1000)


def test_the_response_time_is_the_roots():
    """Shorter than the duration when work goes on after the answer; None while it is running."""
    assert Trace([segment(1, end=2000), span(2, 1, end=7000)]).response_us == 2_000_000
    assert Trace([segment(1, end=None)]).response_us is None


@pytest.mark.parametrize(
    ("flags", "outcome"),
    [(0, "ok"), (ERROR, "error"), (FAULT, "fault"), (ERROR | THROTTLE, "throttle")],
)
def test_the_outcome_is_the_roots(flags, outcome):
    """What happens below it does not matter."""
    assert Trace([segment(1, flags=flags), span(2, 1, flags=FAULT)]).outcome == outcome


@pytest.mark.parametrize(
    ("spans", "is_partial"),
    [
        ([segment(1), span(2, 1)], False),
        ([segment(1, end=None)], True),
        ([segment(1), span(2, 1, end=None)], True),
        ([segment(1), span(2, 99)], True),
        ([segment(2, 99)], True),
    ],
)
def test_a_trace_is_partial_while_something_is_missing(spans, is_partial):
    """In progress, or below a parent that has not come."""
    assert Trace(spans).is_partial is is_partial


def test_faults_are_counted_over_all_spans():
    """Orphans too; errors are none."""
    spans = [segment(1, flags=FAULT), span(2, 1, flags=ERROR), span(3, 99, flags=FAULT | ERROR)]
    assert Trace(spans).faults == 2


def test_nodes_are_those_of_the_graph_by_first_start():
    """The client, services and inferred nodes, each once."""
    trace = Trace(
        [
            segment(1, origin="AWS::ECS::Container"),
            call(2, 1, start=1),
            segment(3, 2, name="api", start=2),
            call(4, 3, name="db", type_="Database::SQL", start=3),
            call(5, 3, name="db", type_="Database::SQL", start=4),
            call(6, 3, name="late", start=5, end=None),
        ]
    )
    assert trace.nodes == [
        Node("web", "client"),
        Node("web", "AWS::ECS::Container"),
        Node("api", ""),
        Node("db", "Database::SQL"),
    ]
    assert trace.graph.is_exact


def test_the_segment_around_a_span_is_found_over_documents():
    """A segment is its own; orphans have none."""
    trace = Trace([segment(1), span(2, 1), span(3, 2), span(4, 99)])
    assert {id_: around.id for id_, around in trace.segment_of.items()} == {
        id_of(number): id_of(1) for number in (1, 2, 3)
    }


def test_the_revision_is_the_number_of_receipts():
    """Spans of one document came together."""
    spans = [
        segment(1, receipt_us=7),
        span(2, 1, receipt_us=7),
        span(3, 1, receipt_us=9),
    ]
    assert Trace(spans).revision == 2


@pytest.mark.parametrize("cause_id", ["e" * 16, id_of(2)])
def test_the_recorder_of_an_exception_is_found_by_either_id(cause_id):
    """The exception's, or as Node writes it that of the span."""
    recorded = span(2, 1, exceptions=(RecordedException("e" * 16, "A", ""),))
    naming = segment(1, cause_id=cause_id)
    assert Trace([naming, recorded]).recorder_of(naming) is recorded


@pytest.mark.parametrize("cause_id", ["", "f" * 16])
def test_an_exception_that_has_not_come_has_no_recorder(cause_id):
    """Nor has what names none, though an exception has no id."""
    recorded = span(2, 1, exceptions=(RecordedException("", "A", ""),))
    naming = segment(1, cause_id=cause_id)
    assert Trace([naming, recorded]).recorder_of(naming) is None
