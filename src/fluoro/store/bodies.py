"""What stands in the braces of `service()` and `edge()`, as SQL about one row of `spans`.

The row is that of an entity or of a call. What other rows may add to it is unknown there: it is
asked of the whole trace (`somewhere`).
"""

from collections.abc import Callable

from fluoro.filters.tree import And, Constant, Expression, Not, Or, Test
from fluoro.store import conditions, parts
from fluoro.store.conditions import (
    ALWAYS,
    FINISHED,
    NEVER,
    ROOT,
    Bound,
    OnRow,
    accepted,
    all_of,
    any_of,
    exact,
    negated,
)

_OfRow = Callable[[Test, Bound], OnRow]

_OF_NODE = frozenset({"name", "type", "account.id"})
_OF_ROW_ALONE = _OF_NODE | {"inferred", "root"}
_OF_OTHERS = frozenset({"source.annotation", "destination.annotation", "metadata"})


def of_entity(body: Expression, bound: Bound) -> OnRow:
    """The body of `service()`, on the row of a segment or of a call that stands for one."""
    return _on_row(body, _entity, bound)


def of_call(body: Expression, bound: Bound) -> OnRow:
    """The body of `edge()`, on the row of a call, or of a segment that was reached without one."""
    return _on_row(body, _call, bound)


def somewhere(body: Expression, bound: Bound) -> str:
    """What a body needs of the whole trace, whichever of its rows are looked at."""
    match body:
        case Test():
            return _need(body, bound)
        case And(terms):
            return all_of([somewhere(term, bound) for term in terms])
        case Or(terms):
            return any_of([somewhere(term, bound) for term in terms])
        case _:
            return ALWAYS


def _on_row(body: Expression, of_row: _OfRow, bound: Bound) -> OnRow:
    match body:
        case Test():
            return of_row(body, bound)
        case Not(term):
            row = _on_row(term, of_row, bound)
            return OnRow(negated(row.sufficient), negated(row.necessary))
        case And(terms) | Or(terms):
            rows = [_on_row(term, of_row, bound) for term in terms]
            join = all_of if isinstance(body, And) else any_of
            necessary = join([row.necessary for row in rows])
            return OnRow(necessary, join([row.sufficient for row in rows]))
        case Constant(value):
            return exact(ALWAYS if value else NEVER)
        case _:
            raise TypeError(f"Not in braces: {body}")


def _entity(test: Test, bound: Bound) -> OnRow:
    match test.field.keyword:
        case "inferred":
            return exact(conditions.boolean("NOT is_segment", test))
        case "root":
            return exact(conditions.boolean(ROOT, test))
        case "partial":
            return _partial(test)
        case "duration":
            return _duration(test, bound)
        case keyword if keyword in _OF_NODE:
            return conditions.of_any(test, bound)
        case _:
            return conditions.own(test, bound) or _inside(test, bound)


def _inside(test: Test, bound: Bound) -> OnRow:
    """What any row inside of an entity may have, its own among them."""
    if test.field.keyword == "metadata":
        return OnRow(ALWAYS, NEVER)
    return OnRow(ALWAYS, conditions.of_any(test, bound).sufficient)


def _partial(test: Test) -> OnRow:
    """Something inside is unfinished."""
    taken = accepted(test)
    if len(taken) != 1:
        return exact(ALWAYS if taken else NEVER)
    return OnRow(ALWAYS, parts.UNFINISHED) if True in taken else OnRow(FINISHED, NEVER)


def _duration(test: Test, bound: Bound) -> OnRow:
    """An entity lasts at least as long as its own row."""
    if test.operator is None:
        return exact(FINISHED)
    row = all_of([FINISHED, conditions.number("dur_us / 1e6", test, bound)])
    if row == NEVER or test.operator in {"<", "<="}:
        return OnRow(row, NEVER)
    return OnRow(FINISHED, row if test.operator in {">", ">="} else NEVER)


def _call(test: Test, bound: Bound) -> OnRow:
    if test.field.keyword in _OF_OTHERS:
        return OnRow(ALWAYS, NEVER)
    return conditions.own(test, bound) or conditions.of_any(test, bound)


def _need(test: Test, bound: Bound) -> str:
    match test.field.keyword:
        case "metadata":
            return parts.metadata(test, bound)
        case "duration":
            return parts.lasts(test, bound)
        case "partial":
            return parts.exists(parts.UNFINISHED) if accepted(test) == {True} else ALWAYS
        case keyword if keyword in _OF_ROW_ALONE or conditions.own(test, Bound()) is not None:
            return ALWAYS
        case _:
            return parts.exists(conditions.of_any(test, bound).necessary)
