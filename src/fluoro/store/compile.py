"""A filter expression as a condition on the rows of one trace, for the HAVING of a search.

The condition holds for every trace that the expression holds for, and perhaps for more: the caller
asks `filters.evaluate` again. Values travel as bound parameters only.
"""

from typing import Any

from fluoro.filters.tree import And, Expression, ServiceTest, Test, Value
from fluoro.model import outcome

_BITS = {"error": outcome.ERROR, "fault": outcome.FAULT, "throttle": outcome.THROTTLE}
_TROUBLE = outcome.ERROR | outcome.FAULT | outcome.THROTTLE
_ROOT = "is_segment AND parent_id = 0"
_AT_LEAST = {">": ">", ">=": ">=", "=": ">="}
"""What holds of something longer when a comparison holds."""

_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_NUMBERS = frozenset({"duration", "responsetime"})
_DURATION = "max(end_us) - min(start_us)"


def compile_filter(expression: Expression | None) -> tuple[str, dict[str, Any]]:
    """Text of the condition and its parameters; without an expression it is always true."""
    parameters: dict[str, Any] = {}
    return "1" if expression is None else _condition(expression, parameters), parameters


def _condition(expression: Expression, parameters: dict[str, Any]) -> str:
    match expression:
        case Test(field, None) if field.keyword == "ok":
            return f"countIf({_ROOT} AND bitAnd(flags, {_TROUBLE}) = 0) > 0"
        case Test(field, None) if field.keyword in _BITS:
            return f"countIf({_ROOT} AND bitAnd(flags, {_BITS[field.keyword]}) != 0) > 0"
        case Test(field, operator, (value,)) if field.keyword in _NUMBERS:
            return _comparison(field.keyword, str(operator), value, parameters)
        case ServiceTest(entity, None) if entity.is_plain:
            return f"countIf(node_name = {_bind(entity.name, 'String', parameters)}) > 0"
        case And(terms):
            return " AND ".join(f"({_condition(term, parameters)})" for term in terms)
        case _:
            return "1"


def _comparison(keyword: str, operator: str, value: Value, parameters: dict[str, Any]) -> str:
    """A trace's duration is at most what its rows span, since detached rows do not count in it."""
    if not isinstance(value, float):
        return "0"
    if keyword == "responsetime":
        if operator not in _COMPARISONS:
            return "0"
        bound = _bind(value, "Float64", parameters)
        return f"countIf({_ROOT} AND dur_us / 1e6 {operator} {bound}) > 0"
    if operator not in _AT_LEAST:
        return "1"
    bound = _bind(value, "Float64", parameters)
    return f"({_DURATION}) / 1e6 {_AT_LEAST[operator]} {bound}"


def _bind(value: object, type_: str, parameters: dict[str, Any]) -> str:
    name = f"p{len(parameters)}"
    parameters[name] = value
    return f"{{{name}:{type_}}}"
