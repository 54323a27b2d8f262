"""docs/reference/filter-expressions.md says what the code does."""

import re
from pathlib import Path

import pytest

from fluoro.errors import FilterSyntaxError
from fluoro.filters.keywords import KEYWORDS
from fluoro.filters.parser import DEEPEST, LONGEST, parse

PAGE = (Path(__file__).parents[3] / "docs/reference/filter-expressions.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
EXAMPLES = re.findall(r"^\| `(.+?)` \| (.+) \|$", SECTIONS["By example"], re.MULTILINE)
ERRORS = re.findall(r"^\| `(.+?)` \| `(Error .+)` \|$", SECTIONS["Errors"], re.MULTILINE)
CAUSES = {
    "s": "rootcause service",
    "e": "rootcause entity",
    "x": "rootcause exception",
    "e of `responsetime`": "rootcause entity of responsetime",
}


def scopes_of(where):
    """The scopes that a cell names; an entity is also one of the response time."""
    causes = re.search(r", cause \((.+)\)$|^cause \((.+)\)$", where)
    plain = where[: causes.start()] if causes else where
    named = {CAUSES[each] for each in (causes[1] or causes[2]).split(", ")} if causes else set()
    if "rootcause entity" in named:
        named.add("rootcause entity of responsetime")
    return named | {each for each in plain.split(", ") if each}


def test_every_keyword_has_its_row():
    """In the order of the code, with type, places and whether it is ours."""
    rows = re.findall(
        r"^\| `([a-z0-9.]+)` \| (\w+) \| (.+?) \| ?(.*) \|$", SECTIONS["Keywords"], re.MULTILINE
    )
    assert [
        (word, type_, scopes_of(where), text.startswith("**Fluoro**"))
        for word, type_, where, text in rows
    ] == [(word, row.type, set(row.scopes), row.is_extension) for word, row in KEYWORDS.items()]


@pytest.mark.parametrize("expression", [expression for expression, _ in EXAMPLES])
def test_every_example_is_read(expression):
    """As it stands on the page."""
    assert parse(expression) is not None


def test_extensions_are_marked_in_the_examples():
    """Whatever uses what X-Ray does not have."""
    ours = {word for word, row in KEYWORDS.items() if row.is_extension} | {"IN", "MATCHES"}
    ours |= {"pod", "namespace"}
    assert len(EXAMPLES) > 30
    for expression, text in EXAMPLES:
        plain = re.sub(r'"[^"]*"', "", expression)
        uses = ours & set(re.findall(r"[A-Za-z]+", plain))
        assert bool(uses) == text.startswith("**Fluoro**"), expression


@pytest.mark.parametrize(("expression", "message"), ERRORS)
def test_every_error_reads_as_on_the_page(expression, message):
    """To the letter."""
    with pytest.raises(FilterSyntaxError) as caught:
        parse(expression)
    assert caught.value.message == message


def test_limits_are_those_of_the_page():
    """In the list and in the messages."""
    assert len(ERRORS) == 7
    assert f"At most {LONGEST:,} characters, {DEEPEST} levels" in SECTIONS["Grammar"]
    assert f"`Filter expression exceeds {LONGEST} characters`" in SECTIONS["Errors"]
    assert f"`Nested deeper than {DEEPEST} levels`" in SECTIONS["Errors"]
