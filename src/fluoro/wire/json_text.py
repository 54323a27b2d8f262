"""A strict reader of JSON without a limit of depth.

Segment documents may hold what fast parsers refuse though it is legal: thousands of levels, lone
surrogate escapes, `1e400`. This one keeps a stack of its own instead of recursing, and takes time
linear in the length of the text.
"""

import json
import re

from fluoro.errors import InvalidDocumentError

_SPACE = r"[ \t\n\r]*+"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"

_VALUE = re.compile(rf"{_SPACE}(?:([{{\[])|({_STRING})|({_NUMBER})|(true|false|null))")
_OPENED, _TEXT, _NUMERAL = 1, 2, 3
_KEY = re.compile(rf"{_SPACE}({_STRING}){_SPACE}:")
_AFTER = re.compile(rf"{_SPACE}([,}}\]])")
_CLOSING = re.compile(rf"{_SPACE}[}}\]]")
_END = re.compile(rf"{_SPACE}\Z")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LITERALS = {"true": True, "false": False, "null": None}

_INTEGER_DIGITS = 4300
"""Longer integers are read as floating point, so infinite: Python converts no more digits."""
_PATH_CHARACTERS = 200


def read(document: bytes) -> object:
    """The value of a JSON text, whatever its depth; the exact grammar of RFC 8259.

    Of equal keys the last one counts. A lone surrogate becomes U+FFFD, a number beyond float64 is
    infinite.

    Raises:
        InvalidDocumentError: `ParseError`; `field` says in which member the text stops being JSON.
    """
    try:
        text = document.decode()
    except UnicodeDecodeError as error:
        raise parse_error("") from error
    return _Reader(text).read()


class _Reader:
    """One reading: the containers that are open, and the key that is due in each of them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[dict[str, object] | list[object]] = []
        self._keys: list[str] = []

    def read(self) -> object:
        root = self._value()
        while self._open:
            self._value()
        self._match(_END)
        return root

    def _value(self) -> object:
        """Read a scalar, an empty container or the opening of one, into the container around it."""
        match = self._match(_VALUE)
        found = match[match.lastindex or 0]
        value: object
        if match.lastindex == _OPENED:
            value = {} if found == "{" else []
        elif match.lastindex == _TEXT:
            value = _string(found)
        elif match.lastindex == _NUMERAL:
            value = _number(found)
        else:
            value = _LITERALS[found]
        if self._open:
            around = self._open[-1]
            if isinstance(around, dict):
                around[self._keys[-1]] = value
            else:
                around.append(value)
        if isinstance(value, dict | list):
            self._open.append(value)
            self._keys.append("")
            if not _CLOSING.match(self._text, self._at):
                self._key()
                return value
        self._close()
        return value

    def _key(self) -> None:
        """Where an object is open: read the key of its next member."""
        if isinstance(self._open[-1], dict):
            self._keys[-1] = _string(self._match(_KEY)[1])

    def _close(self) -> None:
        """After a value: close what ends here, up to the comma before the next value."""
        while self._open:
            mark = self._match(_AFTER)[1]
            if mark == ",":
                self._key()
                return
            if (mark == "}") is not isinstance(self._open[-1], dict):
                raise parse_error(self._path())
            self._open.pop()
            self._keys.pop()

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise parse_error(self._path())
        self._at = match.end()
        return match

    def _path(self) -> str:
        """The member that is being read, such as `annotations.score` or `subsegments[2].name`."""
        steps = []
        innermost = len(self._open) - 1
        for level, (container, key) in enumerate(zip(self._open, self._keys, strict=True)):
            if isinstance(container, dict):
                steps.append(f".{key}")
            else:
                steps.append(f"[{len(container) - (level < innermost)}]")
        return "".join(steps).strip(".")[:_PATH_CHARACTERS]


def _string(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted[1:-1]
    value: str = json.loads(quoted)
    return _LONE_SURROGATE.sub("\ufffd", value)


def _number(numeral: str) -> float:
    if numeral.lstrip("-").isdigit() and len(numeral) <= _INTEGER_DIGITS:
        return int(numeral)
    return float(numeral)


def parse_error(field: str) -> InvalidDocumentError:
    """The refusal of a text that is not JSON; `field` is where it stops being it."""
    return InvalidDocumentError(None, "ParseError", "Invalid entity. ErrorCode: ParseError", field)
