"""What the rows of one trace say of a test, as text for the HAVING of `GROUP BY trace_id`.

As of a row (`conditions`), there are two answers: a necessary one, which outdated rows may make
true but never false, and a sufficient one, for what stands under `!`.
"""

from collections.abc import Sequence
from typing import NamedTuple

from fluoro.filters.tree import Test
from fluoro.model import outcome
from fluoro.store import conditions
from fluoro.store.conditions import (
    ALWAYS,
    CALL,
    FINISHED,
    NEVER,
    ROOT,
    Bound,
    OnRow,
    accepted,
    all_of,
    any_of,
    negated,
)
from fluoro.store.keys import OWNER

SURE = "count() = uniqExact(id)"
"""No row is there twice, so none is outdated: FINAL does not see that a span came again with
another start."""

ENTITY = f"is_segment OR ({CALL} AND {FINISHED})"
"""A segment, or a call that stands for one unless a segment answers it."""

UNFINISHED = f"NOT ({FINISHED})"

_DURATION = "(max(end_us) - min(start_us)) / 1e6"
"""What a trace lasts at most: detached rows do not count in its duration."""


INDEXED, RARE, COMMON = range(3)
"""Ranks of rows: an index leaves out most of the table; they name something; any others."""


_ROW = "dur_us / 1e6"


class Part(NamedTuple):
    """A part of an expression, about one trace."""

    necessary: str
    sufficient: str
    row: str = ""
    """A row that there is whenever the part holds; empty when nothing is known."""
    rank: int = COMMON
    """How few traces have such a row, at a guess."""
    is_alone: bool = False
    """That there is such a row, and each of `also`, is all that is necessary."""
    also: tuple[str, ...] = ()
    """Further rows that there are whenever the part holds."""


UNKNOWN = Part(ALWAYS, NEVER)


def exists(row: str) -> str:
    """There is such a row, or was."""
    return row if row in {ALWAYS, NEVER} else f"countIf({row}) > 0"


def surely(row: str) -> str:
    """There is such a row, and it counts."""
    return row if row in {ALWAYS, NEVER} else f"{SURE} AND countIf({row}) > 0"


def unanswered(row: str) -> str:
    """There is such a call, and no segment answers it."""
    if row == NEVER:
        return NEVER
    calls = all_of([CALL, FINISHED, row])
    answered = "groupArrayIf(parent_id, is_segment)"
    return f"{SURE} AND NOT hasAll({answered}, groupArrayIf(id, {calls}))"


def all_parts(parts: Sequence[Part]) -> Part:
    """Every part holds; of the rows the rarest come first."""
    with_rows = sorted((part for part in parts if part.row), key=lambda part: part.rank)
    rows = [row for part in with_rows for row in (part.row, *part.also)]
    return Part(
        all_of([part.necessary for part in parts]),
        all_of([part.sufficient for part in parts]),
        rows[0] if rows else "",
        with_rows[0].rank if rows else COMMON,
        bool(rows) and all(part.is_alone or part.necessary == ALWAYS for part in parts),
        tuple(rows[1:]),
    )


def any_part(parts: Sequence[Part]) -> Part:
    """Some part holds."""
    possible = [part for part in parts if part.necessary != NEVER]
    has_rows = bool(possible) and all(part.row for part in possible)
    return Part(
        any_of([part.necessary for part in parts]),
        any_of([part.sufficient for part in parts]),
        any_of([part.row for part in possible]) if has_rows else "",
        max((part.rank for part in possible), default=COMMON),
        has_rows and all(part.is_alone and not part.also for part in possible),
    )


def no_part(part: Part) -> Part:
    """The part does not hold."""
    return Part(negated(part.sufficient), negated(part.necessary))


def constant(*, value: bool) -> Part:
    """Always or never."""
    text = ALWAYS if value else NEVER
    return Part(text, text)


def of_trace(test: Test, bound: Bound) -> Part:
    """A test that stands in no braces."""
    own = conditions.own(test, bound)
    if test.field.keyword == "error":
        throttled = f"bitAnd(flags, {outcome.THROTTLE}) != 0"
        failed = f"bitAnd(flags, {outcome.ERROR}) != 0 AND NOT ({throttled})"
        return _of_root(conditions.boolean(failed, test))
    if own is not None:
        return _of_root(own.necessary)
    return _of_any(test, bound)


def _of_any(test: Test, bound: Bound) -> Part:
    match test.field.keyword:
        case "partial":
            return _flag(_partial(), test)
        case "inferred":
            part = Part(exists(f"{CALL} AND {FINISHED}"), unanswered(ALWAYS))
            return _flag(part, test)
        case "duration":
            return Part(lasts(test, bound), _surely_lasts(test, bound))
        case "metadata":
            return Part(metadata(test, bound), NEVER)
        case "account.id":
            account = conditions.of_any(test, bound).necessary
            entity = all_of([ENTITY, account])
            return Part(exists(entity), surely(all_of(["is_segment", account])), entity)
        case _:
            return _some(conditions.of_any(test, bound), test)


def lasts(test: Test, bound: Bound) -> str:
    """Whether something that lasts no longer than the trace's rows may fit a test."""
    if test.operator is None:
        return ALWAYS
    sign = {">": ">", ">=": ">=", "=": ">="}.get(test.operator)
    numbers = conditions.numbers(test)
    if sign is None:
        is_possible = numbers and test.operator in {"<", "<=", "!="}
        return ALWAYS if is_possible else NEVER
    return any_of([f"{_DURATION} {sign} {bound.number(each)}" for each in numbers])


def _surely_lasts(test: Test, bound: Bound) -> str:
    """Whether the root alone is long enough, or all rows together are short enough."""
    match test.operator:
        case ">" | ">=":
            row = all_of([ROOT, FINISHED, "start_us > 0", conditions.number(_ROW, test, bound)])
            return surely(row)
        case "<" | "<=":
            fits = conditions.number(_DURATION, test, bound)
            return NEVER if fits == NEVER else all_of([SURE, fits])
        case _:
            return NEVER


def metadata(test: Test, bound: Bound) -> str:
    """Whether a document of the time that is searched may hold metadata that fits."""
    return (
        f"trace_id IN (SELECT trace_id FROM documents WHERE {OWNER}"
        " AND start_us BETWEEN {around_start:Int64} AND {around_end:Int64}"
        f" AND ({conditions.metadata(test, bound)}))"
    )


def _some(row: OnRow, test: Test) -> Part:
    """Some row of the trace has it."""
    where = row.pruned or row.necessary
    rank = RARE if test.operator == "=" else COMMON
    return Part(
        exists(row.necessary),
        surely(row.sufficient),
        "" if where == ALWAYS else where,
        INDEXED if row.pruned else rank,
        is_alone=where != ALWAYS,
    )


def _of_root(text: str) -> Part:
    """The root segment has it: the earliest, if there are several."""
    if text == NEVER:
        return Part(NEVER, NEVER)
    row = all_of([ROOT, text])
    other = all_of([ROOT, negated(text)])
    no_other = ALWAYS if other == NEVER else f"countIf({other}) = 0"
    return Part(exists(row), all_of([surely(row), no_other]), row, is_alone=True)


def _partial() -> Part:
    """Something is unfinished, or hangs on what has not come."""
    no_root = f"countIf({ROOT}) = 0"
    missing = f"uniqExactArray([id, if({ROOT}, id, parent_id)]) > uniqExact(id)"
    circle = "countIf(parent_id = id) > 0"
    return Part(
        any_of([exists(UNFINISHED), no_root, missing, circle]),
        any_of([surely(UNFINISHED), no_root]),
    )


def _flag(part: Part, test: Test) -> Part:
    """A test of a boolean that every trace has, given what makes it true."""
    taken = accepted(test)
    if len(taken) != 1:
        return constant(value=bool(taken))
    return part if True in taken else no_part(part)
