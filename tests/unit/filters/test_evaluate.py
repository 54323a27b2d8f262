import msgspec
import pytest

from fluoro.filters.evaluate import holds
from fluoro.filters.parser import parse
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.traces.trace import Trace
from made import call, segment, span

FLAGS = ("ok", "error", "throttle", "fault")


def matching(candidates, *spans):
    """Those of the expressions that hold."""
    trace = Trace(spans)
    return [text for text in candidates if holds(parse(text), trace)]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (0, ["ok"]),
        (ERROR, ["error"]),
        (FAULT, ["fault"]),
        (ERROR | THROTTLE, ["throttle"]),
        (THROTTLE, ["throttle"]),
        (ERROR | FAULT, ["error", "fault"]),
    ],
)
def test_outcome_words_are_the_roots(flags, words):
    """As the summary has them: a throttled root is no error; what is below does not matter."""
    assert matching(FLAGS, segment(1, flags=flags), span(2, 1, flags=FAULT | ERROR)) == words


def test_without_a_root_no_outcome_word_holds():
    """Nothing answered, not even ok."""
    assert matching(FLAGS, segment(2, 1)) == []


@pytest.mark.parametrize(
    ("operator", "holds_for"),
    [
        ("=", [2]),
        ("!=", [1, 3]),
        ("<", [3]),
        ("<=", [2, 3]),
        (">", [1]),
        (">=", [1, 2]),
    ],
)
def test_durations_are_compared_in_seconds(operator, holds_for):
    """The whole trace, with what went on after the answer."""
    texts = {f"duration {operator} {value}": value for value in (1, 2, 3)}
    found = matching(texts, segment(1, end=1000), span(2, 1, end=2000))
    assert [texts[text] for text in found] == holds_for


def test_the_response_time_is_the_roots():
    """Not the trace's duration."""
    texts = ["responsetime = 1", "responsetime = 2"]
    assert matching(texts, segment(1, end=1000), span(2, 1, end=2000)) == ["responsetime = 1"]


@pytest.mark.parametrize("spans", [[segment(1, end=None)], [segment(2, 1)]])
@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
def test_without_a_response_no_comparison_holds(spans, operator):
    """Not `!=` either: no value, no match."""
    assert matching([f"responsetime {operator} 0"], *spans) == []


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("value", ['"slow"', '"1"', "true", "slow"])
def test_a_value_of_another_type_matches_nothing(operator, value):
    """Accepted, as AWS does, and false."""
    assert matching([f"duration {operator} {value}"], segment(1)) == []


def test_microseconds_are_not_rounded_away():
    """The filter is finer than the milliseconds of the answer."""
    root = msgspec.structs.replace(segment(1), end_us=1_000_400)
    texts = ["duration > 1", "duration = 1.0004", "duration = 1"]
    assert matching(texts, root) == texts[:2]


def test_a_service_is_any_node_of_the_graph():
    """Real or inferred, by its exact name."""
    spans = [
        segment(1),
        call(2, 1, name="api.internal"),
        segment(3, 2, name="api"),
        call(4, 3, name="DynamoDB", node="T", type_="AWS::DynamoDB::Table"),
        call(5, 3, name="unfinished", end=None),
    ]
    names = ["web", "api", "T", "Web", "DynamoDB", "api.internal", "unfinished", "work 1", ""]
    assert matching([f'service("{name}")' for name in names], *spans) == [
        'service("web")',
        'service("api")',
        'service("T")',
    ]


def test_all_terms_of_a_conjunction_must_hold():
    """One that fails is enough to fail."""
    texts = ['ok service("web")', 'fault service("web")', 'ok service("api")']
    assert matching(texts, segment(1)) == ['ok service("web")']
