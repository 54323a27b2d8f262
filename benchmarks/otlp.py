"""Segment documents as OpenTelemetry's protobuf, for programs that read nothing else.

One span for each segment and subsegment, with everything that the document says as attributes; the
service is the segment's name. Written by hand, since this needs a dozen fields only.
Source: opentelemetry-proto, trace.proto, resource.proto and common.proto, version 1.
"""

from collections.abc import Iterable, Iterator, Mapping
from struct import pack
from typing import Any

import msgspec

_INTERNAL, _SERVER, _CLIENT = 1, 2, 3
"""Kinds of spans."""
_ERROR = 2
"""Code of a status."""
_NS_PER_US = 1_000
_OF_RESOURCE = ("aws", "service", "origin")
"""Members of a segment that say where it ran."""
_KNOWN = frozenset(
    {
        "trace_id",
        "id",
        "parent_id",
        "name",
        "type",
        "start_time",
        "end_time",
        "subsegments",
        "cause",
        "fault",
        "annotations",
    }
)
_DECODE = msgspec.json.Decoder().decode

Members = Mapping[str, Any]


def request(traces: Iterable[list[bytes]]) -> bytes:
    """An ExportTraceServiceRequest of whole traces, each with its documents."""
    return b"".join(_field(1, spans) for trace in traces for spans in _trace(trace))


def _trace(documents: list[bytes]) -> Iterator[bytes]:
    """A trace's ResourceSpans, one a document."""
    roots = [_DECODE(document) for document in documents]
    segments: dict[str, Members] = {}
    for root in roots:
        if root.get("type") != "subsegment":
            segments |= dict.fromkeys(_ids(root), root)
    for root in roots:
        segment = segments[root["id"] if root["id"] in segments else root["parent_id"]]
        trace_id = bytes.fromhex(root["trace_id"].replace("-", "")[1:])
        spans = [
            _field(2, _span(trace_id, entity, parent, is_segment=entity is segment))
            for entity, parent in _entities(root, root.get("parent_id", ""))
        ]
        yield _field(1, _resource(segment)) + _field(2, b"".join(spans))


def _entities(entity: Members, parent: str) -> Iterator[tuple[Members, str]]:
    yield entity, parent
    for below in entity.get("subsegments", ()):
        yield from _entities(below, entity["id"])


def _ids(root: Members) -> Iterator[str]:
    return (entity["id"] for entity, _ in _entities(root, ""))


def _resource(segment: Members) -> bytes:
    attributes = {name: segment[name] for name in _OF_RESOURCE if name in segment}
    named = _attribute(1, "service.name", segment["name"])
    return named + _attributes(1, "", attributes)


def _span(trace_id: bytes, entity: Members, parent: str, *, is_segment: bool) -> bytes:
    if is_segment:
        kind, left_out = _SERVER, _KNOWN | {*_OF_RESOURCE}
    else:
        kind, left_out = _CLIENT if "namespace" in entity else _INTERNAL, _KNOWN
    said = {name: value for name, value in entity.items() if name not in left_out}
    start_ns, end_ns = (
        round(entity[name] * 1e6) * _NS_PER_US for name in ("start_time", "end_time")
    )
    exceptions = entity.get("cause", {}).get("exceptions", ())
    return b"".join(
        (
            _field(1, trace_id),
            _field(2, bytes.fromhex(entity["id"])),
            _field(4, bytes.fromhex(parent)) if parent else b"",
            _field(5, entity["name"].encode()),
            _number(6, kind),
            _fixed(7, start_ns),
            _fixed(8, end_ns),
            _attributes(9, "", entity.get("annotations", {})),
            _attributes(9, "", said),
            *(_field(11, _exception(each, end_ns)) for each in exceptions),
            _field(15, _number(3, _ERROR)) if entity.get("fault") else b"",
        )
    )


def _exception(exception: Members, time_ns: int) -> bytes:
    said = {
        "exception.type": exception["type"],
        "exception.message": exception["message"],
        "exception.stacktrace": "\n".join(
            f"{frame['path']}:{frame['line']} {frame['label']}" for frame in exception["stack"]
        ),
    }
    return _fixed(1, time_ns) + _field(2, b"exception") + _attributes(3, "", said)


def _attributes(number: int, prefix: str, members: Members) -> bytes:
    """Every leaf as an attribute with a dotted name."""
    parts = []
    for name, value in members.items():
        if isinstance(value, dict):
            parts.append(_attributes(number, f"{prefix}{name}.", value))
        else:
            parts.append(_attribute(number, f"{prefix}{name}", value))
    return b"".join(parts)


def _attribute(number: int, key: str, value: object) -> bytes:
    match value:
        case bool():
            said = _number(2, value)
        case int():
            said = _number(3, value)
        case float():
            said = b"\x21" + pack("<d", value)
        case str():
            said = _field(1, value.encode())
        case _:
            said = _field(1, msgspec.json.encode(value))
    return _field(number, _field(1, key.encode()) + _field(2, said))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _fixed(number: int, value: int) -> bytes:
    return _varint(number << 3 | 1) + pack("<Q", value)
