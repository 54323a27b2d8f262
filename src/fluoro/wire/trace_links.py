"""The `links` of a segment document: (sub)segments of other traces that it goes on from.

A message that one trace sends and another receives links the two. Source: spec of segment
documents; X-Ray developer guide, "Tracing event-driven applications".
"""

from typing import NamedTuple

import msgspec

from fluoro.errors import InputError
from fluoro.model.ids import parse_trace_id
from fluoro.wire.document import outline

_REFERENCE_TYPE = "aws.xray.reserved.reference_type"


class TraceLink(NamedTuple):
    """Another trace, in the inside form of its id, and what it is to this one, empty if unsaid."""

    trace_id: str
    reference_type: str


def links_of(document: bytes) -> list[TraceLink]:
    """The links of a document's root; entries that name no trace are left out."""
    if b"links" not in document:
        return []
    raw = outline(document).raw(b"links")
    try:
        found = msgspec.json.decode(raw or b"[]")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    entries = found if isinstance(found, list) else []
    return [link for link in map(_link, entries) if link is not None]


def _link(entry: object) -> TraceLink | None:
    if not isinstance(entry, dict):
        return None
    attributes = entry.get("attributes")
    said = attributes.get(_REFERENCE_TYPE) if isinstance(attributes, dict) else None
    try:
        trace_id = parse_trace_id(str(entry.get("trace_id")))
    except InputError:
        return None
    return TraceLink(trace_id, said if isinstance(said, str) else "")
