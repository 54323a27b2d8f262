import pytest

from fluoro.errors import FilterSyntaxError
from fluoro.filters.check import check
from fluoro.filters.keywords import KEYWORDS
from fluoro.filters.parser import parse
from fluoro.filters.tree import Constant, Not

PLACES = {
    "trace": "{}",
    "service": "service() {{{}}}",
    "edge": "edge(,) {{{}}}",
    "rootcause service": "rootcause.fault.service {{{}}}",
    "rootcause entity": "rootcause.error.entity {{{}}}",
    "rootcause entity of responsetime": "rootcause.responsetime.entity {{{}}}",
    "rootcause exception": "rootcause.error.exception {{{}}}",
}
"""How to get into each scope."""

KEYED = ("annotation", "source.annotation", "destination.annotation", "k8s")


@pytest.mark.parametrize("scope", PLACES)
@pytest.mark.parametrize("keyword", KEYWORDS)
def test_a_keyword_is_valid_where_its_row_says(keyword, scope):
    """And nowhere else; the error stands at the word and names it without its key."""
    word = f"{keyword}.key" if keyword in KEYED else keyword
    text = PLACES[scope].format(f"ok = true AND {word.title()} = 1" if scope == "trace" else word)
    place = text.lower().rindex(word)
    if scope in KEYWORDS[keyword].scopes:
        assert parse(text)
        return
    with pytest.raises(FilterSyntaxError) as caught:
        parse(text)
    named = text[place : place + len(word)]
    if keyword != "k8s":
        named = named.removesuffix(".key").removesuffix(".Key")
    assert caught.value.offset == place
    assert caught.value.message.endswith(f" : Keyword '{named}' is not valid here")


@pytest.mark.parametrize(
    "test",
    ["service()", "edge(,)", "rootcause.fault.entity", "rootcause.json = #[]", "group.name = g"],
)
@pytest.mark.parametrize("scope", [scope for scope in PLACES if scope != "trace"])
def test_what_looks_inside_a_trace_does_not_nest(test, scope):
    """Whatever the braces, and below an operator too."""
    text = PLACES[scope].format(f"!({test})")
    with pytest.raises(FilterSyntaxError, match="is not valid here") as caught:
        parse(text)
    assert caught.value.offset == text.rindex(test)


@pytest.mark.parametrize("value", ["1", "true", '"x"', "x"])
@pytest.mark.parametrize("keyword", ["ok", "duration", "http.url", "annotation.k", "metadata"])
@pytest.mark.parametrize("operator", ["=", "<"])
def test_types_that_never_fit_are_legal(keyword, operator, value):
    """They match nothing; AWS accepts them."""
    assert parse(f"{keyword} {operator} {value}")


@pytest.mark.parametrize("scope", PLACES)
def test_a_constant_is_valid_anywhere(scope):
    """It says nothing about anything."""
    check(Not(Constant(value=True)), "", scope)
