"""Identifiers of X-Ray: trace ids and the ids of segments and subsegments.

Inside Fluoro a trace id is always the lower-case form `1-8hex-24hex` and an id 16 lower-case hex
digits, so equal ids are equal strings. Source: X-Ray developer guide, "Sending trace data".
"""

import re

from fluoro.errors import InputError

NO_ID = "0" * 16
"""The id that unsampled requests carry; never a real one."""

NO_TRACE_ID = "1-00000000-" + "0" * 24
"""The trace id that unsampled requests carry; never a real one."""

_XRAY = r"1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}"
_W3C = r"[0-9a-fA-F]{32}"
TRACE_ID = f"{_XRAY}|{_W3C}"
"""Regular expression of the two forms that `parse_trace_id` takes."""

_TRACE_ID = re.compile(rf"{_XRAY}\Z")
_W3C_TRACE_ID = re.compile(rf"{_W3C}\Z")
_ID = re.compile(r"[0-9a-fA-F]{16}\Z")


def is_trace_id(text: str) -> bool:
    """Whether `text` is a legal X-Ray trace id (`1-8hex-24hex`, not all zeros)."""
    return _TRACE_ID.match(text) is not None and text != NO_TRACE_ID


def is_id(text: str) -> bool:
    """Whether `text` is a legal segment or subsegment id (16 hex digits, not all zeros)."""
    return _ID.match(text) is not None and text != NO_ID


def parse_trace_id(text: str) -> str:
    """Bring a trace id, X-Ray's or W3C's 32 hex digits, into the one form used inside.

    Raises:
        InputError: It is neither form, or all zeros.
    """
    if _W3C_TRACE_ID.match(text):
        text = f"1-{text[:8]}-{text[8:]}"
    if not is_trace_id(text):
        raise InputError(f"Invalid trace id {text}: incorrect id format")
    return text.lower()


def trace_id_hex(trace_id: str) -> str:
    """The 32 hex digits of a trace id in the inside form: W3C's notation of the same 16 bytes."""
    return trace_id[2:10] + trace_id[11:]


def trace_id_of_hex(digits: str) -> str:
    """The inside form of 32 hex digits; the inverse of `trace_id_hex`."""
    return f"1-{digits[:8]}-{digits[8:]}"
