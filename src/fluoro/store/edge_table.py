"""Table `edges`: what was counted of closed minutes and longer periods, and which run counts."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from fluoro.graph.histogram import BUCKETS, Histogram
from fluoro.graph.rows import Node, Statistics
from fluoro.model.tenant import Tenant
from fluoro.store.counting import Counted
from fluoro.store.keys import OWNER, owner
from fluoro.store.pool import Parameters, Pool, Row

MINUTE_S = 60
PERIODS_S = (600, 3600, 43_200)
"""Values of `seconds`: a minute, and the longer periods that minutes are added up to, once all are
closed; each is made of those before it. A window is read by the longest that fit."""
NOTE_S = 0
"""Stands for `seconds` of a note, which is like a run of a minute: it gives no rows, and those of
the runs before it count no more."""

_NODES = "source_name, source_type, source_account, target_name, target_type, target_account"
_COLUMNS = (
    *("account", "region", "seconds", "moment", "kind", "is_root"),
    *_NODES.split(", "),
    *("ok", "error", "throttle", "fault", "total_us", "histogram", "outliving", "aliases"),
    *("first_us", "last_us", "first_finished_us", "last_finished_us", "run", "received"),
)
_FEW_RUNS = 32
"""Runs whose histograms are few."""
_OF_ANY = "mapKeys(sumMap(histogram) AS whole), mapValues(whole)"
_OF_FEW = f"""arrayFilter((bucket, count) -> count != 0, range({BUCKETS}), counts),
    arrayFilter(count -> count != 0, arrayReduce('sumResample(0, {BUCKETS}, 1)',
        groupArrayArray(mapValues(histogram)), groupArrayArray(mapKeys(histogram))) AS counts)"""
"""Buckets and counts of the sum of histograms; that of few costs less as one list, which of many
would be a long one."""

_SUMS = """sum(ok), sum(error), sum(throttle), sum(fault), sum(total_us),
    {histogram}, sumMap(outliving), arraySort(groupUniqArrayArray(aliases)),
    min(first_us), max(last_us), minIf(first_finished_us, first_finished_us != 0),
    max(last_finished_us)"""

_RUNS = "{runs:Array(Tuple(UInt16, DateTime('UTC'), UInt64))}"
_MOST_RUNS = 2_000
"""In one query: each takes 37 of the 131,072 bytes that a server reads of a parameter."""

OF_MINUTES = f"seconds = {MINUTE_S}"
"""Condition that keeps the rows of minutes."""
SINCE = "received >= {since:Date}"
"""Condition that keeps the runs and notes of a day and later."""


def current(within: str) -> str:
    """Condition that keeps the rows of the newest run of each minute or period."""
    return (
        f"{OWNER} AND {within} AND (seconds, moment, run) IN (SELECT seconds, moment, max(run)"
        f" FROM edge_runs WHERE {OWNER} AND {within} GROUP BY seconds, moment)"
    )


def read(
    pool: Pool,
    within: str,
    parameters: Parameters,
    *,
    only: str = "1",
    by_moment: bool = False,
) -> list[Counted]:
    """Rows of the minutes or periods that a condition keeps, added up.

    Args:
        pool: The store.
        within: Condition on `seconds` and `moment`.
        parameters: Its own, and the tenant's.
        only: Condition on kind and nodes.
        by_moment: Rows of each moment apart, `minute` says which; else there may be few moments.
    """
    minute = f"intDiv(toUnixTimestamp(moment), {MINUTE_S})" if by_moment else "0"
    histogram = _OF_ANY if by_moment else _OF_FEW
    return _read(pool, minute, f"{current(within)} AND ({only})", parameters, histogram)


def read_runs(
    pool: Pool, tenant: Tenant, runs: Sequence[tuple[int, int, int]]
) -> Iterator[Counted]:
    """Rows of runs, each a length, a moment (epoch seconds) and the run; many are added up."""
    histogram = _OF_FEW if len(runs) <= _FEW_RUNS else _OF_ANY
    for first in range(0, len(runs), _MOST_RUNS):
        values = {**owner(tenant), "runs": list(map(tuple, runs[first : first + _MOST_RUNS]))}
        where = f"{OWNER} AND (seconds, moment, run) IN {_RUNS}"
        yield from _read(pool, "0", where, values, histogram)


def _read(
    pool: Pool, minute: str, where: str, parameters: Parameters, histogram: str
) -> list[Counted]:
    sums = _SUMS.format(histogram=histogram)
    rows = pool.query(
        f"SELECT {minute} AS minute, kind, is_root, {_NODES}, {sums} FROM edges"
        f" WHERE {where} GROUP BY minute, kind, is_root, {_NODES}",
        parameters,
    )
    return [_counted(row) for row in rows]


def busy_minutes(pool: Pool, within: str, parameters: Parameters) -> list[int]:
    """Minutes since 1970, of those that a condition keeps as in `read`, in which anything ended."""
    rows = pool.query(
        f"SELECT DISTINCT intDiv(toUnixTimestamp(moment), {MINUTE_S}) FROM edges"
        f" WHERE {current(within)} AND ok + error + throttle + fault > 0",
        parameters,
    )
    return [row[0] for row in rows]


def write(  # noqa: PLR0913, PLR0917  columns of both tables
    pool: Pool,
    tenant: Tenant,
    seconds: int,
    moments: Iterable[int],
    rows: Iterable[Counted],
    run: int,
    received: date,
) -> None:
    """Put the rows of some minutes or periods in the place of all that was counted of them.

    Args:
        pool: The store.
        tenant: Whose.
        seconds: `MINUTE_S` or one of `PERIODS_S`.
        moments: Minutes since 1970 at which they begin, those without any row too.
        rows: Each with the minute of its moment.
        run: Greater than that of any other run (`store.moments`).
        received: The day by which they are kept.
    """
    found = [[*_row(tenant, seconds, row, run), received] for row in rows]
    if found:
        pool.insert("edges", found, _COLUMNS)
    pool.insert(
        "edge_runs",
        [
            [tenant.account, tenant.region, seconds, moment * MINUTE_S, run, received]
            for moment in moments
        ],
    )


def note(pool: Pool, tenant: Tenant, minutes: Iterable[int], noted_us: int, received: date) -> None:
    """Say that some minutes, since 1970, have changed; the rest as in `write`."""
    write(pool, tenant, NOTE_S, minutes, (), noted_us, received)


def stale_periods(pool: Pool, tenant: Tenant, seconds: int, until_s: int, since: date) -> list[int]:
    """Periods (epoch seconds) that end by then and have minutes newer than their own rows.

    Going by the runs of a day and later.
    """
    rows = pool.query(
        f"SELECT intDiv(toUnixTimestamp(moment), {seconds}) * {seconds} AS period"
        f" FROM edge_runs WHERE {OWNER} AND {SINCE}"
        f" GROUP BY period HAVING period + {seconds} <= {{until:UInt32}}"
        f" AND maxIf(run, seconds = {MINUTE_S}) > maxIf(run, seconds = {seconds})"
        " ORDER BY period DESC",
        {**owner(tenant), "until": until_s, "since": since},
    )
    return [row[0] for row in rows]


def _row(tenant: Tenant, seconds: int, row: Counted, run: int) -> list[object]:
    source, target, counts = row.source, row.target, row.statistics
    return [
        tenant.account,
        tenant.region,
        seconds,
        row.minute * MINUTE_S,
        row.kind,
        row.is_root,
        *(source.name, source.type, source.account),
        *(target.name, target.type, target.account),
        *(counts.ok, counts.error, counts.throttle, counts.fault, counts.total_us),
        *(counts.histogram.by_key(), row.outliving.by_key()),
        row.aliases,
        *(row.first_us, row.last_us, row.first_finished_us, row.last_finished_us),
        run,
    ]


def _counted(row: Row) -> Counted:
    minute, kind, is_root, name, type_, account, *rest = row
    target_name, target_type, target_account, ok, error, throttle, fault, total_us, *rest = rest
    buckets, counts, outliving, aliases, *times = rest
    return Counted(
        minute,
        kind,
        bool(is_root),
        Node(name, type_, account),
        Node(target_name, target_type, target_account),
        Statistics(ok, error, throttle, fault, total_us, Histogram(buckets, counts)),
        Histogram.of(outliving),
        tuple(aliases),
        *times,
    )
