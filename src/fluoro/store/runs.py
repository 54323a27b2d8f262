"""Which rows of table `edges` make a window: the longest periods that fit, minutes for the rest.

A period's own run counts while it is newer than those of all its minutes (ADR 018).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from fluoro.model.tenant import Tenant
from fluoro.store import freshness
from fluoro.store.edge_table import MINUTE_S, PERIODS_S
from fluoro.store.freshness import Stretch
from fluoro.store.keys import owner
from fluoro.store.pool import Pool, Row

_TEN_S = PERIODS_S[0]
_PERIODS = f"""
SELECT toUInt32(intDiv(at_s, {_TEN_S}) * {_TEN_S}) AS period,
    maxIf(run, seconds = {_TEN_S}) AS own, maxIf(run, seconds < {_TEN_S}) AS newest,
    groupArrayIf((seconds, run), seconds > {_TEN_S}) AS longer,
    if(own > newest AND period + {_TEN_S} <= {{last_s:UInt32}}
        AND NOT has({{broken:Array(UInt32)}}, period),
        [], groupArrayIf((seconds, at_s, run), seconds < {_TEN_S})) AS minutes
FROM ({freshness.RUNS}) GROUP BY period"""
"""Ten minutes each: their own run, the newest run or note of their minutes, the runs of longer
periods that begin with them, and those of the minutes unless the ten can be taken as a whole.
`broken` are ten that cannot."""

_SHORT = 1441
"""Minutes of a stretch, up to which its runs are told apart here: to plan that takes longer. A day
that begins within a minute is widened to so many."""


class Run(NamedTuple):
    """The rows of one minute or period."""

    seconds: int
    moment_s: int
    """When it begins, epoch seconds."""
    run: int


def covering(
    pool: Pool, tenant: Tenant, stretch: Stretch, changed: Callable[[], AbstractSet[int]]
) -> tuple[list[Run], list[Stretch]]:
    """What makes a stretch: runs, and minutes that have to be counted from `spans`.

    Each minute is in one of them; those that have neither are empty.

    Args:
        pool: The store.
        tenant: Whose.
        stretch: The window's full minutes.
        changed: Gives those that have changed without a note of it; may be asked meanwhile.
    """
    rows, unnoted = _periods(pool, tenant, stretch, changed)
    minutes: dict[int, int] = {}
    notes: dict[int, int] = {}
    for *_, of_minutes in rows:
        for seconds, moment_s, run in of_minutes:
            newest = minutes if seconds else notes
            newest[moment_s] = max(run, newest.get(moment_s, 0))
    noted = {
        moment_s // MINUTE_S for moment_s, us in notes.items() if us >= minutes.get(moment_s, 0)
    }
    raw = freshness.stretches(noted | unnoted, stretch)
    taken = bytearray(stretch.last - stretch.first)

    def take(first: int, last: int) -> bool:
        """Whether minutes were free; they are not afterwards."""
        is_free = first >= 0 and last <= len(taken) and 1 not in taken[first:last]
        if is_free:
            taken[first:last] = b"\1" * (last - first)
        return is_free

    for each in raw:
        take(each.first - stretch.first, each.last - stretch.first)
    found = []
    for run in (*_whole(rows), *(Run(MINUTE_S, *minute) for minute in minutes.items())):
        first = run.moment_s // MINUTE_S - stretch.first
        if take(first, first + run.seconds // MINUTE_S):
            found.append(run)
    return found, raw


def _periods(
    pool: Pool, tenant: Tenant, stretch: Stretch, changed: Callable[[], AbstractSet[int]]
) -> tuple[Sequence[Row], AbstractSet[int]]:
    """Rows as those of `_PERIODS`, and what `changed` gives."""
    values = {**owner(tenant), **freshness.within(stretch)}
    if stretch.last - stretch.first <= _SHORT:
        found = pool.query(freshness.RUNS, values)
        return _by_ten(found), changed()
    rows = pool.query(_PERIODS, {**values, "broken": []})
    unnoted = changed()
    broken = {minute * MINUTE_S // _TEN_S * _TEN_S for minute in unnoted}
    if any(own and period in broken and not of_minutes for period, own, *_, of_minutes in rows):
        rows = pool.query(_PERIODS, {**values, "broken": sorted(broken)})
    return rows, unnoted


def _by_ten(found: Sequence[Row]) -> Sequence[Row]:
    """Rows of `freshness.RUNS` as those of `_PERIODS`, with all minutes."""
    periods: defaultdict[int, list[Row]] = defaultdict(list)
    for row in found:
        periods[row[1] // _TEN_S * _TEN_S].append(row)
    return [
        (
            period_s,
            max((run for seconds, _, run in of_period if seconds == _TEN_S), default=0),
            max((run for seconds, _, run in of_period if seconds < _TEN_S), default=0),
            [(seconds, run) for seconds, _, run in of_period if seconds > _TEN_S],
            [row for row in of_period if row[0] < _TEN_S],
        )
        for period_s, of_period in periods.items()
    ]


def _whole(rows: Sequence[Row]) -> Iterator[Run]:
    """Runs of `_PERIODS` that are newer than those of all their minutes, the longest first."""
    newest = {period_s: of_minutes for period_s, _, of_minutes, *_ in rows}
    own = {(_TEN_S, period_s): run for period_s, run, *_ in rows}
    for period_s, _, _, longer, _ in rows:
        for seconds, run in longer:
            own[seconds, period_s] = max(run, own.get((seconds, period_s), 0))
    for (seconds, period_s), run in sorted(own.items(), reverse=True):
        inside = range(period_s, period_s + seconds, _TEN_S)
        if run > max(newest.get(each, 0) for each in inside):
            yield Run(seconds, period_s, run)
