"""Edits of stored documents: every byte that an edit does not mean stays as it was sent.

What X-Ray changes in the documents that it gives back: spec of segment documents, section 12.
"""

import json
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

import msgspec

from fluoro.wire.json_places import (
    Place,
    cuts,
    is_list,
    is_object,
    items,
    last,
    members,
    next_item,
    next_member,
    passed,
    skip,
)
from fluoro.wire.json_text import parse_error

_SUBSEGMENTS = b"subsegments"
_SENT_ALONE = frozenset({b"type", b"parent_id", b"trace_id"})
"""What only a subsegment that is a document of its own has."""


class Entity:
    """A segment or subsegment inside a document, and what is to be changed when it is written.

    Attributes:
        text: The whole document.
        start: Where the entity starts in it.
        end: Where it ends.
        members: Its members, in order.
        nested: What its `subsegments` hold, in order.
        added: Entities, of any document, to be written behind those.
        is_cut: It is left out where it stands.
        is_inserted: It was sent alone and is written into its parent: `type`, `parent_id` and
            `trace_id` are left out.
        resource: What `aws.resource_names` is set to; empty leaves it alone.
    """

    __slots__ = (
        "added",
        "end",
        "is_cut",
        "is_inserted",
        "members",
        "nested",
        "resource",
        "start",
        "text",
    )

    def __init__(self, text: bytes, start: int) -> None:
        self.text = text
        self.start = start
        self.end = start
        self.members: list[Place] = []
        self.nested: list[Entity] = []
        self.added: list[Entity] = []
        self.is_cut = False
        self.is_inserted = False
        self.resource = ""

    def raw(self, key: bytes) -> bytes | None:
        """A member's value as it was sent, None when there is no such member."""
        place = last(self.members, key)
        return None if place is None else self.text[place.value : place.end]

    @property
    def id(self) -> str:
        """Its id, lower case; empty when it has none."""
        id_ = json.loads(self.raw(b"id") or b'""')
        return id_.lower() if isinstance(id_, str) else ""


class _Edit(NamedTuple):
    """What stands in place of a range of a document's bytes."""

    start: int
    end: int
    content: tuple[bytes | Entity, ...] = ()


def outline(document: bytes) -> Entity:
    """Find the entities of a document that `wire.segment.check` accepts; returns the root."""
    start = 0
    while document[start : start + 1].isspace():
        start += 1
    if not is_object(document, start):
        raise parse_error("")
    entity = Entity(document, start)
    above: list[Entity] = []
    at = entity.start + 1
    while True:
        place = next_member(document, at)
        at = place.end
        if not place.value:
            entity.end = at
            if not above:
                return entity
            entity = above.pop()
        elif place.key == _SUBSEGMENTS and is_list(document, place.value):
            entity.nested = []
            entity.members.append(place)
            at += 1
        else:
            if place.key == _SUBSEGMENTS:
                entity.nested = []
            place = passed(document, place)
            entity.members.append(place)
            at = place.end
            continue
        is_item, at = next_item(document, at)
        while is_item and not is_object(document, at):  # in a list that a later one replaces
            is_item, at = next_item(document, skip(document, at))
        if is_item:
            nested = Entity(document, at)
            entity.nested.append(nested)
            above.append(entity)
            entity = nested
            at += 1
        else:
            entity.members[-1] = entity.members[-1]._replace(end=at)


def render(entity: Entity) -> bytes:
    """The text of an entity with everything that X-Ray changes in it, and in all below it."""
    found: list[bytes] = []
    open_ = [_pieces(entity)]
    while open_:
        for piece in open_[-1]:
            if isinstance(piece, Entity):
                open_.append(_pieces(piece))
                break
            found.append(piece)
        else:
            open_.pop()
    return b"".join(found)


def render_member(entity: Entity, key: bytes) -> bytes | None:
    """A member's value with what X-Ray changes in it, None when there is no such member."""
    place = last(entity.members, key)
    if place is None:
        return None
    edits = list(_member_edits(entity, place))
    pieces = _spliced(entity.text, place.value, place.end, edits)
    return b"".join(piece for piece in pieces if isinstance(piece, bytes))


def subsegment(document: bytes, id_: str) -> bytes | None:
    """The entity with an id (lower case) as it was sent but without its `subsegments`.

    The document's root is found too; None when there is no such entity.
    """
    waiting = [outline(document)]
    while waiting:
        entity = waiting.pop()
        if entity.id == id_:
            is_cut = [place.key == _SUBSEGMENTS for place in entity.members]
            edits = [_Edit(start, end) for start, end in cuts(entity.members, is_cut)]
            pieces = _spliced(document, entity.start, entity.end, edits)
            return b"".join(piece for piece in pieces if isinstance(piece, bytes))
        waiting += reversed(entity.nested)
    return None


def join(pairs: Iterable[tuple[str, bytes]]) -> bytes:
    """An object of members whose values are JSON texts."""
    return b"{%b}" % b",".join(msgspec.json.encode(key) + b":" + value for key, value in pairs)


def _pieces(entity: Entity) -> Iterator[bytes | Entity]:
    """The text of an entity in pieces; in the places of other entities these themselves."""
    edits = [*_own_edits(entity), *_subsegment_edits(entity)]
    return _spliced(entity.text, entity.start, entity.end, edits)


def _spliced(text: bytes, start: int, end: int, edits: list[_Edit]) -> Iterator[bytes | Entity]:
    for edit in sorted(edits, key=itemgetter(0)):
        yield text[start : edit.start]
        yield from edit.content
        start = edit.end
    yield text[start:end]


def _own_edits(entity: Entity) -> Iterator[_Edit]:
    """What X-Ray changes in an entity's own members."""
    if entity.is_inserted:
        yield from _cut(entity.members, _SENT_ALONE)
    for place in entity.members:
        yield from _member_edits(entity, place)


def _member_edits(entity: Entity, place: Place) -> Iterator[_Edit]:
    """What X-Ray changes in the value of a member."""
    text = entity.text
    if place.key == b"http" and _may_name(text, place, b"traced"):
        request = last(members(text, place.value), b"request")
        if request:
            yield from _cut(members(text, request.value), frozenset({b"traced"}))
    elif place.key == b"cause" and _may_name(text, place, b"stack"):
        exceptions = last(members(text, place.value), b"exceptions")
        for exception in items(text, exceptions.value) if exceptions else ():
            places = members(text, exception.value)
            yield from _edits_of(places, [_is_empty_stack(text, found) for found in places])
    elif place.key == b"aws" and entity.resource:
        yield _named(text, place, entity.resource)


def _may_name(text: bytes, place: Place, key: bytes) -> bool:
    """Whether a key may occur in a value: it does, or an escape could hide it."""
    return text.find(key, place.value, place.end) >= 0 or (
        text.find(b"\\u", place.value, place.end) >= 0
    )


def _cut(places: list[Place], keys: frozenset[bytes]) -> Iterator[_Edit]:
    return _edits_of(places, [place.key in keys for place in places])


def _edits_of(places: list[Place], is_cut: list[bool]) -> Iterator[_Edit]:
    for start, end in cuts(places, is_cut):
        yield _Edit(start, end)


def _is_empty_stack(text: bytes, place: Place) -> bool:
    return place.key == b"stack" and is_list(text, place.value) and not items(text, place.value)


def _named(text: bytes, aws: Place, resource: str) -> _Edit:
    """Set `aws.resource_names`."""
    names = msgspec.json.encode([resource])
    if _may_name(text, aws, b"resource_names"):
        old = last(members(text, aws.value), b"resource_names")
        if old:
            return _Edit(old.value, old.end, (names,))
    return _appended(aws.end, b"resource_names", (names,))


def _appended(end: int, key: bytes, value: tuple[bytes | Entity, ...]) -> _Edit:
    """Put a new member behind the others of an object that ends at `end` and is not empty."""
    return _Edit(end - 1, end - 1, (b',"%b":' % key, *value))


def _subsegment_edits(entity: Entity) -> Iterator[_Edit]:
    """What is nested stays, is cut or gets company."""
    places = [Place(nested.start, nested.start, nested.end) for nested in entity.nested]
    yield from _edits_of(places, [nested.is_cut for nested in entity.nested])
    stays = [nested for nested in entity.nested if not nested.is_cut]
    for nested in stays:
        yield _Edit(nested.start, nested.end, (nested,))
    if not entity.added:
        return
    content: list[bytes | Entity] = []
    for added in entity.added:
        content += (b",", added) if stays or content else (added,)
    place = last(entity.members, _SUBSEGMENTS)
    if place is None:
        value = (b"[", *content, b"]")
        yield _appended(entity.end, _SUBSEGMENTS, value)
    elif is_list(entity.text, place.value):
        yield _Edit(place.end - 1, place.end - 1, tuple(content))
    else:
        yield _Edit(place.value, place.end, (b"[", *content, b"]"))
