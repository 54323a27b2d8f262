"""Times and durations as a person at a terminal writes and reads them."""

import re
from datetime import datetime

from fluoro.errors import SettingsError

_AGO = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>s|m|min|h|d|w)\Z")
_UNITS_S = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_EPOCH = re.compile(r"[0-9]{9,}(?:\.[0-9]+)?\Z")

_LONG = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_SECONDS_BELOW, _MILLISECONDS_BELOW, _MICROSECONDS_BELOW = 59.995, 0.9995, 0.0009995


def window(since: str, until: str, now_s: float) -> tuple[float, float]:
    """Start and end in epoch seconds.

    Args:
        since: So long ago (`90s`, `15m`, `1h`, `2d`, `1w`), a time in ISO 8601 (local if it does
            not say), or epoch seconds.
        until: The same; empty is now.
        now_s: Epoch seconds.

    Raises:
        SettingsError: One is none of these, or the end is before the start.
    """
    start_s = _moment("since", since, now_s)
    end_s = _moment("until", until, now_s) if until else now_s
    if end_s < start_s:
        raise SettingsError("until", f"{until or 'now'} is before {since}")
    return start_s, end_s


def _moment(setting: str, text: str, now_s: float) -> float:
    if ago := _AGO.match(text):
        return max(0.0, now_s - float(ago["number"]) * _UNITS_S[ago["unit"]])
    if _EPOCH.match(text):
        return float(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise SettingsError(
            setting, f"{text!r} is no time: write it as 15m, 2h, 3d ago, or as 2026-11-28T14:30"
        ) from error


def duration(seconds: float) -> str:
    """Three digits with the fitting unit, as the console writes them: `12.3 ms`, `2 min 5 s`."""
    if seconds < _MICROSECONDS_BELOW:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < _MILLISECONDS_BELOW:
        return f"{three(seconds * 1e3)} ms"
    return f"{three(seconds)} s" if seconds < _SECONDS_BELOW else _long(round(seconds))


def three(value: float) -> str:
    """Three significant digits of a number from 0 to 1000, two behind the point at most."""
    digits = next((digits for digits, below in ((2, 9.995), (1, 99.95)) if value < below), 0)
    return f"{value:.{digits}f}"


def _long(seconds: int) -> str:
    place = next(place for place, (size, _) in enumerate(_LONG) if seconds >= size)
    size, name = _LONG[place]
    whole, left = divmod(seconds, size)
    smaller, second = _LONG[place + 1] if place + 1 < len(_LONG) else (1, "")
    rest = left // smaller if second else 0
    return f"{whole} {name} {rest} {second}" if rest else f"{whole} {name}"


def clock(epoch_s: float, *, with_day: bool) -> str:
    """Local time to the second, the day before it if wanted."""
    moment = datetime.fromtimestamp(epoch_s).astimezone()
    return moment.strftime("%Y-%m-%d %H:%M:%S" if with_day else "%H:%M:%S")


def zone(epoch_s: float) -> str:
    """Name of the local time at a moment: `UTC`, `CET`."""
    return datetime.fromtimestamp(epoch_s).astimezone().tzname() or ""
