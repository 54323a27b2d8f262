"""Laws of filter expressions: what is printed is read, and all that is read has a meaning."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoro.errors import FilterSyntaxError
from fluoro.filters.evaluate import holds
from fluoro.filters.parser import LONGEST, parse
from fluoro.filters.tree import And, Entity, Field, ServiceTest, Test
from fluoro.traces.trace import Trace
from made import call, segment, span

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
FLAGS = st.builds(
    Test,
    st.builds(Field, st.sampled_from(("ok", "error", "throttle", "fault"))),
    st.none(),
    st.just(()),
    st.just(0),
)
COMPARISONS = st.builds(
    Test,
    st.builds(Field, st.sampled_from(("duration", "responsetime"))),
    st.sampled_from(("=", "!=", "<", "<=", ">", ">=")),
    st.tuples(NUMBERS | TEXTS | st.booleans()),
    st.just(0),
)
SERVICES = st.builds(
    ServiceTest,
    st.builds(Entity, TEXTS | st.sampled_from(("web", "api")), is_plain=st.just(value=True)),
    st.none(),
    st.just(0),
)
TERMS = FLAGS | COMPARISONS | SERVICES
EXPRESSIONS = TERMS | st.builds(And, st.lists(TERMS, min_size=2, max_size=5).map(tuple))
BLANKS = st.sampled_from((" ", "  ", "\n", "\t"))

TRACES = [
    Trace([segment(1)]),
    Trace([segment(1, end=None), call(2, 1)]),
    Trace([segment(1, flags=2), call(2, 1), segment(3, 2, name="api", flags=1)]),
    Trace([segment(1, flags=5), span(2, 1, end=9000), span(3, 99)]),
    Trace([span(3, 99)]),
]


@st.composite
def printed(draw, expression):
    """One way to write an expression: any case, any blanks, with AND or without."""
    match expression:
        case And(terms):
            joints = st.sampled_from((" ", "\n", " and ", " AND "))
            first, *rest = [draw(printed(term)) for term in terms]
            return first + "".join(draw(joints) + text for text in rest)
        case Test(Field(word), None):
            text = draw(st.sampled_from((word, word.upper(), word.title())))
        case Test(Field(word), operator, (value,)):
            text = f"{word}{draw(BLANKS)}{operator}{draw(BLANKS)}{literal(value)}"
        case ServiceTest(Entity(name)):
            text = f"service{draw(BLANKS)}({draw(BLANKS)}{literal(name)})"
    return f"({text})" if draw(st.booleans()) else text


def literal(value):
    return json.dumps(value) if isinstance(value, str) else str(value)


def placeless(expression):
    """The same without the offsets."""
    if isinstance(expression, And):
        return And(tuple(placeless(term) for term in expression.terms))
    return msgspec.structs.replace(expression, offset=0)


@given(st.data(), EXPRESSIONS)
def test_what_is_printed_is_read(data, expression):
    """However it is written."""
    text = data.draw(printed(expression))
    assert placeless(parse(text)) == expression


@given(st.data(), EXPRESSIONS)
def test_every_term_knows_its_place(data, expression):
    """The offset is where its keyword begins."""
    text = data.draw(printed(expression))
    tree = parse(text)
    for term in tree.terms if isinstance(tree, And) else (tree,):
        word = text[term.offset :].lower()
        match term:
            case Test(Field(keyword)):
                assert word.startswith(keyword)
            case ServiceTest():
                assert word.startswith("service")


@given(st.text(max_size=60) | st.text(alphabet='okduration=<>!()"{}[] \\1.,#', max_size=60))
def test_any_text_is_read_or_refused(text):
    """Nothing else is raised, and the place of the error is in the text."""
    refused = None
    try:
        tree = parse(text)
    except FilterSyntaxError as error:
        refused = error
    if refused is None:
        assert (tree is None) == (not text.strip())
    else:
        assert 0 <= refused.offset <= len(text)
        assert refused.message.startswith("Error Location: line ")


@given(st.integers(LONGEST + 1, 3 * LONGEST))
def test_what_is_too_long_is_refused_unread(length):
    """Even where nothing of it could be read."""
    with pytest.raises(FilterSyntaxError, match="Filter expression exceeds 2000 characters"):
        parse("(" * length)


@given(EXPRESSIONS, st.sampled_from(TRACES))
def test_a_conjunction_holds_when_its_terms_do(expression, trace):
    """Each for itself."""
    terms = expression.terms if isinstance(expression, And) else (expression,)
    assert holds(expression, trace) is all(holds(term, trace) for term in terms)


@given(FLAGS, st.sampled_from(TRACES))
def test_a_trace_with_a_root_is_ok_or_not(flag, trace):
    """`ok` and the other three exclude each other; one of the four holds."""
    held = {
        word
        for word in ("ok", "error", "throttle", "fault")
        if holds(msgspec.structs.replace(flag, field=Field(word)), trace)
    }
    assert (held == {"ok"}) or (bool(held) == (trace.root is not None) and "ok" not in held)


@given(NUMBERS, st.sampled_from(TRACES), st.sampled_from(("duration", "responsetime")))
def test_one_of_three_comparisons_holds(value, trace, field):
    """Less, equal or more; none of them without a value."""
    held = [holds(Test(Field(field), way, (value,), 0), trace) for way in ("<", "=", ">")]
    has_value = field == "duration" or trace.response_us is not None
    assert sum(held) == has_value
