"""What a filter expression means, on a whole trace; the store's SQL is held to it.

Source: spec of filter expressions, sections 2 to 5.
"""

from collections.abc import Callable
from functools import partial

from fluoro.filters import causes, compare
from fluoro.filters.fields import Values, of_crossing, of_trace, of_visit
from fluoro.filters.scopes import Crossing, Scopes, Window
from fluoro.filters.selector import begins, means
from fluoro.filters.tree import (
    And,
    Constant,
    EdgeTest,
    Entity,
    Expression,
    Field,
    Not,
    Or,
    RootCausePattern,
    RootCauseTest,
    ServiceTest,
    Test,
)
from fluoro.graph.nodes import CLIENT
from fluoro.traces.trace import Trace

_Fits = Callable[[Test], bool]
"""Whether a test holds for what an expression is asked of."""


def holds(expression: Expression, trace: Trace, window: Window | None = None) -> bool:
    """Whether a trace is one of those that the expression asks for.

    Args:
        expression: One that was checked, with groups expanded.
        trace: With its metadata, when the expression asks for metadata.
        window: Where given, `service()` and `edge()` mean only what ended in it, first and last
            microsecond included; everything else means the whole trace all the same.

    Raises:
        ValueError: A group was not expanded (a bug in the caller).
    """
    scopes = Scopes(trace, window)
    return _holds(expression, partial(_fits, partial(of_trace, scopes)), scopes)


def _holds(expression: Expression, fits: _Fits, scopes: Scopes) -> bool:
    """One frame a level, so that the deepest expression stays far from Python's limit."""
    match expression:
        case Test():
            return fits(expression)
        case Not(term):
            return not _holds(term, fits, scopes)
        case And(terms) | Or(terms):
            decides = isinstance(expression, Or)
            for term in terms:
                if _holds(term, fits, scopes) is decides:
                    return decides
            return not decides
        case Constant(value):
            return value
        case _:
            return _finds(expression, scopes)


def _finds(expression: Expression, scopes: Scopes) -> bool:
    """A test that looks for something inside of the trace."""
    match expression:
        case ServiceTest(entity, body):
            found = [visit for visit in scopes.visits if means(entity, visit.node)]
            if body is None:
                return bool(found) or _finds_client(entity, scopes)
            return any(
                _holds(body, partial(_fits, partial(of_visit, visit, scopes)), scopes)
                for visit in found
            )
        case EdgeTest(source, target, body):
            return any(
                body is None or _holds(body, partial(_fits_crossing, crossing, scopes), scopes)
                for crossing in scopes.crossings
                if begins(source, crossing.source, is_client=crossing.is_client)
                and means(target, crossing.target)
            )
        case RootCauseTest(kind, part, body):
            found_causes = causes.elements(scopes.trace.root_causes, kind, part)
            return any(
                body is None or _holds(body, partial(_fits, each), scopes) for each in found_causes
            )
        case RootCausePattern():
            return causes.fits(scopes.trace.root_causes, expression)
        case _:
            raise ValueError(f"Not expanded: {expression}")


def _fits(values_of: Callable[[Field], Values], test: Test) -> bool:
    return compare.fits(test, values_of(test.field))


def _fits_crossing(crossing: Crossing, scopes: Scopes, test: Test) -> bool:
    match test.field.keyword:
        case "source.annotation":
            return crossing.caller is not None and crossing.caller.fits(test)
        case "destination.annotation":
            return crossing.callee.fits(test)
        case _:
            return compare.fits(test, of_crossing(crossing, scopes, test.field))


def _finds_client(entity: Entity, scopes: Scopes) -> bool:
    """The client is a service only for who asks for its type."""
    return entity.type == CLIENT and any(means(entity, node) for node in scopes.clients)
