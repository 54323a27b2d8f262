import pytest

from fluoro.errors import FilterSyntaxError
from fluoro.filters.parser import DEEPEST, LONGEST, parse
from fluoro.filters.tree import (
    And,
    CausePattern,
    EdgeTest,
    Entity,
    EntityPattern,
    Field,
    GroupTest,
    Not,
    Or,
    RootCausePattern,
    RootCauseTest,
    ServicePattern,
    ServiceTest,
    Test,
)


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
        ("annotation[", 11, "Unexpected end of expression"),
        ("user CONTAINS 5", 14, "Invalid input symbol: '5'"),
        ('"x" = user', 0, "Invalid input symbol: '\"x\"'"),
        ("ok AND", 6, "Unexpected end of expression"),
        (
            'rootcause.responsetime.exception {name = "x"}',
            0,
            "Unknown keyword: 'rootcause.responsetime.exception'",
        ),
        ('edge("a")', 8, "Invalid input symbol: ')'"),
    ],
)
def test_what_must_fail_fails(text, offset, what):
    """The rows that X-Ray refuses, each with its place."""
    error = error_of(text)
    assert error.message == f"Error Location: line 1, position {offset + 1} : {what}"
    assert error.offset == offset


@pytest.mark.parametrize(
    "text",
    [
        "annotations.k",
        "annotationx",
        "service.name",
        "_",
        "annotation.",
        "k8s",
        "k8s.",
        "metadata.",
    ],
)
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
        ("ok }", "}", "AND, OR or the end"),
        ("5 > duration", "5", "a keyword"),
        ("()", ")", "a keyword"),
        ("(ok error", None, ")"),
        ("(ok ]", "]", "a keyword"),
        ("duration > #1", "#", "a value"),
        ("duration > AND", "AND", "a value"),
        ('service["a"]', "[", "("),
        ("service(5)", "5", "a string"),
        ('service("a" "b")', '"b"', ")"),
        ('service(id(name "b"))', '"b"', ":"),
        ('service(id(size:"b"))', "size", "name, type, account.id"),
        ('service(id(name:"a", name:"b"))', "name", "type, account.id"),
        ('service(id(name:"a" type:"b"))', "type", ","),
        ("service(id(name:b))", "b", "a string"),
        ('edge("a" "b")', '"b"', ","),
        ('edge(name:"a", "b")', "name", "a string"),
        ("service() {ok", None, "}"),
        ("annotation", None, "a key"),
        ("annotation = 1", "=", "a key"),
        ("annotation[]", "]", "a key"),
        ('annotation["a" b]', "b", "]"),
        ("user BEGINSWITH x", "x", "a string"),
        ("user in 5", "5", "("),
        ("user in ()", ")", None),
        ("user in (a b)", "b", ")"),
        ("duration > 1e999", "1e999", "a number of 64 bits"),
        ("group.name", None, "="),
        ('group.name > "g"', ">", "="),
        ("group.name = 5", "5", "a string"),
        ("rootcause.json", None, "="),
        ("rootcause.json = [1]", "[", "#"),
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


@pytest.mark.parametrize("opening", ["!", "(", "!(", "service(){", "((!", "edge(,){!("])
def test_nothing_nests_deeper_than_that(opening):
    """The longest text of openings is refused by its depth, not by Python's."""
    assert error_of((opening * LONGEST)[: LONGEST - 2] + "ok").message.endswith(
        f" : Nested deeper than {DEEPEST} levels"
    )


def test_or_binds_weaker_than_and():
    """And `!` stronger than both: it means the next term alone."""
    assert parse("ok OR error AND !fault throttle") == Or(
        (flag("ok", 0), And((flag("error", 6), Not(flag("fault", 17)), flag("throttle", 23))))
    )
    assert parse("(ok OR error) AND fault") == And(
        (Or((flag("ok", 1), flag("error", 7))), flag("fault", 18))
    )


def test_an_alternative_is_flat():
    """However it is nested."""
    assert [term.offset for term in parse("(ok OR error) or (fault OR ok)").terms] == [1, 7, 18, 27]


def test_not_takes_a_whole_comparison():
    """As often as it stands there."""
    assert parse("! annotation.age > 29").term.operator == ">"
    assert parse("!!ok") == Not(Not(flag("ok", 2)))


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("annotation.age", Field("annotation", "age")),
        ("Annotation.Age.of_1", Field("annotation", "Age.of_1")),
        ("ANNOTATION[aws.local.service]", Field("annotation", "aws.local.service")),
        ("annotation[ a-b c ]", Field("annotation", "a-b c")),
        ('annotation["a]b"]', Field("annotation", "a]b")),
        ("annotation[ü:/\\]", Field("annotation", "ü:/\\")),
        ("Http.URL", Field("http.url")),
        ("metadata", Field("metadata")),
        ("metadata.order.Id", Field("metadata", "order.Id")),
        ("metadata[order id]", Field("metadata", "order id")),
        ("K8S.pod.name", Field("k8s", "k8s.pod.name")),
        ("k8s.container.Name", Field("k8s", "k8s.container.Name")),
        ("pod", Field("k8s", "k8s.pod.name")),
        ("NameSpace", Field("k8s", "k8s.namespace.name")),
        ("workload", Field("workload")),
        ("sql", Field("sql")),
        ("operation", Field("operation")),
    ],
)
def test_keys_are_the_users_and_keywords_are_ours(text, field):
    """A keyword is the same in any case, a key is not."""
    assert parse(text) == Test(field, None, (), 0)


@pytest.mark.parametrize("end", ["source", "destination"])
@pytest.mark.parametrize("key", [".k", "[k]", '["k"]'])
def test_the_ends_of_a_call_have_annotations(end, key):
    """Inside of `edge()`."""
    body = parse(f"edge(,) {{{end}.annotation{key} = 1}}").body
    assert body == Test(Field(f"{end}.annotation", "k"), "=", (1.0,), 9)


@pytest.mark.parametrize("word", ["contains", "BEGINSWITH", "EndsWith", "matches"])
def test_texts_have_operators_of_their_own(word):
    """In any case; the text keeps its case."""
    assert parse(f'user {word}"A.b"') == Test(Field("user"), word.lower(), ("A.b",), 0)


def test_in_is_equal_to_one_of_several():
    """An extension; the literals may be of any type."""
    assert parse('user IN (alice, "b c",5 , true)') == Test(
        Field("user"), "=", ("alice", "b c", 5.0, True), 0
    )


def test_a_pattern_must_be_one():
    """The error stands at the string, in RE2's words."""
    error = error_of('ok user matches "a("')
    assert error.offset == 16
    assert error.message.endswith("position 17 : Invalid pattern: missing ): a(")


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\\1", "a{1001}", "(((a{100}){100}){100})"])
def test_a_pattern_that_needs_more_than_linear_time_is_refused(pattern):
    """RE2 knows no references and no looking around, and limits repetition."""
    assert "Invalid pattern" in error_of(f'user matches "{pattern}"').message


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("", Entity()),
        ("id()", Entity()),
        ('"a"', Entity("a", is_plain=True)),
        ('id(name:"a")', Entity("a")),
        ('ID( Type : "" , account.id:"1",name:"a" )', Entity("a", "", "1")),
    ],
)
def test_nodes_are_named_in_parts(text, entity):
    """A string is the name; nothing is any node."""
    assert parse(f"service({text})") == ServiceTest(entity, None, 0)
    assert parse(f"edge({text},{text})") == EdgeTest(entity, entity, None, 0)


@pytest.mark.parametrize("text", ["service()", "service(){}", "service ( ) { }"])
def test_empty_braces_ask_for_nothing(text):
    """The same as none."""
    assert parse(text) == ServiceTest(Entity(), None, 0)


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("rootcause.fault.service", "fault", "service"),
        ("RootCause.Error.Exception", "error", "exception"),
        ("rootcause.responsetime.entity", "responsetime", "entity"),
    ],
)
def test_root_causes_have_parts(text, kind, part):
    """With a body or without."""
    assert parse(text) == RootCauseTest(kind, part, None, 0)
    assert parse(text + "{first}") == RootCauseTest(kind, part, flag("first", len(text) + 1), 0)


def test_a_pattern_of_root_causes_is_json():
    """Of one kind or of any; what follows is read on."""
    services = '[{"Services":[{"Name":"A","AccountId":null,"EntityPath":[{"Remote":true}]}]}]'
    found = parse(f"rootcause.error.json = # {services} AND ok").terms
    service = ServicePattern(name="A", account_id=None, entity_path=(EntityPattern(remote=True),))
    assert found[0] == RootCausePattern("error", (CausePattern(services=(service,)),), 0)
    assert found[1] == flag("ok", len(services) + 30)
    assert parse("rootcause.json=#[]") == RootCausePattern(None, (), 0)


@pytest.mark.parametrize(
    ("json", "what"),
    [
        ("", "Unexpected end of expression"),
        ('[{"Services":', "Unexpected end of expression"),
        ("[1,]", "Invalid JSON: "),
        ("[NaN]", "Invalid JSON: NaN is no JSON"),
        ("[" * 1900, "Invalid JSON: nested too deep"),
        ('["\\ud800"]', "Half of a surrogate pair in a string"),
        ("{}", "Not a pattern of root causes: Expected `array`, got `object`"),
        ('[{"Service":[]}]', "Not a pattern of root causes: Object contains unknown field"),
        (
            f'[{{"Services":[{{"EntityPath":[{{"Coverage":{"1" * 400}}}]}}]}}]',
            "Number out of range",
        ),
    ],
)
def test_what_is_no_pattern_of_root_causes_is_refused(json, what):
    """The error stands where the JSON breaks, or where it begins."""
    error = error_of(f"rootcause.json = #{json}")
    assert what in error.message
    assert error.offset >= 18


def test_a_group_is_named_by_a_text():
    """Its name or its ARN, equal or not."""
    assert parse('group.name = "g"') == GroupTest("name", "=", "g", 0)
    assert parse("Group.ARN != arn:aws:g") == GroupTest("arn", "!=", "arn:aws:g", 0)
