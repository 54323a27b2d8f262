"""Groups in expressions: each stands for the filter that is stored under its name.

Source: spec of filter expressions, section 6.
"""

from collections.abc import Callable

from fluoro.errors import FilterTypeError
from fluoro.filters.tree import (
    And,
    Constant,
    Expression,
    GroupTest,
    Not,
    Or,
)

Lookup = Callable[[str], Expression | None]
"""The filter of a group, by its name or its ARN; None when there is no such group."""


def expand_groups(expression: Expression, lookup: Lookup) -> Expression:
    """Put in the filter of each group; one that is not known holds for no trace.

    Raises:
        FilterTypeError: The filter of a group names a group again.
    """
    match expression:
        case GroupTest(_, sign, name, offset):
            found = lookup(name)
            if found is None:
                found = Constant(value=False)
            elif names_group(found):
                raise FilterTypeError(f"The filter of group {name} names a group itself", offset)
            return found if sign == "=" else Not(found)
        case Not(term):
            return Not(expand_groups(term, lookup))
        case And(terms):
            return And(tuple([expand_groups(term, lookup) for term in terms]))
        case Or(terms):
            return Or(tuple([expand_groups(term, lookup) for term in terms]))
        case _:
            return expression


def names_group(expression: Expression) -> bool:
    """Whether a group is named anywhere in an expression."""
    match expression:
        case GroupTest():
            return True
        case Not(term):
            return names_group(term)
        case And(terms) | Or(terms):
            return any(map(names_group, terms))
        case _:
            return False
