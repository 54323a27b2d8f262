from fluoro.model.outcome import FAULT
from fluoro.server.console.skeleton import INFERRED, ORPHAN, skeleton
from fluoro.traces.trace import Trace
from made import call, id_of, segment, span


def columns(*spans):
    return skeleton(Trace(spans))


def shown(found):
    """Number of each span (0 for an inferred one), its parent's row, whether it is an orphan."""
    return [
        (0 if flags & INFERRED else int(id_, 16), parent, bool(flags & ORPHAN))
        for id_, parent, flags in zip(found.span_id, found.parent, found.flags, strict=True)
    ]


def test_depth_first_by_start():
    """Children under their parent, the earlier first, then by id."""
    found = columns(segment(1), span(4, 1, start=5), span(3, 1, start=5), span(2, 3, start=9))
    assert shown(found) == [(1, -1, False), (3, 0, False), (2, 1, False), (4, 0, False)]


def test_orphans_are_tops():
    """What names a parent that has not come is a top row with a mark, its children are not."""
    found = columns(segment(1), span(3, 9, start=1), span(4, 3, start=2))
    assert shown(found) == [(1, -1, False), (3, -1, True), (4, 1, False)]


def test_circles_are_broken():
    """Spans that hang on each other are all shown once, from the earliest on."""
    found = columns(segment(1), span(2, 3, start=1), span(3, 2, start=2), span(4, 4, start=3))
    assert shown(found) == [(1, -1, False), (2, -1, True), (3, 1, False), (4, -1, True)]


def test_an_unanswered_call_has_an_inferred_row():
    """It follows its call, with the call's times and outcome; nothing for one in progress."""
    found = columns(
        segment(1, start=1),
        call(2, 1, start=2, end=4, flags=FAULT, node="T", type_="AWS::DynamoDB::Table"),
        call(3, 1, start=5, end=None),
        call(4, 1, start=6, end=9),
        segment(5, 4, name="api", start=7, end=8),
    )
    assert [number for number, *_ in shown(found)] == [1, 2, 0, 3, 4, 5]
    assert (found.offset_us[2], found.span_us[2]) == (1000, 2000)
    assert found.flags[2] & FAULT
    assert found.span_us[3] == -1


def test_a_deep_trace():
    """Depth is no matter of recursion."""
    spans = [segment(1), *(span(n + 1, n) for n in range(1, 3000))]
    found = columns(*spans)
    assert found.depth[-1] == 2999
    assert found.span_id[-1] == id_of(3000)


def test_what_a_row_says():
    """The AWS call and its resource, the request's path, the statement on one line."""
    found = columns(
        segment(1, method="GET", url="http://web/a/b?c=d"),
        call(2, 1, name="S3", node="S3", type_="AWS::S3", operation="ListBuckets"),
        call(3, 1, name="db", start=1, operation="SELECT 1\n  FROM t"),
        call(4, 1, name="x", start=2, method="POST", url="http://[broken"),
    )
    rows = dict(zip(found.span_id, found.detail, strict=True))
    assert [rows[id_of(number)] for number in (1, 2, 3, 4)] == [
        "GET /a/b",
        "ListBuckets",
        "SELECT 1 FROM t",
        "POST http://[broken",
    ]
