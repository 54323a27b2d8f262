"""Error, fault and throttle: the bits of a span and the one bucket it is counted in.

A bit is set by its flag or by the HTTP status, since SDKs set one without the other (ASP.NET Core
sends `fault` with status 200). The bits are not exclusive; the bucket is.
Source: spec of the service graph, section 5, from observed answers of AWS.
"""

from typing import Literal

ERROR = 1
FAULT = 2
THROTTLE = 4
IN_PROGRESS = 8

Outcome = Literal["ok", "error", "throttle", "fault"]
OUTCOMES: tuple[Outcome, ...] = ("ok", "error", "throttle", "fault")

_TOO_MANY_REQUESTS = 429
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS_FROM = 500


def flags(*, error: bool, fault: bool, throttle: bool, status: int, in_progress: bool) -> int:
    """The bits of one span; `status` is 0 when it has none."""
    bits = IN_PROGRESS if in_progress else 0
    if error or status in _CLIENT_ERRORS:
        bits |= ERROR
    if fault or status >= _SERVER_ERRORS_FROM:
        bits |= FAULT
    if throttle or status == _TOO_MANY_REQUESTS:
        bits |= THROTTLE
    return bits


def bucket(bits: int) -> Outcome:
    """The one bucket a finished span is counted in: throttle before fault before error."""
    if bits & THROTTLE:
        return "throttle"
    if bits & FAULT:
        return "fault"
    if bits & ERROR:
        return "error"
    return "ok"
