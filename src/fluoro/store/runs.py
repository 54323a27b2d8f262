"""Which rows of table `edges` make a window: the longest periods that fit, minutes for the rest.

A period's own run counts while it is newer than those of all its minutes (ADR 018).
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from fluoro.model.tenant import Tenant
from fluoro.store import freshness
from fluoro.store.edge_table import MINUTE_S, PERIODS_S
from fluoro.store.freshness import Stretch
from fluoro.store.keys import OWNER, owner
from fluoro.store.pool import Pool

_SHORTEST_S = PERIODS_S[0]
_IS_WHOLE = f"maxIf(run, seconds = length) > maxIf(run, seconds = {MINUTE_S})"
_NONE = "CAST([], 'Array(Tuple(UInt32, UInt64))')"
_PERIODS = f"""
SELECT length, toUInt32(intDiv(toUnixTimestamp(moment), length) * length) AS period,
    if({_IS_WHOLE}, maxIf(run, seconds = length), 0) AS own,
    if(length > {_SHORTEST_S} OR ({_IS_WHOLE} AND period + length <= {{last_s:UInt32}}
        AND NOT has({{broken:Array(UInt32)}}, period)), {_NONE},
        groupArrayIf((toUnixTimestamp(moment), run), seconds = {MINUTE_S})) AS minutes
FROM edge_runs ARRAY JOIN CAST({list(PERIODS_S)}, 'Array(UInt16)') AS length
WHERE {OWNER} AND {freshness.MOMENT} AND seconds IN ({MINUTE_S}, length)
GROUP BY length, period HAVING own > 0 OR notEmpty(minutes)"""
"""Periods with their own run, 0 when it does not count. Minutes are with those ten that are not
whole, or not wanted as a whole (`broken`)."""


class Run(NamedTuple):
    """The rows of one minute or period."""

    seconds: int
    moment_s: int
    """When it begins, epoch seconds."""
    run: int


def covering(pool: Pool, tenant: Tenant, stretch: Stretch, without: Sequence[Stretch]) -> list[Run]:
    """Runs of all minutes of a stretch but those in `without`, each minute in one of them.

    Minutes that have no run are empty.
    """
    taken = bytearray(stretch.last - stretch.first)
    for each in without:
        taken[each.first - stretch.first : each.last - stretch.first] = b"\1" * (
            each.last - each.first
        )
    shortest = _SHORTEST_S // MINUTE_S
    broken = [
        minute * MINUTE_S
        for each in without
        for minute in range(each.first // shortest * shortest, each.last, shortest)
    ]
    values = {**owner(tenant), **freshness.within(stretch), "broken": broken}
    rows = pool.query(_PERIODS, values)
    found = []
    minutes: dict[int, int] = {}
    for seconds, moment_s, run, of_minutes in sorted(rows, key=itemgetter(0), reverse=True):
        first = moment_s // MINUTE_S - stretch.first
        last = first + seconds // MINUTE_S
        if run and first >= 0 and last <= len(taken) and 1 not in taken[first:last]:
            taken[first:last] = b"\1" * (last - first)
            found.append(Run(seconds, moment_s, run))
        for minute_s, of_minute in of_minutes:
            minutes[minute_s] = max(of_minute, minutes.get(minute_s, 0))
    return found + [
        Run(MINUTE_S, minute_s, run)
        for minute_s, run in minutes.items()
        if not taken[minute_s // MINUTE_S - stretch.first]
    ]
