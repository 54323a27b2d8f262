"""Filter expressions cut into tokens, one at a time, since what is legal depends on the place.

Source: spec of filter expressions, sections 1 and 7.
"""

import json
import re
from typing import Literal, NoReturn, cast

import msgspec

from fluoro.errors import FilterSyntaxError

Kind = Literal["word", "string", "number", "symbol", "end"]

_TERM = re.compile(
    r"""(?P<word>[A-Za-z_][A-Za-z0-9_.]*)
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<symbol>!=|<=|>=|[=<>!(){}\[\],:\#])""",
    re.VERBOSE,
)
_VALUE = re.compile(
    r"""(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.:-])
    | (?P<word>[A-Za-z0-9_.:-]+)
    | (?P<symbol>\#)""",
    re.VERBOSE,
)
_KEY = re.compile(r"[^]]+")
_STRING_PART = re.compile(r'[^"\\]+|\\u[0-9a-fA-F]{4}|\\["\\/bfnrt]')
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Token(msgspec.Struct, frozen=True):
    """A piece of an expression.

    `text` is what stands there; for a string it is the value, without quotes and escapes.
    `offset` is the 0-based place of its first character.
    """

    kind: Kind
    text: str
    offset: int

    @property
    def keyword(self) -> str:
        """The lower-case word, empty when it is none: keywords are the same in any case."""
        return self.text.lower() if self.kind == "word" else ""


class Lexer:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._offset = 0

    def term(self) -> Token:
        """The next token where a keyword or an operator is due.

        Raises:
            FilterSyntaxError: A character that begins no token, or a string without an end.
        """
        return self._next(_TERM)

    def value(self) -> Token:
        """The next token where a literal is due; a bare word there may hold digits, `:` and `-`.

        Raises:
            FilterSyntaxError: The same.
        """
        return self._next(_VALUE)

    def key(self) -> Token:
        """The next token where a key in brackets is due: a string, or all up to the bracket's end.

        Raises:
            FilterSyntaxError: There is no key, or it is a string without an end.
        """
        offset = self._begin()
        match = None if self._text[offset : offset + 1] == '"' else _KEY.match(self._text, offset)
        if match is None:
            return self._next(_TERM)
        self._offset = match.end()
        return Token("string", match.group().rstrip(), offset)

    def json(self) -> tuple[object, int]:
        """The JSON value where one is due, and where it begins.

        Raises:
            FilterSyntaxError: There is none, or it is not whole.
        """
        offset = self._begin()
        try:
            value, self._offset = _JSON.raw_decode(self._text, offset)
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise self.error(offset, "Half of a surrogate pair in a string") from None
        except json.JSONDecodeError as error:
            if self._text[error.pos :].strip():
                raise self.error(error.pos, f"Invalid JSON: {error.msg}", "JSON") from None
            raise self.error(len(self._text), "Unexpected end of expression", "JSON") from None
        except ValueError as error:
            raise self.error(offset, f"Invalid JSON: {error}", "JSON") from None
        except RecursionError:
            raise self.error(offset, "Invalid JSON: nested too deep", "JSON") from None
        return value, offset

    def error(self, offset: int, what: str, expected: str = "") -> FilterSyntaxError:
        """An error at a place of this text, in AWS's form."""
        return located(self._text, offset, what, expected)

    def invalid(self, token: Token, expected: str = "") -> FilterSyntaxError:
        """The error for a token that may not stand where it stands."""
        if token.kind == "end":
            return self.error(token.offset, "Unexpected end of expression", expected)
        written = self._text[token.offset : self._offset].rstrip()
        return self.error(token.offset, f"Invalid input symbol: '{written}'", expected)

    def _begin(self) -> int:
        """Where the next token begins."""
        return len(self._text) - len(self._text[self._offset :].lstrip())

    def _next(self, pattern: re.Pattern[str]) -> Token:
        offset = self._begin()
        if offset == len(self._text):
            self._offset = offset
            return Token("end", "", offset)
        if self._text[offset] == '"':
            return self._string(offset)
        match = pattern.match(self._text, offset)
        if match is None:
            raise self.error(offset, f"Invalid input symbol: '{self._text[offset]}'")
        self._offset = match.end()
        return Token(cast("Kind", match.lastgroup), match.group(), offset)

    def _string(self, start: int) -> Token:
        offset = start + 1
        parts = []
        while match := _STRING_PART.match(self._text, offset):
            parts.append(_unescape(match.group()))
            offset = match.end()
        if self._text.startswith("\\", offset) and len(self._text) > offset + 1:
            raise self.error(offset, f"Invalid input symbol: '{self._text[offset : offset + 2]}'")
        if not self._text.startswith('"', offset):
            raise self.error(start, "Unterminated string", expected='"')
        self._offset = offset + 1
        try:
            text = "".join(parts).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise self.error(start, "Half of a surrogate pair in a string") from None
        return Token("string", text, start)


def located(text: str, offset: int, what: str, expected: str = "") -> FilterSyntaxError:
    """An error in the form that AWS gives it, with line and column from 1."""
    line = text.count("\n", 0, offset) + 1
    position = offset - (text.rfind("\n", 0, offset) + 1) + 1
    message = f"Error Location: line {line}, position {position} : {what}"
    return FilterSyntaxError(message, offset, expected)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse)


def _unescape(part: str) -> str:
    if not part.startswith("\\"):
        return part
    letter = part[1]
    if letter == "u":
        return chr(int(part[2:], 16))  # noqa: FURB166  base 0 does not know `\\u`
    return _ESCAPES.get(letter, letter)
