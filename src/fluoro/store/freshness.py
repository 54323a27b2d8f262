"""Which minutes of table `edges` say what `spans` says, and which do not (any more).

A minute is stale when it was noted after its newest run began, and when documents have come that
were not noted yet: those received since the last pass, and some time before it,
for inserts that were under way elsewhere. A minute without run and without note is empty.
"""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from fluoro.graph.edges import APART_US
from fluoro.model.tenant import Tenant
from fluoro.store.edge_table import MINUTE_S, NOTE_S, PERIODS_S, SINCE
from fluoro.store.keys import OWNER, buckets, owner
from fluoro.store.pool import Pool

LOOK_BACK_US = 3600 * 1_000_000
"""How far before a document that was not noted yet a read looks for minutes that it changed."""

_US_PER_MINUTE = 60_000_000
_US_PER_DAY = 86_400 * 1_000_000
_MOST_STRETCHES = 24
"""As many a read takes from `spans` one by one."""


class Stretch(NamedTuple):
    """Minutes since 1970, from one on and before another."""

    first: int
    last: int


class Arrivals(NamedTuple):
    """Spans of one tenant that began on one day and were received since some time."""

    tenant: Tenant
    day: int
    """Since 1970."""
    first_us: int
    """Earliest begin."""
    last_us: int
    """Latest end."""


def arrivals(pool: Pool, since_us: int, tenant: Tenant | None = None) -> list[Arrivals]:
    """What was received after a time."""
    whose = OWNER if tenant else "1"
    rows = pool.query(
        "SELECT account, region, toUInt32(intDiv(start_us, {day_us:Int64})) AS day,"
        " min(start_us), max(start_us + dur_us) FROM spans"
        f" WHERE {whose} AND {_RECEIVED} GROUP BY account, region, day",
        {**(owner(tenant) if tenant else {}), **_received(since_us), "day_us": _US_PER_DAY},
    )
    return [Arrivals(Tenant(*row[:2]), *row[2:]) for row in rows]


_RECEIVED = "received >= toDate({received:UInt16}) AND receipt_us > {receipt:Int64}"


def _received(since_us: int) -> dict[str, int]:
    since_us = max(since_us, 0)
    return {"received": since_us // _US_PER_DAY, "receipt": since_us}


def began_us(pool: Pool, arrived: Arrivals, since_us: int) -> int:
    """Earliest begin of any document of the traces that the arrivals are of."""
    ((first_us,),) = pool.query(
        f"SELECT min(start_us) FROM documents WHERE {OWNER} AND trace_id IN ({_TRACES})",
        {**owner(arrived.tenant), **_received(since_us), **_of_day(arrived)},
    )
    return min(int(first_us), arrived.first_us)


_TRACES = (
    f"SELECT trace_id FROM spans WHERE {OWNER} AND {_RECEIVED}"
    " AND bucket BETWEEN toDateTime({day_first:UInt32}, 'UTC')"
    " AND toDateTime({day_last:UInt32}, 'UTC')"
)


def _of_day(arrived: Arrivals) -> dict[str, int]:
    begin_us = arrived.day * _US_PER_DAY
    _, values = buckets(begin_us, begin_us + _US_PER_DAY - 1)
    return {"day_first": values["first"], "day_last": values["last"]}


def touched(pool: Pool, arrived: Arrivals, since_us: int, from_us: int) -> set[int]:
    """Minutes in which spans of the arrivals' traces count, or did while they were unfinished.

    Args:
        pool: The store.
        arrived: Spans that came.
        since_us: After which receipt.
        from_us: Begin of the earliest span that is looked at.
    """
    around, values = buckets(from_us, arrived.last_us + APART_US)
    received = min(max(from_us // _US_PER_DAY - 1, 0), 2**16 - 1)
    rows = pool.query(
        "SELECT DISTINCT intDiv(arrayJoin(if(is_segment, [start_us, start_us + dur_us],"
        " [start_us + dur_us])), {minute_us:Int64}) FROM spans"
        f" PREWHERE trace_id IN ({_TRACES}) WHERE {OWNER} AND {around}"
        " AND received >= toDate({oldest:UInt16})",
        {
            **owner(arrived.tenant),
            **_received(since_us),
            **_of_day(arrived),
            **values,
            "oldest": received,
            "minute_us": _US_PER_MINUTE,
        },
    )
    return {row[0] for row in rows}


MOMENT = (
    "moment >= toDateTime({first_s:UInt32}, 'UTC') AND moment < toDateTime({last_s:UInt32}, 'UTC')"
)
"""Condition that keeps the moments of a stretch."""
LAST_S = 2**32 - 1


def within(stretch: Stretch) -> dict[str, int]:
    """Parameters of conditions on moments."""
    first, last = (min(max(each * MINUTE_S, 0), LAST_S) for each in stretch)
    return {"first_s": first, "last_s": last}


RUNS = (
    f"SELECT seconds, toUnixTimestamp(moment) AS at_s, run FROM edge_runs WHERE {OWNER}"
    f" AND {MOMENT}"
)
"""Every run of what begins in a stretch, and the notes of its minutes; `at_s` is the begin of the
period or minute, epoch seconds."""

_IS_NOTED = (
    f"maxIf(run, seconds = {NOTE_S}) > 0"
    f" AND maxIf(run, seconds = {NOTE_S}) >= maxIf(run, seconds = {MINUTE_S})"
)


def noted(pool: Pool, tenant: Tenant, stretch: Stretch) -> set[int]:
    """Minutes of a stretch that were noted after their newest run began."""
    rows = pool.query(
        f"SELECT intDiv(at_s, {MINUTE_S}) AS minute FROM ({RUNS})"
        f" WHERE seconds IN ({NOTE_S}, {MINUTE_S}) GROUP BY minute HAVING {_IS_NOTED}",
        {**owner(tenant), **within(stretch)},
    )
    return {row[0] for row in rows}


def unanswered(pool: Pool, tenant: Tenant, since: date) -> dict[int, date]:
    """Minutes that were noted after their newest run began, with the day of the last note.

    Going by the notes and runs of a day and later: a note is not answered on a day before its own.
    """
    rows = pool.query(
        f"SELECT intDiv(toUnixTimestamp(moment), {MINUTE_S}) AS minute,"
        f" argMaxIf(received, run, seconds = {NOTE_S}) FROM edge_runs"
        f" WHERE {OWNER} AND {SINCE} AND seconds IN ({NOTE_S}, {MINUTE_S})"
        f" GROUP BY minute HAVING {_IS_NOTED}",
        {**owner(tenant), "since": since},
    )
    return {row[0]: row[1] for row in rows}


def changed(pool: Pool, tenant: Tenant, stretch: Stretch, since_us: int) -> set[int]:
    """Minutes of a stretch that documents received since some time have changed."""
    found: set[int] = set()
    for arrived in arrivals(pool, since_us, tenant):
        from_us = arrived.first_us - LOOK_BACK_US
        if from_us < stretch.last * _US_PER_MINUTE and (
            arrived.last_us + APART_US >= stretch.first * _US_PER_MINUTE
        ):
            found |= touched(pool, arrived, since_us, from_us)
    return {minute for minute in found if stretch.first <= minute < stretch.last}


def stretches(
    minutes: Iterable[int], within: Stretch, most: int = _MOST_STRETCHES
) -> list[Stretch]:
    """Minutes of a stretch as shorter ones, in order, at most so many.

    Where there are more, whole periods of ten minutes stand for their minutes, and near ones are
    taken together with what lies between.
    """
    length = gap = 1
    while True:
        found: list[Stretch] = []
        for begin in sorted({minute // length * length for minute in minutes}):
            first, last = max(begin, within.first), min(begin + length, within.last)
            if found and first - found[-1].last < gap:
                found[-1] = Stretch(found[-1].first, last)
            else:
                found.append(Stretch(first, last))
        if len(found) <= most:
            return found
        length = PERIODS_S[0] // MINUTE_S
        gap *= 4
