"""Reading an optional member of the wrong type, as the store's typed JSONExtract does.

Each function takes any JSON value and always has an answer; what cannot be read is the type's
empty value. Source: observed answers of ClickHouse 26 (`"200"` as UInt16 is 200).
"""

import re
import sys
from decimal import Decimal

import msgspec

_NUMERAL = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?\Z")
_BYTE = 255
_PLAIN_FROM, _PLAIN_BELOW = 1e-6, 1e21


def text(value: object) -> str:
    """A string; a number, boolean, object or list gives its compact JSON text, null nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _float_text(value)
    try:
        return msgspec.json.encode(value).decode()
    except RecursionError:
        return ""


def integer(value: object, most: int) -> int:
    """A whole number in 0..most, fractions cut; also from a string that is a numeral. Else 0."""
    if value is None:
        return 0
    if isinstance(value, str):
        value = float(value) if _NUMERAL.match(value) else 0
    if not isinstance(value, int | float) or not 0 <= value <= most:
        return 0
    return int(value)


def flag(value: object) -> bool:
    """`true`, or what reads as a whole number in 1..255."""
    if value is None or isinstance(value, bool):
        return value is True
    return integer(value, _BYTE) > 0


def number(value: float) -> float:
    """A JSON number as float64; what is too large is the largest finite one."""
    largest = sys.float_info.max
    return float(max(min(value, largest), -largest))


def members(value: object) -> dict[str, object]:
    """An object's members; of anything else none."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """A list's items; of anything else none."""
    return value if isinstance(value, list) else []


def _float_text(value: float) -> str:
    """The shortest text that reads back as the same float64, without `.0`, `e+` and `e-0`."""
    if abs(value) > sys.float_info.max:
        return ""
    if value and not _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return repr(value).replace("e+", "e").replace("e-0", "e-")
    plain = format(Decimal(repr(value)), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
