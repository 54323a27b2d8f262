"""Laws of the text of filter expressions: what is written is read, the rest is refused."""

import re

from hypothesis import given
from hypothesis import strategies as st

from expressions import expressions, placeless, spell, written
from fluoro.errors import FilterSyntaxError
from fluoro.filters.keywords import KEYWORDS
from fluoro.filters.parser import LONGEST, parse
from fluoro.filters.tree import And, EdgeTest, Not, Or, RootCauseTest, ServiceTest

SHORT = expressions().filter(lambda tree: len(spell(tree)) < LONGEST * 3 // 4)
WORDS = st.sampled_from(
    [
        *KEYWORDS,
        *("and", "or", "!", "(", ")", "{", "}", "[", "]", ",", "=", "!=", "<", ">="),
        *("contains", "matches", "in", "service(", "edge(", "id(", "name:", "type:", "#[", "{"),
        *("rootcause.fault.service", "rootcause.json", "group.name", "annotation[", "k8s.pod.name"),
        *('"text"', '"', "\\", "5", "-1e9", "true", "x"),
    ]
)


@given(st.data(), SHORT)
def test_what_is_written_is_read(data, tree):
    """However it is written."""
    text = data.draw(written(tree))
    assert placeless(parse(text)) == tree


def parts_of(tree):
    """All parts of a tree that have a place."""
    match tree:
        case Not(term):
            yield from parts_of(term)
        case And(terms) | Or(terms):
            for term in terms:
                yield from parts_of(term)
        case ServiceTest() | EdgeTest() | RootCauseTest():
            yield tree
            if tree.body is not None:
                yield from parts_of(tree.body)
        case _:
            yield tree


@given(SHORT)
def test_every_part_knows_its_place(tree):
    """Where its keyword begins; each begins elsewhere, from left to right."""
    text = spell(tree)
    places = [each.offset for each in parts_of(parse(text))]
    assert places == sorted(set(places))
    assert all(re.match("[a-z]", text[place]) for place in places)


def read(text):
    """The tree, or the refusal."""
    try:
        return parse(text)
    except FilterSyntaxError as error:
        return error


@given(st.text(max_size=80) | st.lists(WORDS, max_size=20).map(" ".join))
def test_any_text_is_read_or_refused(text):
    """Nothing else is raised, and the place of the error is in the text."""
    found = read(text)
    if isinstance(found, FilterSyntaxError):
        assert 0 <= found.offset <= len(text)
        assert found.message.startswith("Error Location: line ")
    else:
        assert (found is None) == (not text.strip())


@given(SHORT, st.data())
def test_a_mutilated_expression_is_read_or_refused(tree, data):
    """A piece cut out, doubled or put elsewhere."""
    text = spell(tree)
    places = st.integers(0, len(text))
    first, second, third = (data.draw(places) for _ in range(3))
    read(text[:first] + text[second:])
    read(text[:third] + text[first:second] + text[third:])


@given(WORDS, st.integers(1, LONGEST))
def test_repetition_is_no_way_to_exhaust_the_parser(word, count):
    """Up to the longest text, and beyond."""
    read(f"{word} " * count)
