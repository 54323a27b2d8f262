"""Filter expressions from text to tree: one method a rule of the grammar.

Source: X-Ray developer guide, "Using filter expressions"; spec of filter expressions, sections 1,
3 and 7. What X-Ray does not have is an extension, named in `tree` and `keywords`.
"""

import math
from typing import Literal

import msgspec

from fluoro.errors import FilterSyntaxError, InputError
from fluoro.filters.check import check
from fluoro.filters.keywords import KEYWORDS, SHORT_FORMS, WITH_KEYS
from fluoro.filters.lexer import Lexer, Token
from fluoro.filters.patterns import Pattern
from fluoro.filters.tree import (
    And,
    CausePattern,
    EdgeTest,
    Entity,
    Expression,
    Field,
    GroupTest,
    Not,
    Operator,
    Or,
    RootCauseKind,
    RootCausePart,
    RootCausePattern,
    RootCauseTest,
    ServiceTest,
    Test,
    Value,
)

LONGEST = 2000
"""Characters of an expression."""

DEEPEST = 128
"""Levels of parentheses, braces and `!`."""

_SYMBOLS: dict[str, Operator] = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TEXT_OPERATORS: dict[str, Operator] = {
    "contains": "contains",
    "beginswith": "beginswith",
    "endswith": "endswith",
    "matches": "matches",
}
_EQUALITIES: dict[str, Literal["=", "!="]] = {"=": "=", "!=": "!="}
_BOOLEANS = {"true": True, "false": False}
_RESERVED = frozenset({"and", "or", "contains", "beginswith", "endswith"})
_ROOT_CAUSES: dict[str, tuple[RootCauseKind, RootCausePart]] = {
    "rootcause.fault.service": ("fault", "service"),
    "rootcause.fault.entity": ("fault", "entity"),
    "rootcause.fault.exception": ("fault", "exception"),
    "rootcause.error.service": ("error", "service"),
    "rootcause.error.entity": ("error", "entity"),
    "rootcause.error.exception": ("error", "exception"),
    "rootcause.responsetime.service": ("responsetime", "service"),
    "rootcause.responsetime.entity": ("responsetime", "entity"),
}
_PATTERNS: dict[str, RootCauseKind | None] = {
    "rootcause.json": None,
    "rootcause.fault.json": "fault",
    "rootcause.error.json": "error",
    "rootcause.responsetime.json": "responsetime",
}
_GROUP_FIELDS: dict[str, Literal["name", "arn"]] = {"group.name": "name", "group.arn": "arn"}
_ENTITY_PARTS = ("name", "type", "account.id")


def parse(text: str) -> Expression | None:
    """Read a filter expression and check where its keywords stand.

    Returns:
        The tree, or None when the text is empty or blank: no filter.

    Raises:
        FilterSyntaxError: It is no expression; the message says where and why, in AWS's form, and
            is safe to send back.
    """
    if len(text) > LONGEST:
        raise FilterSyntaxError(f"Filter expression exceeds {LONGEST} characters", LONGEST)
    expression = _Parser(text).parse()
    if expression is not None:
        check(expression, text)
    return expression


class _Parser:
    """One token ahead of what has been read."""

    def __init__(self, text: str) -> None:
        self._lexer = Lexer(text)
        self._token = self._lexer.term()
        self._depth = 0

    def parse(self) -> Expression | None:
        if self._is_end():
            return None
        expression = self._or()
        if not self._is_end():
            raise self._lexer.invalid(self._token, expected="AND, OR or the end")
        return expression

    def _or(self) -> Expression:
        terms = [self._and()]
        while self._token.keyword == "or":
            self._advance()
            terms.append(self._and())
        if len(terms) == 1:
            return terms[0]
        flat = (term.terms if isinstance(term, Or) else (term,) for term in terms)
        return Or(tuple(part for parts in flat for part in parts))

    def _and(self) -> Expression:
        """Terms side by side, with or without AND between them."""
        terms = [self._term()]
        while not self._ends_and():
            if self._token.keyword == "and":
                self._advance()
            terms.append(self._term())
        if len(terms) == 1:
            return terms[0]
        flat = (term.terms if isinstance(term, And) else (term,) for term in terms)
        return And(tuple(part for parts in flat for part in parts))

    def _ends_and(self) -> bool:
        token = self._token
        if token.kind == "symbol":
            return token.text in (")", "}")
        return token.kind == "end" or token.keyword == "or"

    def _term(self) -> Expression:
        """`!` as often as it stands there, then parentheses or one test."""
        negations = 0
        while self._is_symbol("!"):
            self._deeper(self._advance())
            negations += 1
        if self._is_symbol("("):
            self._deeper(self._advance())
            expression = self._or()
            self._expect(")")
            self._depth -= 1
        else:
            expression = self._test()
        for _ in range(negations):
            expression = Not(expression)
        self._depth -= negations
        return expression

    def _deeper(self, opening: Token) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._lexer.error(opening.offset, f"Nested deeper than {DEEPEST} levels")

    def _test(self) -> Expression:
        word = self._token
        keyword = word.keyword
        if word.kind != "word" or keyword in _RESERVED or keyword in _BOOLEANS:
            raise self._lexer.invalid(word, expected="a keyword")
        match keyword:
            case "service":
                return self._service()
            case "edge":
                return self._edge()
            case _ if keyword in _ROOT_CAUSES:
                self._advance()
                return RootCauseTest(*_ROOT_CAUSES[keyword], self._body(), word.offset)
            case _ if keyword in _PATTERNS:
                return self._root_cause_pattern(_PATTERNS[keyword])
            case _ if keyword in _GROUP_FIELDS:
                return self._group(_GROUP_FIELDS[keyword])
            case _:
                return self._comparison()

    def _comparison(self) -> Test:
        word = self._token
        field = self._field()
        keyword = self._token.keyword
        if keyword in _TEXT_OPERATORS:
            return Test(field, _TEXT_OPERATORS[keyword], (self._text(),), word.offset)
        if keyword == "in":
            return Test(field, "=", self._values(), word.offset)
        if self._token.kind == "symbol" and self._token.text in _SYMBOLS:
            operator = _SYMBOLS[self._token.text]
            value = self._value()
            self._advance()
            return Test(field, operator, (value,), word.offset)
        return Test(field, None, (), word.offset)

    def _field(self) -> Field:
        """A keyword, with its key if it has one."""
        word = self._token
        keyword = word.keyword
        for family in WITH_KEYS:
            if keyword == family:
                return self._field_in_brackets(family)
            if keyword.startswith(f"{family}.") and len(keyword) > len(family) + 1:
                self._advance()
                return Field(family, word.text[len(family) + 1 :])
        if keyword in SHORT_FORMS:
            self._advance()
            return Field("k8s", SHORT_FORMS[keyword])
        if keyword.startswith("k8s.") and keyword != "k8s.":
            self._advance()
            return Field("k8s", "k8s." + word.text[len("k8s.") :])
        if keyword not in KEYWORDS or keyword == "k8s":
            what = f"Unknown keyword: '{word.text}'"
            raise self._lexer.error(word.offset, what, expected="a keyword")
        self._advance()
        return Field(keyword)

    def _field_in_brackets(self, family: str) -> Field:
        self._advance()
        if not self._is_symbol("["):
            if family == "metadata":
                return Field(family)
            raise self._lexer.invalid(self._token, expected="a key")
        key = self._lexer.key()
        if key.kind != "string" or not key.text:
            raise self._lexer.invalid(key, expected="a key")
        self._token = self._lexer.term()
        self._expect("]")
        return Field(family, key.text)

    def _value(self) -> Value:
        """The literal behind the current token, which then is the current one."""
        literal = self._token = self._lexer.value()
        if literal.kind in ("end", "symbol") or literal.keyword in _RESERVED:
            raise self._lexer.invalid(literal, expected="a value")
        if literal.kind != "number":
            return _BOOLEANS.get(literal.keyword, literal.text)
        number = float(literal.text)
        if not math.isfinite(number):
            raise self._lexer.invalid(literal, expected="a number of 64 bits")
        return number

    def _values(self) -> tuple[Value, ...]:
        """What `in` is followed by; an extension."""
        self._advance()
        if not self._is_symbol("("):
            raise self._lexer.invalid(self._token, expected="(")
        values = [self._value()]
        self._advance()
        while self._is_symbol(","):
            values.append(self._value())
            self._advance()
        self._expect(")")
        return tuple(values)

    def _text(self) -> str:
        """The string behind an operator of texts; a pattern must be one."""
        operator = self._advance()
        literal = self._string()
        if operator.keyword == "matches":
            try:
                Pattern(literal.text)
            except InputError as error:
                what = f"Invalid pattern: {error.message}"
                raise self._lexer.error(literal.offset, what, expected="a pattern") from error
        return literal.text

    def _string(self) -> Token:
        if self._token.kind != "string":
            raise self._lexer.invalid(self._token, expected="a string")
        return self._advance()

    def _service(self) -> ServiceTest:
        word = self._advance()
        self._expect("(")
        entity = self._entity(")")
        self._expect(")")
        return ServiceTest(entity, self._body(), word.offset)

    def _edge(self) -> EdgeTest:
        word = self._advance()
        self._expect("(")
        source = self._entity(",")
        self._expect(",")
        target = self._entity(")")
        self._expect(")")
        return EdgeTest(source, target, self._body(), word.offset)

    def _entity(self, end: str) -> Entity:
        """An argument: nothing, a string or `id(...)`."""
        if self._is_symbol(end):
            return Entity()
        if self._token.keyword != "id":
            return Entity(name=self._string().text, is_plain=True)
        self._advance()
        self._expect("(")
        parts: dict[str, str] = {}
        while not self._is_symbol(")"):
            if parts:
                self._expect(",")
            part = self._token.keyword
            if part not in _ENTITY_PARTS or part in parts:
                free = ", ".join(each for each in _ENTITY_PARTS if each not in parts)
                raise self._lexer.invalid(self._token, expected=free or ")")
            self._advance()
            self._expect(":")
            parts[part] = self._string().text
        self._advance()
        return Entity(parts.get("name"), parts.get("type"), parts.get("account.id"))

    def _body(self) -> Expression | None:
        """An expression in braces; None without braces, and when they are empty."""
        if not self._is_symbol("{"):
            return None
        self._deeper(self._advance())
        expression = None if self._is_symbol("}") else self._or()
        self._expect("}")
        self._depth -= 1
        return expression

    def _root_cause_pattern(self, kind: RootCauseKind | None) -> RootCausePattern:
        word = self._advance()
        if not self._is_symbol("="):
            raise self._lexer.invalid(self._token, expected="=")
        marker = self._lexer.term()
        if marker.text != "#":
            raise self._lexer.invalid(marker, expected="#")
        value, offset = self._lexer.json()
        try:
            patterns = msgspec.convert(value, tuple[CausePattern, ...])
        except msgspec.ValidationError as error:
            what = f"Not a pattern of root causes: {error}"
            raise self._lexer.error(offset, what, expected="a list of root causes") from error
        self._token = self._lexer.term()
        return RootCausePattern(kind, patterns, word.offset)

    def _group(self, field: Literal["name", "arn"]) -> GroupTest:
        word = self._advance()
        operator = _EQUALITIES.get(self._token.text)
        if self._token.kind != "symbol" or operator is None:
            raise self._lexer.invalid(self._token, expected="=")
        value = self._value()
        if not isinstance(value, str):
            raise self._lexer.invalid(self._token, expected="a string")
        self._advance()
        return GroupTest(field, operator, value, word.offset)

    def _is_end(self) -> bool:
        return self._token.kind == "end"

    def _is_symbol(self, symbol: str) -> bool:
        return self._token.kind == "symbol" and self._token.text == symbol

    def _expect(self, symbol: str) -> None:
        if not self._is_symbol(symbol):
            raise self._lexer.invalid(self._token, expected=symbol)
        self._advance()

    def _advance(self) -> Token:
        """Go on to the next token; returns the one that was current."""
        token = self._token
        self._token = self._lexer.term()
        return token
