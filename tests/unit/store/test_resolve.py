from fluoro.store.resolve import with_services
from made import call, segment, span


def services(*spans):
    return {each.name: each.service for each in with_services(spans)}


def test_spans_that_know_their_service_are_left_alone():
    """Nearly all do."""
    spans = [segment(1, name="web"), call(2, 1, name="api", service="web")]
    assert with_services(spans) == spans


def test_the_nearest_segment_above_gives_its_name():
    """A segment in between is nearer than the root."""
    assert services(
        segment(1, name="web"),
        call(2, 1, name="api"),
        segment(3, 2, name="orders"),
        span(4, 3, name="below"),
        span(5, 4, name="lowest"),
    ) == {"web": "web", "api": "web", "orders": "orders", "below": "orders", "lowest": "orders"}


def test_orphans_keep_none():
    """With everything below them."""
    assert services(segment(1, name="web"), span(2, 9, name="lost"), span(3, 2, name="too")) == {
        "web": "web",
        "lost": "",
        "too": "",
    }
