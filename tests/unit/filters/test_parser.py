import pytest

from fluoro.errors import FilterSyntaxError
from fluoro.filters.parser import DEEPEST, LONGEST, parse
from fluoro.filters.tree import And, Entity, Field, ServiceTest, Test


def flag(word, offset):
    return Test(Field(word), None, (), offset)


def comparison(word, operator, value, offset):
    return Test(Field(word), operator, (value,), offset)


def service(name, offset):
    return ServiceTest(Entity(name, is_plain=True), None, offset)


def error_of(text):
    with pytest.raises(FilterSyntaxError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("ok", flag("ok", 0)),
        ("fault", flag("fault", 0)),
        (" Throttle ", flag("throttle", 1)),
        ("responsetime > 5", comparison("responsetime", ">", 5.0, 0)),
        (
            "duration >= 5 AND duration <= 8",
            And((comparison("duration", ">=", 5.0, 0), comparison("duration", "<=", 8.0, 18))),
        ),
        ('service("api.example.com")', service("api.example.com", 0)),
        ('duration = "slow"', comparison("duration", "=", "slow", 0)),
    ],
)
def test_expressions_of_the_developer_guide_are_read(text, tree):
    """Those that need nothing but flags, durations and services."""
    assert parse(text) == tree


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_a_blank_expression_is_no_filter(text):
    """None, not a tree."""
    assert parse(text) is None


def test_terms_side_by_side_are_joined_by_and():
    """With the word, without it, and mixed."""
    tree = And((flag("error", 0), comparison("duration", "<", 3.0, 6), flag("ok", 22)))
    assert parse("error duration <3 AND ok") == tree


@pytest.mark.parametrize("text", ["(ok)", "((ok))", "( OK )"])
def test_parentheses_around_a_term_change_nothing(text):
    """But its place."""
    assert parse(text) == flag("ok", text.lower().index("ok"))


@pytest.mark.parametrize(
    "text", ["ok (error fault)", "(ok error) fault", "ok and error and fault", "((ok error) fault)"]
)
def test_a_conjunction_is_flat(text):
    """However it is nested."""
    assert [term.field.keyword for term in parse(text).terms] == ["ok", "error", "fault"]


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("blank", ["", " "])
def test_every_comparison_is_known(operator, blank):
    """Blanks around it are free."""
    text = f"Duration{blank}{operator}{blank}-0.25"
    assert parse(text) == comparison("duration", operator, -0.25, 0)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5.0),
        ("1.5e3", 1500.0),
        ('"5"', "5"),
        ("True", True),
        ("FALSE", False),
        ('"true"', "true"),
        ("5s", "5s"),
        ("slow", "slow"),
    ],
)
def test_a_number_may_be_compared_with_any_literal(written, value):
    """A type that cannot match is no error."""
    (found,) = parse(f"duration={written}").values
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text", ['service("a b")', 'service ( "a b" )', 'SERVICE("a b")', 'service("a\\u0020b")']
)
def test_a_service_is_named_by_a_string(text):
    """Blanks between the word and the parenthesis are free."""
    assert parse(text) == service("a b", 0)


@pytest.mark.parametrize(
    ("text", "offset", "what"),
    [
        ("duration >", 10, "Unexpected end of expression"),
        ("(ok", 3, "Unexpected end of expression"),
        ("ok)", 2, "Invalid input symbol: ')'"),
        ("foo = 1", 0, "Unknown keyword: 'foo'"),
        ('service("a"', 11, "Unexpected end of expression"),
        ("annotation[", 0, "'annotation' is not supported yet"),
        ("user CONTAINS 5", 0, "'user' is not supported yet"),
        ('"x" = user', 0, "Invalid input symbol: '\"x\"'"),
        ("ok AND", 6, "Unexpected end of expression"),
        (
            'rootcause.responsetime.exception {name = "x"}',
            0,
            "Unknown keyword: 'rootcause.responsetime.exception'",
        ),
        ('edge("a")', 0, "'edge' is not supported yet"),
    ],
)
def test_what_must_fail_fails(text, offset, what):
    """The rows that X-Ray refuses, each with its place."""
    error = error_of(text)
    assert error.message == f"Error Location: line 1, position {offset + 1} : {what}"
    assert error.offset == offset


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ok !partial", "'!' is not supported yet"),
        ("ok or fault", "'or' is not supported yet"),
        ("(ok OR fault)", "'OR' is not supported yet"),
        ("ok = false", "'=' after 'ok' is not supported yet"),
        ('Fault CONTAINS "x"', "'CONTAINS' after 'Fault' is not supported yet"),
        ('duration beginswith "5"', "'beginswith' after 'duration' is not supported yet"),
        ("duration AND ok", "'duration' without a comparison is not supported yet"),
        ("service()", "'service' without a name is not supported yet"),
        ('service(id(name: "a"))', "'id' is not supported yet"),
        ('service("a") { fault }', "'{' after 'service' is not supported yet"),
        ("partial", "'partial' is not supported yet"),
        ('http.url CONTAINS "/api/"', "'http.url' is not supported yet"),
        ('annotation.a@b = "x"', "'annotation' is not supported yet"),
        ('Annotation[aws.local.service] = "x"', "'Annotation' is not supported yet"),
        ('rootcause.json = #[{"a":1}]', "'rootcause.json' is not supported yet"),
        ("rootcause.fault.service {first}", "'rootcause.fault.service' is not supported yet"),
        ('group.name = "g" AND ok', "'group.name' is not supported yet"),
    ],
)
def test_what_is_not_there_yet_is_refused_by_its_name(text, what):
    """So that nobody takes a wrong answer for a right one."""
    assert error_of(text).message.partition(" : ")[2] == what


@pytest.mark.parametrize("word", ["name", "root", "source.annotation.k", "Destination.Annotation"])
def test_a_keyword_of_an_inner_scope_is_not_valid_outside(word):
    """X-Ray knows these inside of `service()`, `edge()` and root causes."""
    name = word.removesuffix(".k")
    assert error_of(f'{word} = "x"').message.endswith(f" : Keyword '{name}' is not valid here")


@pytest.mark.parametrize("text", ["annotations.k", "annotationx", "service.name", "_"])
def test_an_unknown_word_is_named_whole(text):
    """Dots belong to the word."""
    assert error_of(text).message.endswith(f" : Unknown keyword: '{text}'")


@pytest.mark.parametrize(
    ("text", "symbol", "expected"),
    [
        ("AND ok", "AND", "a keyword"),
        ("ok AND AND fault", "AND", "a keyword"),
        ("ok contains", None, None),
        ("ok true", "true", "a keyword"),
        ("ok }", "}", "a keyword"),
        ("5 > duration", "5", "a keyword"),
        ("()", ")", "a keyword"),
        ("(ok error", None, ")"),
        ("(ok ]", "]", "a keyword"),
        ("duration > #1", "#", "a value"),
        ("duration > AND", "AND", "a value"),
        ('service["a"]', "[", "("),
        ("service(5)", "5", "a string"),
        ('service("a" "b")', '"b"', ")"),
    ],
)
def test_what_stands_in_the_wrong_place_is_named(text, symbol, expected):
    """With what could stand there."""
    error = error_of(text)
    if symbol:
        assert error.message.endswith(f" : Invalid input symbol: '{symbol}'")
    assert expected is None or error.expected == expected


def test_places_count_lines():
    """AWS gives line and position, both from 1."""
    assert error_of("ok\n  AND foo").message == (
        "Error Location: line 2, position 7 : Unknown keyword: 'foo'"
    )


def test_an_expression_has_a_longest_length():
    """Blanks count."""
    assert parse("ok".ljust(LONGEST)) == flag("ok", 0)
    error = error_of("ok".ljust(LONGEST + 1))
    assert error.message == "Filter expression exceeds 2000 characters"


def test_parentheses_have_a_deepest_level():
    """One more is refused at its place; side by side they are no levels."""
    assert parse("(" * DEEPEST + "ok" + ")" * DEEPEST) == flag("ok", DEEPEST)
    assert len(parse("(ok)" * (DEEPEST + 1)).terms) == DEEPEST + 1
    assert error_of("(" * (DEEPEST + 1) + "ok").offset == DEEPEST
