"""The tree of a filter expression. `offset` is the 0-based place of a part in the text."""

from typing import Literal

import msgspec

Flag = Literal["ok", "error", "throttle", "fault"]
NumberField = Literal["duration", "responsetime"]
Operator = Literal["=", "!=", "<", "<=", ">", ">="]


class FlagTest(msgspec.Struct, frozen=True):
    """A bare outcome word: true when the root segment has that bit, `ok` when it has none.

    A throttled root is no `error`. Without a root segment none of the four is true.
    """

    flag: Flag
    offset: int


class Comparison(msgspec.Struct, frozen=True):
    """A number of the trace, in seconds, against a literal.

    The number is microseconds divided by 1e6 as 64-bit floats, not rounded. A value of another
    type than float is legal and matches nothing, whatever the operator.
    """

    field: NumberField
    operator: Operator
    value: float | str | bool
    offset: int


class ServiceTest(msgspec.Struct, frozen=True):
    """`service("name")`: some node of the trace's graph, real or inferred, has that name."""

    name: str
    offset: int


class And(msgspec.Struct, frozen=True):
    """All of the terms hold: two at least, none of them an And."""

    terms: tuple["Expression", ...]


Expression = FlagTest | Comparison | ServiceTest | And
