"""Bodies of requests as the API's shapes; what does not fit is refused in AWS's words."""

import contextlib
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from fluoro.errors import InputError, StoreTimeoutError, UnreadableBodyError
from fluoro.model.times import to_us
from fluoro.wire.xray_api import Shape
from fluoro.wire.xray_members import Timestamp

_PLACE = re.compile(r"(?P<what>.*?)(?: - at (?:`key` in )?`\$\.?(?P<path>.*)`)?\Z", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_WORD = re.compile(r"(?<![^.\[])\w")
_NULL = "got `null`"
_BOUND = re.compile(r"Expected `\w+` (of length )?([<>])= (-?\d+)(?:\.0)?")
_PATTERN = re.compile(r"Expected `str` matching regex '\^(.*)\\\\Z'")

_US_PER_S = 1_000_000
_MINUTE_US = 60 * _US_PER_S
_LONG_US = 10 * _MINUTE_US


def decode(body: bytes, decoder: msgspec.json.Decoder[Shape]) -> Shape:
    """The request in a body; an empty body is `{}`.

    Raises:
        UnreadableBodyError: It is no JSON object.
        InputError: A member is missing or is not what it must be; the message names it.
    """
    try:
        return decoder.decode(body or b"{}")
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableBodyError(f"the body is not JSON: {error}") from error


def _refusal(text: str) -> InputError:
    """AWS's sentence for what msgspec says."""
    match = _PLACE.match(text)
    what, path = (match["what"], match["path"] or "") if match else (text, "")
    missing = _MISSING.match(what)
    if missing:
        path = f"{path}.{missing[1]}" if path else missing[1]
    if not path:
        return UnreadableBodyError("the body is not a JSON object")
    if missing or what.endswith(_NULL):
        what = "Member must not be null"
    elif bound := _BOUND.fullmatch(what):
        size, side = "length" if bound[1] else "value", "less" if bound[2] == "<" else "greater"
        what = f"Member must have {size} {side} than or equal to {bound[3]}"
    elif pattern := _PATTERN.fullmatch(what):
        what = f"Member must satisfy regular expression pattern: {pattern[1]}"
    return invalid(path, what)


def invalid(path: str, constraint: str) -> InputError:
    """The refusal of the member at a path such as `StartTime`, for breaking a constraint."""
    member = _WORD.sub(lambda first: first[0].lower(), path)
    return InputError(
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint:"
        f" {constraint}"
    )


def microseconds(member: str, value: Timestamp) -> int:
    """Epoch microseconds of a time in a request: a number, a numeral, or ISO 8601 (UTC if silent).

    Raises:
        InputError: It is none of these, or before 1970; the message names the member.
    """
    seconds = _seconds(value) if isinstance(value, str) else value
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        raise invalid(member, "Member must be a time in epoch seconds or ISO 8601")
    return to_us(seconds)


def time_range(start: Timestamp, end: Timestamp) -> tuple[int, int]:
    """Both ends of a range, epoch microseconds.

    Raises:
        InputError: One is no time, or the end is before the start.
    """
    start_us, end_us = microseconds("StartTime", start), microseconds("EndTime", end)
    if end_us < start_us:
        raise InputError("End time cannot be earlier than start time")
    return start_us, end_us


@contextlib.contextmanager
def over(start_us: int, end_us: int) -> Iterator[None]:
    """Name a range when the questions about it pass a limit.

    Raises:
        StoreTimeoutError: They did; its message has the range.
    """
    try:
        yield
    except StoreTimeoutError as error:
        start, end = (
            datetime.fromtimestamp(us // _US_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for us in (start_us, end_us)
        )
        raise StoreTimeoutError(error.resource, f"The query from {start} to {end}") from error


def full_minutes(start_us: int, end_us: int) -> tuple[int, int]:
    """The window of a map: one of ten minutes or more is widened to full minutes.

    Those are counted ahead (ADR 018); a window that begins and ends within a minute would have both
    broken minutes counted anew for each answer, which costs more than all others together.
    """
    if end_us - start_us < _LONG_US:
        return start_us, end_us
    return start_us // _MINUTE_US * _MINUTE_US, -(-end_us // _MINUTE_US) * _MINUTE_US


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
