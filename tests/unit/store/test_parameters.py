"""No word of a filter gets into SQL: read from the source of what writes SQL for filters."""

import ast
from pathlib import Path

import msgspec
import pytest

from fluoro.filters import tree
from fluoro.store import compile as compiler

FOLDER = Path(compiler.__file__).parent
MODULES = ("compile", "parts", "bodies", "conditions", "searches", "matching")
WORDS = {
    field
    for node in vars(tree).values()
    if isinstance(node, type) and issubclass(node, msgspec.Struct)
    for field in node.__struct_fields__
} - {"kind"}
"""Members of an expression's parts, which are the user's words; a kind is one of our own."""


def loose_words(source):
    """Lines on which text is made of a member of an expression that no parameter carries."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.JoinedStr():
                made = [each.value for each in node.values if isinstance(each, ast.FormattedValue)]
            case ast.BinOp(op=ast.Add() | ast.Mod()):
                made = [node.left, node.right]
            case ast.Call(func=ast.Attribute(attr="format" | "join" | "replace")):
                made = [*node.args, *(each.value for each in node.keywords)]
            case _:
                continue
        found += [node.lineno for each in made if _is_loose(each)]
    return found


def _is_loose(expression):
    """Whether a word is in an expression, and not in what is given to a call that binds it."""
    match expression:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="bound"))):
            return False
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="bound"))):
            return False
        case ast.Attribute(value=ast.Name(id="self")):
            return False  # no node of an expression writes SQL
        case ast.Attribute(attr=attr) if attr in WORDS:
            return True
    return any(_is_loose(child) for child in ast.iter_child_nodes(expression))


@pytest.mark.parametrize("module", MODULES)
def test_words_are_bound(module):
    """What an expression's parts hold stands in SQL by its parameter's name alone."""
    assert loose_words((FOLDER / f"{module}.py").read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "f'name = {entity.name}'",
        "'name = ' + entity.name",
        "'name = %s' % test.key",
        "'name = {}'.format(entity.account)",
        "'name = {name}'.format(name=entity.name)",
        "', '.join(test.values)",
        "f\"x {', '.join(str(each) for each in test.values)}\"",
    ],
)
def test_a_loose_word_is_seen(line):
    """Each way to put a word into text is found."""
    assert loose_words(line) == [1] or loose_words(line) == [1, 1]


def test_a_bound_word_is_fine():
    """The name of a parameter is no word of the user's."""
    assert loose_words("f'name = {bound.text(entity.name)} {self.bound.number(value)}'") == []
