"""Whether a value fits a literal. Source: spec of filter expressions, section 2."""

import operator
from collections.abc import Callable, Iterable, Mapping

from fluoro.filters.keywords import KEYWORDS
from fluoro.filters.patterns import Pattern
from fluoro.filters.tree import Operator, Test, Value

_Literal = Value | Pattern

_NUMBERS: Mapping[Operator, Callable[[float, float], bool]] = {
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS: Mapping[Operator, Callable[[str, str], bool]] = {
    "!=": operator.ne,
    "contains": operator.contains,
    "beginswith": str.startswith,
    "endswith": str.endswith,
}
_SPELLED: Mapping[Value, bool] = {"true": True, "false": False}


def fits(test: Test, values: Iterable[Value | None]) -> bool:
    """Whether some value fits some literal of a test.

    Args:
        test: What is asked; without an operator: whether there is a value, or whether it is true.
        values: All values of its field. None is a value that no literal fits.
    """
    is_boolean = KEYWORDS[test.field.keyword].type == "boolean"
    if test.operator is None:
        return any(value is not False for value in values) if is_boolean else _is_any(values)
    literals: list[_Literal] = [_literal(each, test.operator, is_boolean) for each in test.values]
    given = (value for value in values if value is not None)
    if test.operator == "=":
        wanted = {_typed(literal) for literal in literals}
        return any(_typed(value) in wanted for value in given)
    return any(_fit(test.operator, value, literal) for value in given for literal in literals)


def _typed(value: _Literal) -> tuple[bool, _Literal]:
    """What two values are equal by: true is not 1."""
    return isinstance(value, bool), value


def _is_any(values: Iterable[Value | None]) -> bool:
    return any(True for _ in values)


def _literal(value: Value, sign: Operator, is_boolean: bool) -> _Literal:  # noqa: FBT001  private
    if is_boolean:
        return _SPELLED.get(value, value)
    return Pattern(value) if sign == "matches" and isinstance(value, str) else value


def _fit(sign: Operator, value: Value, literal: _Literal) -> bool:
    """Only values of the literal's own type are compared, and only by what orders that type."""
    match value, literal:
        case bool(), bool():
            return sign == "!=" and value is not literal
        case (bool(), _) | (_, bool()):
            return False
        case str(), Pattern():
            return literal.is_in(value)
        case str(), str():
            return sign in _TEXTS and _TEXTS[sign](value, literal)
        case float() | int(), float() | int():
            return sign in _NUMBERS and _NUMBERS[sign](value, literal)
        case _:
            return False
