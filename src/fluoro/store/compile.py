"""A filter expression as a condition on the rows of one trace, for the HAVING of a search.

The condition holds for every trace that the expression holds for, and perhaps for more: the caller
asks `filters.evaluate` again. Values travel as bound parameters only.
"""

from typing import Any, assert_never

from fluoro.filters.tree import And, Comparison, Expression, FlagTest, ServiceTest
from fluoro.model import outcome

_BITS = {"error": outcome.ERROR, "fault": outcome.FAULT, "throttle": outcome.THROTTLE}
_TROUBLE = outcome.ERROR | outcome.FAULT | outcome.THROTTLE
_ROOT = "is_segment AND parent_id = 0"
_AT_LEAST = {">": ">", ">=": ">=", "=": ">="}
"""What holds of something longer when a comparison holds."""

_DURATION = "max(end_us) - min(start_us)"


def compile_filter(expression: Expression | None) -> tuple[str, dict[str, Any]]:
    """Text of the condition and its parameters; without an expression it is always true."""
    parameters: dict[str, Any] = {}
    return "1" if expression is None else _condition(expression, parameters), parameters


def _condition(expression: Expression, parameters: dict[str, Any]) -> str:
    match expression:
        case FlagTest(flag="ok"):
            return f"countIf({_ROOT} AND bitAnd(flags, {_TROUBLE}) = 0) > 0"
        case FlagTest(flag=flag):
            return f"countIf({_ROOT} AND bitAnd(flags, {_BITS[flag]}) != 0) > 0"
        case Comparison():
            return _comparison(expression, parameters)
        case ServiceTest(name=name):
            return f"countIf(node_name = {_bind(name, 'String', parameters)}) > 0"
        case And(terms=terms):
            return " AND ".join(f"({_condition(term, parameters)})" for term in terms)
        case _:
            assert_never(expression)


def _comparison(test: Comparison, parameters: dict[str, Any]) -> str:
    """A trace's duration is at most what its rows span, since detached rows do not count in it."""
    if not isinstance(test.value, float):
        return "0"
    if test.field == "responsetime":
        value = _bind(test.value, "Float64", parameters)
        return f"countIf({_ROOT} AND dur_us / 1e6 {test.operator} {value}) > 0"
    if test.operator not in _AT_LEAST:
        return "1"
    value = _bind(test.value, "Float64", parameters)
    return f"({_DURATION}) / 1e6 {_AT_LEAST[test.operator]} {value}"


def _bind(value: object, type_: str, parameters: dict[str, Any]) -> str:
    name = f"p{len(parameters)}"
    parameters[name] = value
    return f"{{{name}:{type_}}}"
