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


def holds(expression: Expression, trace: Trace) -> bool:
    """Whether a trace is one of those that the expression asks for."""
    match expression:
        case And(terms):
            return all(holds(term, trace) for term in terms)
        case FlagTest(flag):
            return _has(flag, trace)
        case Comparison(field, compare, value):
            seconds = _number(field, trace)
            if seconds is None or not isinstance(value, float):
                return False
            return _COMPARE[compare](seconds, value)
        case ServiceTest(name):
            return any(node.name == name and node.type != CLIENT for node in trace.nodes)
        case _:
            assert_never(expression)


def _has(flag: Flag, trace: Trace) -> bool:
    """The outcome of the root segment as its summary has it."""
    if trace.root is None:
        return False
    bits = trace.root.flags
    match flag:
        case "ok":
            return not bits & (ERROR | FAULT | THROTTLE)
        case "error":
            return bool(bits & ERROR) and not bits & THROTTLE
        case "throttle":
            return bool(bits & THROTTLE)
        case "fault":
            return bool(bits & FAULT)
        case _:
            assert_never(flag)


def _number(field: NumberField, trace: Trace) -> float | None:
    """A number of the trace in seconds, None when it has none."""
    match field:
        case "duration":
            return to_seconds(trace.duration_us)
        case "responsetime":
            return None if trace.response_us is None else to_seconds(trace.response_us)
        case _:
            assert_never(field)
