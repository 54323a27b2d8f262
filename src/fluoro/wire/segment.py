"""Segment documents: which of them X-Ray accepts, and what they say."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from fluoro.errors import InvalidDocumentError
from fluoro.model import ids
from fluoro.model.segment import Segment
from fluoro.model.times import to_us
from fluoro.wire import coerce, json_text
from fluoro.wire.entity import read_entity, seconds

DOCUMENT_BYTES = 65_536
"""Longest document (UTF-8 bytes); a longer one is `InvalidSegment`."""

_TYPES = ("", "segment", "subsegment")
_ID_BYTES = 8
_ID_LENGTHS = {2 * _ID_BYTES}
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What msgspec raises, also for some JSON that is legal."""


class Checked(msgspec.Struct, frozen=True):
    """What travels beside an accepted document."""

    trace_id: str
    """In the inside form of `model.ids`."""
    id: str
    """Id of the root entity, lower case."""
    depth: int
    """Levels of subsegments below the root entity, 0 for none."""
    is_finished: bool
    """The root entity has an `end_time` other than 0."""
    start_us: int
    """When the root entity began, epoch microseconds."""


class _Nested(msgspec.Struct, gc=False):
    """The mandatory members of a nested subsegment, in the types that nearly all documents use."""

    id: str
    name: str
    start_time: float
    end_time: float | None = None
    in_progress: bool = False
    type: Literal["", "segment", "subsegment"] = ""
    subsegments: tuple["_Nested", ...] = ()


class _Root(msgspec.Struct, gc=False):
    """The same of a document's root entity."""

    id: str
    name: str
    trace_id: str
    start_time: float
    end_time: float | None = None
    in_progress: bool = False
    type: Literal["", "segment", "subsegment"] = ""
    parent_id: str = ""
    subsegments: tuple[_Nested, ...] = ()


class _Naming(msgspec.Struct):
    """What an answer needs of a document that is too long to be looked at."""

    id: object = None
    type: object = None


_ROOT = msgspec.json.Decoder(_Root)
_NAMING = msgspec.json.Decoder(_Naming)
_ANY = msgspec.json.Decoder()


def check(document: bytes) -> Checked:
    """Accept a document, whole with everything nested in it, or say why X-Ray refuses it.

    Nearly all documents pass by one typed decode. What that does not accept is judged by an exact
    check that knows AWS's order of codes and reads JSON of any depth.

    Raises:
        InvalidDocumentError: With AWS's ErrorCode and message, the root entity's id, and the path
            of the member at fault (spec of segment documents, section 10).
    """
    if len(document) > DOCUMENT_BYTES:
        raise _too_long(document)
    return _check_quickly(document) or _check_exactly(document)


def _check_quickly(document: bytes) -> Checked | None:
    """What an ordinary document says; None where only the exact check can tell."""
    try:
        root = _ROOT.decode(document)
        if not document.isascii():
            document.decode()  # msgspec does not look into the strings that it skips
    except _UNREADABLE:
        return None
    end = root.end_time
    if (
        not root.name
        or not ids.is_trace_id(root.trace_id)
        or (end if root.in_progress else end is None)
        or (not ids.is_id(root.parent_id) if root.parent_id else root.type == "subsegment")
    ):
        return None
    found = [root.id]
    depth = 0
    level: Sequence[_Nested] = root.subsegments
    while level:
        depth += 1
        below: list[_Nested] = []
        for entity in level:
            end_time = entity.end_time
            if not entity.name or (end_time if entity.in_progress else end_time is None):
                return None
            found.append(entity.id)
            if entity.subsegments:
                below += entity.subsegments
        level = below
    if not _are_ids(found):
        return None
    start_us = to_us(root.start_time)
    return Checked(root.trace_id.lower(), root.id.lower(), depth, bool(end), start_us)


def _are_ids(texts: list[str]) -> bool:
    """`model.ids.is_id` of many, in a fraction of the time."""
    if ids.NO_ID in texts or set(map(len, texts)) != _ID_LENGTHS:
        return False
    try:
        packed = bytes.fromhex("".join(texts))
    except ValueError:
        return False
    return len(packed) == _ID_BYTES * len(texts)  # fromhex passes over white space


class _Entity(NamedTuple):
    """An entity on its way through the exact check."""

    value: object
    path: str
    """Where it is in the document, ready to put a member's name behind it."""
    depth: int


def _check_exactly(document: bytes) -> Checked:
    """Judge what the typed decode did not accept, entity by entity, depth first."""
    root = json_text.read(document)
    segment_id = _text_or_none(coerce.members(root).get("id"))
    waiting = [_Entity(root, "", 0)]
    depth = 0
    while waiting:
        entity = waiting.pop()
        depth = max(depth, entity.depth)
        refusal = _refusal(entity)
        if refusal is not None:
            reason, noun, field = refusal
            cause = ", Cause: null" if noun == "subsegment" else ""
            raise InvalidDocumentError(
                segment_id,
                reason,
                f"Invalid {noun}. ErrorCode: {reason}{cause}",
                (entity.path + field).removesuffix("."),
            )
        nested = coerce.items(coerce.members(entity.value).get("subsegments"))
        waiting += [
            _Entity(value, f"{entity.path}subsegments[{index}].", entity.depth + 1)
            for index, value in reversed(list(enumerate(nested)))
        ]
    top = coerce.members(root)
    return Checked(
        coerce.text(top["trace_id"]).lower(),
        coerce.text(top["id"]).lower(),
        depth,
        _is_finished(top),
        to_us(seconds(top["start_time"])),
    )


def _refusal(entity: _Entity) -> tuple[str, str, str] | None:
    """ErrorCode, noun and member of the first rule that an entity breaks, in AWS's order."""
    if not isinstance(entity.value, dict):
        return "ParseError", "entity", ""
    value: dict[str, object] = entity.value
    kind = value.get("type")
    if kind is not None and kind not in _TYPES:
        return "UnknownType", "entity", "type"
    noun = "subsegment" if entity.depth or kind == "subsegment" else "segment"
    for reason, field in _broken_rules(value, noun, is_root=not entity.depth):
        return reason, noun, field
    return None


def _broken_rules(
    entity: dict[str, object], noun: str, *, is_root: bool
) -> Iterator[tuple[str, str]]:
    """ErrorCode and member of every rule that an entity breaks, in AWS's order."""
    yield from _broken_id(entity.get("id"))
    if not _text_or_none(entity.get("name")):
        yield "MissingName", "name"
    if is_root:
        yield from _broken_trace_id(entity.get("trace_id"))
    if not _is_number(entity.get("start_time")):
        yield "MissingStartTime", "start_time"
    if entity.get("in_progress") is True:
        if _is_finished(entity):
            yield f"InProgress{noun.capitalize()}HasEndTime", "end_time"
    elif not _is_number(entity.get("end_time")):
        yield "MissingEndTime", "end_time"
    if is_root:
        yield from _broken_parent_id(entity.get("parent_id"), is_required=noun == "subsegment")


def _broken_id(value: object) -> Iterator[tuple[str, str]]:
    id_ = _text_or_none(value)
    if not id_:
        yield "MissingId", "id"
    elif not ids.is_id(id_):
        yield "InvalidId", "id"


def _broken_trace_id(value: object) -> Iterator[tuple[str, str]]:
    trace_id = _text_or_none(value)
    if not trace_id:
        yield "MissingTraceId", "trace_id"
    elif not ids.is_trace_id(trace_id):
        yield "InvalidTraceId", "trace_id"


def _broken_parent_id(value: object, *, is_required: bool) -> Iterator[tuple[str, str]]:
    if value is None or value == "":
        if is_required:
            yield "MissingParentId", "parent_id"
    elif not isinstance(value, str) or not ids.is_id(value):
        yield "InvalidParentId", "parent_id"


def _is_finished(entity: dict[str, object]) -> bool:
    """Whether it has an `end_time`; .NET writes 0 into open ones."""
    end_time = entity.get("end_time")
    return _is_number(end_time) and end_time != 0


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _too_long(document: bytes) -> InvalidDocumentError:
    """The refusal of a document past the limit, with its id if that can be found cheaply."""
    try:
        naming = _NAMING.decode(document)
    except _UNREADABLE:
        naming = _Naming()
    noun, cause = "segment", ""
    if naming.type == "subsegment":
        noun, cause = "subsegment", ", Cause: null"
    return InvalidDocumentError(
        _text_or_none(naming.id),
        "InvalidSegment",
        f"Invalid {noun}. ErrorCode: InvalidSegment{cause}",
        "",
    )


def decode(document: bytes) -> Segment:
    """Read what X-Ray indexes of a document that `check` accepts.

    Ids come in lower case, a nested subsegment has no `trace_id`. What has an `end_time` other
    than 0 is finished, and never ends before it starts. Names are cut at 200 characters,
    annotation keys at 500 and their strings at 1000; the first 200 annotations of an entity that
    are string, number or boolean count.

    An optional member of the wrong type is read as the store's JSONExtract reads it (`coerce`):

    - string wanted: a number, boolean, object or list is its compact JSON text; null is empty;
    - `status` (0 to 65535): a number or a numeral in a string, its fraction cut; else 0;
    - boolean wanted: `true`, or what reads as a whole number from 1 to 255;
    - object or list wanted: anything else has no members.

    A number beyond float64 counts as the largest one, a lone surrogate is U+FFFD; of equal keys
    the last one counts.

    Raises:
        InvalidDocumentError: The document is not JSON.
    """
    try:
        root = _ANY.decode(document)
    except _UNREADABLE:
        root = json_text.read(document)
    entities = [coerce.members(root)]
    parents = [0]
    for place, entity in enumerate(entities):  # grows while it is walked: parents come first
        nested = [coerce.members(value) for value in coerce.items(entity.get("subsegments"))]
        entities += nested
        parents += [place] * len(nested)
    below: list[list[Segment]] = [[] for _ in entities]
    for place in range(len(entities) - 1, 0, -1):
        subsegments = tuple(reversed(below[place]))
        below[parents[place]].append(read_entity(entities[place], subsegments, is_nested=True))
    return read_entity(entities[0], tuple(reversed(below[0])), is_nested=False)
