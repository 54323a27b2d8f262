"""What a filter expression means, on a whole trace; the store's SQL is held to it.

Source: spec of filter expressions, sections 2 to 4.
"""

import operator
from collections.abc import Callable
from typing import assert_never

from fluoro.filters.tree import (
    And,
    Comparison,
    Expression,
    Flag,
    FlagTest,
    NumberField,
    Operator,
    ServiceTest,
)
from fluoro.graph.nodes import CLIENT
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.times import to_seconds
from fluoro.traces.trace import Trace

_COMPARE: dict[Operator, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_HAS: dict[Flag, Callable[[int], bool]] = {
    "ok": lambda bits: not bits & (ERROR | FAULT | THROTTLE),
    "error": lambda bits: bool(bits & ERROR) and not bits & THROTTLE,
    "throttle": lambda bits: bool(bits & THROTTLE),
    "fault": lambda bits: bool(bits & FAULT),
}
"""The outcome words, of the bits of the root segment; as in its summary."""

_NUMBER_US: dict[NumberField, Callable[[Trace], int | None]] = {
    "duration": lambda trace: trace.duration_us,
    "responsetime": lambda trace: trace.response_us,
}
"""The numbers in microseconds, None where there is none."""


def holds(expression: Expression, trace: Trace) -> bool:
    """Whether a trace is one of those that the expression asks for."""
    match expression:
        case And(terms):
            return all(holds(term, trace) for term in terms)
        case FlagTest(flag):
            return trace.root is not None and _HAS[flag](trace.root.flags)
        case Comparison(field, compare, value):
            us = _NUMBER_US[field](trace)
            if us is None or not isinstance(value, float):
                return False
            return _COMPARE[compare](to_seconds(us), value)
        case ServiceTest(name):
            return any(node.name == name and node.type != CLIENT for node in trace.nodes)
        case _:
            assert_never(expression)
