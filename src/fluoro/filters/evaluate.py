"""What a filter expression means, on a whole trace; the store's SQL is held to it.

Source: spec of filter expressions, sections 2 to 4.
"""

import operator
from collections.abc import Callable

from fluoro.errors import FilterTypeError
from fluoro.filters.tree import And, Constant, Expression, Not, Operator, Or, ServiceTest, Test
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

_HAS: dict[str, Callable[[int], bool]] = {
    "ok": lambda bits: not bits & (ERROR | FAULT | THROTTLE),
    "error": lambda bits: bool(bits & ERROR) and not bits & THROTTLE,
    "throttle": lambda bits: bool(bits & THROTTLE),
    "fault": lambda bits: bool(bits & FAULT),
}
"""The outcome words, of the bits of the root segment; as in its summary."""

_NUMBER_US: dict[str, Callable[[Trace], int | None]] = {
    "duration": lambda trace: trace.duration_us,
    "responsetime": lambda trace: trace.response_us,
}
"""The numbers in microseconds, None where there is none."""


def holds(expression: Expression, trace: Trace) -> bool:  # noqa: PLR0911  one a kind of part
    """Whether a trace is one of those that the expression asks for.

    Raises:
        FilterTypeError: A part that has no meaning here.
    """
    match expression:
        case And(terms):
            return all(holds(term, trace) for term in terms)
        case Or(terms):
            return any(holds(term, trace) for term in terms)
        case Not(term):
            return not holds(term, trace)
        case Constant(value):
            return value
        case Test(field, None) if field.keyword in _HAS:
            return trace.root is not None and _HAS[field.keyword](trace.root.flags)
        case Test(field, compare, values) if field.keyword in _NUMBER_US:
            us = _NUMBER_US[field.keyword](trace)
            if us is None or compare not in _COMPARE:
                return False
            seconds = to_seconds(us)
            return any(isinstance(v, float) and _COMPARE[compare](seconds, v) for v in values)
        case ServiceTest(entity, None):
            return any(node.name == entity.name and node.type != CLIENT for node in trace.nodes)
        case _:
            raise FilterTypeError("This part of the expression is not known", expression.offset)
