"""A filter expression as a condition on the rows of one trace, for the HAVING of a search.

The condition holds for every trace that the expression holds for, and perhaps for more: the caller
asks `filters.evaluate` again. Values travel as bound parameters only.

Two things are not seen here: that spans which hang on each other in a circle make a trace partial,
and that a call was moved below another segment than that of its document.
"""

from typing import Any

import msgspec

from fluoro.filters.tree import (
    And,
    Constant,
    EdgeTest,
    Entity,
    Expression,
    Not,
    Or,
    RootCausePattern,
    RootCauseTest,
    ServiceTest,
    Test,
)
from fluoro.graph.nodes import CLIENT
from fluoro.model import outcome
from fluoro.store import bodies
from fluoro.store.conditions import (
    ALWAYS,
    CALL,
    FINISHED,
    NEVER,
    ROOT,
    Bound,
    OnRow,
    all_of,
    any_of,
    exact,
    means,
)
from fluoro.store.parts import (
    COMMON,
    ENTITY,
    INDEXED,
    RARE,
    SURE,
    UNKNOWN,
    Part,
    all_parts,
    any_part,
    constant,
    exists,
    no_part,
    of_trace,
    surely,
    unanswered,
)

Window = tuple[int, int]
"""First and last epoch microsecond of what `service()` and `edge()` look at."""

_CALLED = "is_segment AND parent_id != 0"
_ANYTHING = exact(ALWAYS)

_CAUSE = {
    "fault": f"bitAnd(flags, {outcome.FAULT}) != 0",
    "error": f"bitAnd(flags, {outcome.ERROR | outcome.THROTTLE}) != 0",
    "responsetime": f"{ROOT} AND {FINISHED} AND dur_us > 0",
}
"""A row without which there is no root cause of a kind."""


class Compiled(msgspec.Struct, frozen=True):
    """An expression as SQL."""

    condition: str
    """For the HAVING of `GROUP BY trace_id` over all rows of a trace."""
    parameters: dict[str, Any]
    row: str = ""
    """For a WHERE: each trace that is asked for has such a row; empty when nothing is known."""
    is_indexed: bool = False
    """An index leaves out most of the table for it."""
    also: tuple[str, ...] = ()
    """Further rows that each trace has which is asked for."""
    is_row_all: bool = False
    """Each trace with all of these rows fulfils the condition."""
    sufficient: str = NEVER
    """As the condition, but it holds only where the expression does, if the rows read are FINAL."""

    @property
    def needs_final(self) -> bool:
        """Whether outdated rows could make a trace a candidate that FINAL leaves out."""
        return SURE in self.condition


def compile_filter(expression: Expression | None, window: Window | None = None) -> Compiled:
    """Compile an expression that was checked, with its groups put in.

    Args:
        expression: None is always true.
        window: Where given, `service()` and `edge()` look at what ended in it alone.
    """
    if expression is None:
        return Compiled(ALWAYS, {}, sufficient=ALWAYS)
    compiler = _Compiler(window)
    part = compiler.compile(expression)
    return Compiled(
        part.necessary,
        compiler.bound.values,
        part.row,
        part.rank == INDEXED,
        part.also,
        part.is_alone,
        part.sufficient,
    )


def _is_above(parent: str, child: str) -> str:
    """Whether a row that fits is the parent of another."""
    return f"hasAny(groupArrayIf(id, {parent}), groupArrayIf(parent_id, {child}))"


class _Compiler:
    """One statement's parameters, and the window that holds for all of it."""

    def __init__(self, window: Window | None) -> None:
        self.bound = Bound()
        self._in_window = ALWAYS
        if window is not None:
            first, last = (self.bound.integer(each) for each in window)
            self._in_window = f"{FINISHED} AND start_us + dur_us BETWEEN {first} AND {last}"

    def compile(self, expression: Expression) -> Part:
        """A part that stands in no braces."""
        match expression:
            case Test():
                return of_trace(expression, self.bound)
            case Not(term):
                return no_part(self.compile(term))
            case And(terms) | Or(terms):
                join = all_parts if isinstance(expression, And) else any_part
                return join([self.compile(term) for term in terms])
            case Constant(value):
                return constant(value=value)
            case _:
                return self._look(expression)

    def _look(self, expression: Expression) -> Part:
        """A test that looks for something inside of the trace."""
        match expression:
            case ServiceTest(entity, body):
                return self._service(entity, body)
            case EdgeTest(source, target, body):
                return self._edge(source, target, body)
            case RootCauseTest(kind=kind) | RootCausePattern(kind=str(kind)):
                return Part(exists(_CAUSE[kind]), NEVER, _CAUSE[kind])
            case _:
                return UNKNOWN

    def _service(self, entity: Entity, body: Expression | None) -> Part:
        is_it = all_of([self._in_window, means(entity, self.bound)])
        inside = _ANYTHING if body is None else bodies.of_entity(body, self.bound)
        is_named = bool(entity.name or entity.type)
        kind = ALWAYS if is_named else ENTITY  # what has a node is an entity, or may become one
        row = all_of([kind, is_it, inside.necessary])
        sure = all_of([is_it, inside.sufficient])
        somewhere = self._somewhere(body)
        part = Part(
            all_of([exists(row), somewhere]),
            any_of([surely(all_of(["is_segment", sure])), unanswered(sure)]),
            row,
            RARE if is_named else COMMON,
            is_alone=somewhere == ALWAYS,
        )
        if body is None and entity.type == CLIENT:
            return any_part([part, self._client(entity, _ANYTHING, ALWAYS)])
        return part

    def _edge(self, source: Entity, target: Entity, body: Expression | None) -> Part:
        """Who called is known of a row only when it is nested in the document of its segment."""
        inside = _ANYTHING if body is None else bodies.of_call(body, self.bound)
        is_target = means(target, self.bound)
        ended = all_of([FINISHED, self._in_window, inside.necessary])
        caller = self._caller(source)
        calls = all_of([CALL, ended, caller])
        callees = all_of([_CALLED, is_target])
        arrivals = all_of([callees, ended])
        reaches = any_of(
            [
                exists(all_of([calls, is_target])),
                _is_above(calls, callees),
                exists(arrivals)
                if caller == ALWAYS
                else _is_above(all_of([f"NOT ({CALL})", caller]), arrivals),
            ]
        )
        begins = exists(all_of(["is_segment", means(source, self.bound)]))
        between = Part(all_of([reaches, begins]), NEVER, any_of([arrivals, calls]), RARE)
        part = any_part([between, self._arrival(source, inside, is_target)])
        row = is_target if target.name else part.row  # one column, and there in each case
        return part._replace(necessary=all_of([part.necessary, self._somewhere(body)]), row=row)

    def _arrival(self, source: Entity, inside: OnRow, is_target: str) -> Part:
        """A client's call; a name in `id()` is no client's unless the type says so."""
        is_possible = source.type == CLIENT or (
            source.type is None and (source.name is None or source.is_plain)
        )
        return self._client(source, inside, is_target) if is_possible else constant(value=False)

    def _client(self, client: Entity, inside: OnRow, is_target: str) -> Part:
        """The client has the name and the account of the root that it called."""
        is_it = means(msgspec.structs.replace(client, type=None), self.bound)
        call = all_of([ROOT, FINISHED, self._in_window, is_it, is_target])
        row = all_of([call, inside.necessary])
        return Part(exists(row), surely(all_of([call, inside.sufficient])), row, RARE)

    def _caller(self, source: Entity) -> str:
        """Whether a call may come from a segment with the name."""
        if source.name is None:
            return ALWAYS
        return f"service IN ('', {self.bound.text(source.name)})"

    def _somewhere(self, body: Expression | None) -> str:
        return ALWAYS if body is None else bodies.somewhere(body, self.bound)
