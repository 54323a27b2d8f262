"""The agent's datagrams: a header line, a newline, a document that stays unread.

Source: AWS's daemon (`pkg/tracesegment`, `pkg/util`) and the SDKs; spec of the daemon, section 5.
"""

from enum import StrEnum

import msgspec

from fluoro.errors import MalformedDatagramError

_KNOWN_HEADERS = frozenset({b'{"format":"json","version":1}', b'{"format": "json", "version": 1}'})
"""What the five SDKs write; anything else is read as JSON."""

_VERSION = 1


class Kind(StrEnum):
    """What the bytes behind a good header line are."""

    DOCUMENT = "document"
    OTLP_TRACES = "otlp_traces"
    """`T1` or `T1S`: base64 of OTLP traces that were sampled, from AWS's OpenTelemetry builds."""
    OTLP_UNWANTED = "otlp_unwanted"
    """`T1U` (traces that were not sampled) or `M1` (metrics)."""


def split(datagram: bytes) -> bytes:
    """The document of a datagram, as it was sent.

    Raises:
        MalformedDatagramError: `reason` is one of `empty`, `no_document`, `bad_header`,
            `not_utf8`.
    """
    if not datagram:
        raise MalformedDatagramError("empty", "the datagram is empty")
    header, newline, document = datagram.partition(b"\n")
    if not newline or not document:
        raise MalformedDatagramError("no_document", "expected a header line and a document")
    if header not in _KNOWN_HEADERS:
        _check_header(header)
    if not document.isascii():
        _check_text(document)
    return document


def kind_of(document: bytes) -> Kind:
    """What a document is, by its first bytes; JSON begins with none of these letters."""
    if document.startswith((b"T1U", b"M1")):
        return Kind.OTLP_UNWANTED
    return Kind.OTLP_TRACES if document.startswith(b"T1") else Kind.DOCUMENT


def _check_header(header: bytes) -> None:
    """Go's reading: names in any case, other members ignored, version a whole number."""
    try:
        members = msgspec.json.decode(header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedDatagramError("bad_header", "the header line is not JSON") from error
    if not isinstance(members, dict):
        raise MalformedDatagramError("bad_header", "the header line is not a JSON object")
    found = {str(name).lower(): value for name, value in members.items()}
    format_, version = found.get("format"), found.get("version")
    if not isinstance(format_, str) or format_.lower() != "json":
        raise MalformedDatagramError("bad_header", "expected format json in the header line")
    if type(version) is not int or version != _VERSION:
        raise MalformedDatagramError("bad_header", "expected version 1 in the header line")


def _check_text(document: bytes) -> None:
    """A document travels on as a JSON string: one that is not UTF-8 would spoil its batch."""
    try:
        document.decode()
    except UnicodeDecodeError as error:
        raise MalformedDatagramError("not_utf8", "the document is not UTF-8") from error
