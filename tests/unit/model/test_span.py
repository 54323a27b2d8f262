import pytest

from fluoro.model.outcome import IN_PROGRESS
from fluoro.model.span import Span


def span(*, is_segment=False, namespace="", flags=0, start_us=10, end_us=25):
    return Span(
        trace_id="1-6b02b7ef-d88b802111d95ce52dd34d81",
        id="1cba067e5b178dab",
        parent_id="",
        document_id="1cba067e5b178dab",
        is_segment=is_segment,
        start_us=start_us,
        end_us=end_us,
        flags=flags,
        status=0,
        service="shop",
        name="shop",
        namespace=namespace,
        origin="",
        node_name="",
        node_type="",
    )


@pytest.mark.parametrize(
    ("is_segment", "namespace", "is_call"),
    [
        (False, "aws", True),
        (False, "remote", True),
        (False, "local", False),
        (False, "", False),
        (True, "remote", False),
    ],
)
def test_a_call_is_a_subsegment_for_work_elsewhere(is_segment, namespace, is_call):
    """Any namespace but `aws` and `remote` is local work."""
    assert span(is_segment=is_segment, namespace=namespace).is_call is is_call


def test_a_finished_span_lasts_from_start_to_end():
    """In microseconds."""
    assert span().is_finished
    assert span().duration_us == 15


def test_an_open_span_has_no_duration_yet():
    """Its end is 0, which must not be taken for a time."""
    unfinished = span(flags=IN_PROGRESS, end_us=0)
    assert not unfinished.is_finished
    assert unfinished.duration_us == 0
