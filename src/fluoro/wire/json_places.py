"""Where the members and items of a JSON text are, so that one can be cut out or put in.

Positions are byte offsets. The text is one that `json_text.read` accepts, as every stored document
is; a value is passed over without looking into it, at any depth, in time linear in its length.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fluoro.wire.json_text import parse_error

_SPACE = rb"[ \t\n\r]*+"
_BETWEEN = rb"[ \t\n\r,]*+"
_CHARACTERS = rb'[^"\\]*+(?:\\.[^"\\]*+)*+'
_SCALAR = rb'"%b"|[^ \t\n\r,\[\]{}"]++' % _CHARACTERS

_MEMBER = re.compile(
    rb'%b(?:\}|"(%b)"%b:%b(%b)?)' % (_BETWEEN, _CHARACTERS, _SPACE, _SPACE, _SCALAR), re.DOTALL
)
_KEYED, _KEYED_SCALAR = 1, 2
_ITEM = re.compile(rb"%b(?:\]|(?=[^,\]]))" % _BETWEEN)
_WHOLE_SCALAR = re.compile(_SCALAR, re.DOTALL)
_TO_BRACKET = re.compile(rb'[^"\[\]{}]*+(?:"%b"[^"\[\]{}]*+)*+([\[\]{}])' % _CHARACTERS, re.DOTALL)


class Place(NamedTuple):
    """A member of an object, from its key to the end of its value, or an item of a list."""

    start: int
    value: int
    """Where the value starts; for an item the same as `start`."""
    end: int
    key: bytes = b""
    """UTF-8 of the key, its escapes read; empty for an item."""


def is_object(text: bytes, at: int) -> bool:
    """Whether the value that starts at `at` is an object."""
    return text[at : at + 1] == b"{"


def is_list(text: bytes, at: int) -> bool:
    """Whether the value that starts at `at` is a list."""
    return text[at : at + 1] == b"["


def skip(text: bytes, at: int) -> int:
    """The end of the value that starts at `at`."""
    if not is_object(text, at) and not is_list(text, at):
        return _match(_WHOLE_SCALAR, text, at).end()
    depth = 0
    while True:
        found = _match(_TO_BRACKET, text, at)
        depth += 1 if found[1] in b"{[" else -1
        at = found.end()
        if not depth:
            return at


def next_member(text: bytes, at: int) -> Place:
    """The member after `at` inside an object; an object or list as its value is not passed over.

    Such a place ends where its value starts. At the object's end the place is the one behind the
    closing brace, and its `value` is 0.
    """
    found = _MEMBER.match(text, at)
    if found is None:
        raise parse_error("")
    end = found.end()
    if not found.lastindex:
        return Place(end, 0, end)
    value = found.start(_KEYED_SCALAR) if found.lastindex == _KEYED_SCALAR else end
    key = found[_KEYED]
    if b"\\" in key:
        key = _unescaped(key)
    return Place(found.start(_KEYED) - 1, value, end, key)


def next_item(text: bytes, at: int) -> tuple[bool, int]:
    """Whether an item comes after `at` inside a list; its start, or else the end of the list."""
    found = _match(_ITEM, text, at)
    return not found[0].endswith(b"]"), found.end()


def passed(text: bytes, place: Place) -> Place:
    """The same member, to the end of its value."""
    if place.end > place.value:
        return place
    return Place(place.start, place.value, skip(text, place.value), place.key)


def members(text: bytes, at: int) -> list[Place]:
    """The members of the value at `at`; none when it is no object."""
    found: list[Place] = []
    if not is_object(text, at):
        return found
    at += 1
    while (place := next_member(text, at)).value:
        found.append(passed(text, place))
        at = found[-1].end
    return found


def items(text: bytes, at: int) -> list[Place]:
    """The items of the value at `at`; none when it is no list."""
    found: list[Place] = []
    if not is_list(text, at):
        return found
    is_item, at = next_item(text, at + 1)
    while is_item:
        end = skip(text, at)
        found.append(Place(at, at, end))
        is_item, at = next_item(text, end)
    return found


def last(places: Sequence[Place], key: bytes) -> Place | None:
    """The member that counts: of equal keys the last one."""
    for place in reversed(places):
        if place.key == key:
            return place
    return None


def cuts(places: Sequence[Place], is_cut: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The ranges that take some of an object's members or a list's items out, commas included."""
    is_kept_before = False
    for number, (place, cut) in enumerate(zip(places, is_cut, strict=True)):
        if not cut:
            is_kept_before = True
        elif is_kept_before:
            yield places[number - 1].end, place.end
        elif number + 1 < len(places):
            yield place.start, places[number + 1].start
        else:
            yield place.start, place.end


def _unescaped(key: bytes) -> bytes:
    text: str = json.loads(b'"%b"' % key)
    return text.encode("utf-8", "surrogatepass")


def _match(pattern: re.Pattern[bytes], text: bytes, at: int) -> re.Match[bytes]:
    found = pattern.match(text, at)
    if found is None:
        raise parse_error("")
    return found
