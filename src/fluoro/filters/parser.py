"""Filter expressions from text to tree: one method a rule of the grammar.

What X-Ray's grammar has and this parser does not is refused by its name. Source: X-Ray developer
guide, "Using filter expressions"; spec of filter expressions, sections 1, 3 and 7.
"""

from fluoro.errors import FilterSyntaxError
from fluoro.filters.lexer import Lexer, Token
from fluoro.filters.tree import And, Entity, Expression, Field, Operator, ServiceTest, Test, Value

LONGEST = 2000
"""Characters of an expression."""

DEEPEST = 128
"""Levels of parentheses."""

_FLAGS = frozenset({"ok", "error", "throttle", "fault"})
_NUMBERS = frozenset({"duration", "responsetime"})
_OPERATORS: dict[str, Operator] = {
    "=": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_TEXT_OPERATORS = frozenset({"contains", "beginswith", "endswith"})
_BOOLEANS = {"true": True, "false": False}
_RESERVED = frozenset({"and", "or", *_TEXT_OPERATORS, *_BOOLEANS})
_LATER = frozenset(
    {
        "account.id",
        "annotation",
        "availabilityzone",
        "edge",
        "group.arn",
        "group.name",
        "http.clientip",
        "http.method",
        "http.status",
        "http.url",
        "http.useragent",
        "inferred",
        "instance.id",
        "partial",
        "resource.arn",
        "rootcause.error.entity",
        "rootcause.error.exception",
        "rootcause.error.json",
        "rootcause.error.service",
        "rootcause.fault.entity",
        "rootcause.fault.exception",
        "rootcause.fault.json",
        "rootcause.fault.service",
        "rootcause.json",
        "rootcause.responsetime.entity",
        "rootcause.responsetime.json",
        "rootcause.responsetime.service",
        "user",
    }
)
"""Keywords of the grammar that this parser does not know yet."""

_ELSEWHERE = frozenset(
    {
        "coverage",
        "destination.annotation",
        "first",
        "id",
        "index",
        "last",
        "message",
        "name",
        "remote",
        "root",
        "source.annotation",
        "type",
    }
)
"""Keywords that X-Ray knows inside of `service()`, `edge()` and `rootcause` only."""

_WITH_KEYS = ("annotation", "source.annotation", "destination.annotation")
"""Keywords that go on with a key of the user's."""


def parse(text: str) -> Expression | None:
    """Read a filter expression.

    Returns:
        The tree, or None when the text is empty or blank: no filter.

    Raises:
        FilterSyntaxError: It is no expression, or one that is not supported yet; the message says
            where and why, in AWS's form, and is safe to send back.
    """
    if len(text) > LONGEST:
        raise FilterSyntaxError(f"Filter expression exceeds {LONGEST} characters", LONGEST)
    return _Parser(text).parse()


class _Parser:
    """One token ahead of what has been read."""

    def __init__(self, text: str) -> None:
        self._lexer = Lexer(text)
        self._token = self._lexer.term()
        self._depth = 0

    def parse(self) -> Expression | None:
        if self._is_end():
            return None
        expression = self._and()
        if not self._is_end():
            raise self._lexer.invalid(self._token)
        return expression

    def _and(self) -> Expression:
        """Terms side by side, with or without AND between them."""
        terms = [self._term()]
        while not self._is_symbol(")") and not self._is_end():
            if self._token.keyword == "and":
                self._advance()
            elif self._token.keyword == "or":
                raise self._unsupported(self._token)
            terms.append(self._term())
        if len(terms) == 1:
            return terms[0]
        flat = (term.terms if isinstance(term, And) else (term,) for term in terms)
        return And(tuple(part for parts in flat for part in parts))

    def _term(self) -> Expression:
        token = self._token
        if self._is_symbol("!"):
            raise self._unsupported(token)
        if self._is_symbol("("):
            return self._parentheses()
        if token.kind != "word" or token.keyword in _RESERVED:
            raise self._lexer.invalid(token, expected="a keyword")
        if token.keyword in _FLAGS:
            return self._flag()
        if token.keyword in _NUMBERS:
            return self._comparison()
        if token.keyword == "service":
            return self._service()
        raise self._unknown(token)

    def _parentheses(self) -> Expression:
        opening = self._advance()
        self._depth += 1
        if self._depth > DEEPEST:
            what = f"Parentheses nested deeper than {DEEPEST} levels"
            raise self._lexer.error(opening.offset, what)
        expression = self._and()
        self._expect(")")
        self._depth -= 1
        return expression

    def _flag(self) -> Test:
        word = self._advance()
        if self._is_operator() or self._token.keyword in _TEXT_OPERATORS:
            raise self._unsupported(self._token, after=word)
        return Test(Field(word.keyword), None, (), word.offset)

    def _comparison(self) -> Test:
        word = self._advance()
        if self._token.keyword in _TEXT_OPERATORS:
            raise self._unsupported(self._token, after=word)
        if not self._is_operator():
            what = f"'{word.text}' without a comparison is not supported yet"
            raise self._lexer.error(word.offset, what, expected="a comparison")
        operator = _OPERATORS[self._token.text]
        literal = self._lexer.value()
        if literal.kind in ("end", "symbol") or literal.keyword in _RESERVED - _BOOLEANS.keys():
            raise self._lexer.invalid(literal, expected="a value")
        self._token = self._lexer.term()
        return Test(Field(word.keyword), operator, (_value(literal),), word.offset)

    def _service(self) -> ServiceTest:
        word = self._advance()
        self._expect("(")
        if self._is_symbol(")"):
            what = f"'{word.text}' without a name is not supported yet"
            raise self._lexer.error(word.offset, what, expected="a string")
        if self._token.keyword == "id":
            raise self._unsupported(self._token)
        if self._token.kind != "string":
            raise self._lexer.invalid(self._token, expected="a string")
        name = self._advance()
        self._expect(")")
        if self._is_symbol("{"):
            raise self._unsupported(self._token, after=word)
        return ServiceTest(Entity(name=name.text, is_plain=True), None, word.offset)

    def _unknown(self, word: Token) -> FilterSyntaxError:
        """Why a word may not stand at the begin of a term."""
        keyword = word.keyword
        for family in _WITH_KEYS:
            if keyword.startswith(f"{family}."):
                keyword = family
        name = word.text[: len(keyword)]
        if keyword in _LATER:
            return self._lexer.error(word.offset, f"'{name}' is not supported yet")
        if keyword in _ELSEWHERE:
            return self._lexer.error(word.offset, f"Keyword '{name}' is not valid here")
        return self._lexer.error(word.offset, f"Unknown keyword: '{name}'", expected="a keyword")

    def _unsupported(self, token: Token, after: Token | None = None) -> FilterSyntaxError:
        place = f" after '{after.text}'" if after else ""
        return self._lexer.error(token.offset, f"'{token.text}'{place} is not supported yet")

    def _is_end(self) -> bool:
        return self._token.kind == "end"

    def _is_symbol(self, symbol: str) -> bool:
        return self._token.kind == "symbol" and self._token.text == symbol

    def _is_operator(self) -> bool:
        return self._token.kind == "symbol" and self._token.text in _OPERATORS

    def _expect(self, symbol: str) -> None:
        if not self._is_symbol(symbol):
            raise self._lexer.invalid(self._token, expected=symbol)
        self._advance()

    def _advance(self) -> Token:
        """Go on to the next token; returns the one that was current."""
        token = self._token
        self._token = self._lexer.term()
        return token


def _value(literal: Token) -> Value:
    if literal.kind == "number":
        return float(literal.text)
    return _BOOLEANS.get(literal.keyword, literal.text)
