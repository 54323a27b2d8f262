import msgspec
import pytest

from fluoro.filters.evaluate import holds
from fluoro.filters.parser import DEEPEST, parse
from fluoro.filters.tree import Constant
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.segment import RecordedException
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


def test_logic_is_logic():
    """Of what holds and what does not."""
    texts = ["!fault", "!!ok", "ok OR fault", "fault OR ok AND ok", "!(ok AND fault)"]
    false = ["!ok", "fault OR error", "(fault OR ok) AND fault", "!(ok OR fault)", "!!!ok"]
    assert matching(texts + false, segment(1)) == texts


CHAIN = [
    segment(1, origin="EC2"),
    call(2, 1, name="api.internal"),
    segment(3, 2, name="api", flags=FAULT, end=500),
    segment(4, 3, name="api", start=500, end=3000),
    call(5, 3, name="DynamoDB", node="T", type_="AWS::DynamoDB::Table", node_account="1"),
]
"""web -> api, which calls itself without a call, and T."""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("service()", True),
        ("service(id())", True),
        ('service(id(name: "web"))', True),
        ('service(id(name: "web", type: "EC2"))', True),
        ('service(id(name: "web", type: ""))', False),
        ('service(id(name: "api", type: ""))', True),
        ('service(id(type: "AWS::DynamoDB::Table"))', True),
        ('service(id(account.id: "1"))', True),
        ('service(id(name: "api", account.id: "1"))', False),
        ('service(id(type: "client"))', True),
        ('service(id(name: "web", type: "client"))', True),
        ('service(id(name: "api", type: "client"))', False),
        ('service(id(type: "client")) {!fault}', False),
        ('service("api") {fault}', True),
        ('service("api") {responsetime > 2}', True),
        ('service("api") {fault AND responsetime > 2}', False),
        ('service("api") {fault OR responsetime > 9}', True),
        ('!service("api") {fault}', False),
        ('!service("x") {fault}', True),
        ("service() {name = T AND inferred}", True),
    ],
)
def test_a_service_is_one_entity_that_fits(text, wanted):
    """All given parts of its name, and the body as a whole."""
    assert matching([text], *CHAIN) == [text] * wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("edge(,)", True),
        ('edge("web", "api")', True),
        ('edge("api", "web")', False),
        ('edge("api", "api")', True),
        ('edge("api", "T")', True),
        ('edge("web", "T")', False),
        ('edge(, id(type: "AWS::DynamoDB::Table"))', True),
        ('edge("web",)', True),
        ('edge("T",)', False),
        ('edge("web", "web")', True),
        ('edge(id(name: "web"), "web")', False),
        ('edge(id(name: "web", type: "client"), "web")', True),
        ('edge(id(type: "client"), "api")', False),
        ('edge(id(), "web")', True),
        ('edge("web", id(type: "client"))', False),
        ('edge("api", "api") {responsetime = 2.5}', True),
        ('edge("web", "api") {fault}', False),
        ('!edge("web", "api") {fault}', True),
    ],
)
def test_an_edge_is_one_call_that_fits(text, wanted):
    """Between nodes that fit; a plain name as its begin is the client of that name too."""
    assert matching([text], *CHAIN) == [text] * wanted


def test_a_window_is_for_services_and_edges_alone():
    """What is said of the trace is said of all of it."""
    trace = Trace(CHAIN)
    texts = ['service("web")', 'service("api") {fault}', 'edge("web", "api")', "edge(,)", "ok"]
    texts += ["responsetime = 1", "inferred", 'service(id(type: "client"))']
    late = [text for text in texts if holds(parse(text), trace, (2_000_000, 3_000_000))]
    assert late == ["edge(,)", "ok", "responsetime = 1", "inferred"]
    early = [text for text in texts if holds(parse(text), trace, (500_000, 999_999))]
    assert early == ['service("api") {fault}', "ok", "responsetime = 1", "inferred"]


def test_root_causes_are_the_summarys():
    """An element of any of them that fits the body as a whole."""
    denied = RecordedException("", "Denied", "no entry")
    spans = [
        segment(1, flags=FAULT),
        call(2, 1, name="api", flags=FAULT, end=900),
        segment(3, 2, name="api", flags=FAULT, exceptions=(denied,), end=800),
    ]
    texts = [
        "rootcause.fault.service",
        'rootcause.fault.service {last AND name = "api"}',
        'rootcause.fault.exception {name = Denied AND message = "no entry"}',
        "rootcause.fault.entity {remote AND index = 1}",
        "rootcause.responsetime.entity {coverage >= 0.8 AND last}",
        'rootcause.json = #[{"Services":[{"Name":"web"},{"Name":"api"}]}]',
    ]
    others = [
        "rootcause.error.service",
        'rootcause.fault.service {first AND name = "api"}',
        "rootcause.fault.exception {index > 0}",
        'rootcause.json = #[{"Services":[{"Name":"api"},{"Name":"web"}]}]',
    ]
    assert matching(texts + others, *spans) == texts


def test_a_group_has_to_be_expanded_first():
    """What it stands for is not known here."""
    with pytest.raises(ValueError, match="Not expanded"):
        holds(parse("group.name = g"), Trace([segment(1)]))
    assert holds(Constant(value=True), Trace([segment(1)]))


@pytest.mark.parametrize("opening", ["!", "(ok AND !(", "(ok OR (error AND "])
def test_the_deepest_expression_has_a_meaning(opening):
    """Far from what Python takes."""
    count = DEEPEST // (opening.count("(") + opening.count("!"))
    text = opening * count + "ok" + ")" * opening.count("(") * count
    assert isinstance(holds(parse(text), Trace([segment(1)])), bool)
