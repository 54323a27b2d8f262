"""What a store holds, and whether it holds together."""

from collections.abc import Iterator, Sequence

from fluoro.errors import MigrationError, SettingsError
from fluoro.store.migrations import steps
from fluoro.store.pool import Pool
from fluoro.store.upkeep import DayOfTable, Finding, Statistics

TORN = 5_000
"""Rows without their document, or documents without rows, that a day may have: `kill -9` tears the
flush that is under way, and its sender, who was told nothing, sends it again."""

_DOCUMENTS_AT_A_TIME = 2_000_000
"""About what a comparison holds in memory, 16 bytes each and the room of a hash table."""

_OWN = "active AND database = currentDatabase()"


def version(pool: Pool) -> int:
    """The schema's version, 0 for a store that is empty."""
    if not _tables(pool, ["schema_versions"]):
        return 0
    ((found,),) = pool.query("SELECT max(version) FROM schema_versions")
    return int(found)


def refuse_newer(pool: Pool) -> None:
    """Return when this Fluoro knows the schema.

    Raises:
        SettingsError: There is none.
        MigrationError: A newer Fluoro has written it.
    """
    found, known = version(pool), max(steps())
    if not found:
        raise SettingsError("data", "there is no store in the folder yet: start a server on it")
    if found > known:
        raise MigrationError(
            f"the store has schema version {found}, this Fluoro knows {known}: use the Fluoro that"
            " wrote it, or a newer one"
        )


def statistics(pool: Pool, now_us: int) -> Statistics:
    """See `Upkeep.statistics`.

    Args:
        pool: The store, of any version.
        now_us: Tombstones that are over by then are not counted.
    """
    ((oldest, newest, count),) = pool.query(
        "SELECT min(receipt_us), max(receipt_us), count() FROM documents"
    )
    rows = pool.query(
        "SELECT table, if(partition = 'tuple()', '', partition) AS day,"
        f" sum(rows), sum(bytes_on_disk), count() FROM {pool.system('parts')} WHERE {_OWN}"
        " GROUP BY table, day ORDER BY table, day"
    )
    return Statistics(
        schema_version=version(pool),
        oldest_receipt_us=oldest if count else None,
        newest_receipt_us=newest if count else None,
        tombstones=_tombstones(pool, now_us),
        tables=[DayOfTable(*row) for row in rows],
    )


def check(pool: Pool, before_us: int) -> Sequence[Finding]:
    """See `Upkeep.check`.

    Args:
        pool: The store.
        before_us: Documents received later are left out: an insert may be under way.
    """
    findings = [_schema(pool), *_parts(pool)]
    if all(each.is_fine for each in findings[1:]):
        findings.extend(_agreement(pool, before_us))
    else:
        findings.append(
            Finding("tables", is_fine=False, message="not compared, since parts cannot be read")
        )
    return findings


def _schema(pool: Pool) -> Finding:
    found, known = version(pool), max(steps())
    is_fine = found == known
    hint = "" if is_fine else f", this Fluoro writes {known}: it is brought forward at its start"
    return Finding("schema", is_fine, f"schema version {found}{hint}")


def _parts(pool: Pool) -> Iterator[Finding]:
    """Every file is read and its checksum compared; of a cluster, on the node that answers."""
    rows = pool.query(
        f"SELECT table, groupArray(name) FROM system.parts WHERE {_OWN} GROUP BY table ORDER BY 1"
    )
    for table, names in rows:
        message = f"{len(names)} parts of {table} are whole"
        is_fine = _is_whole(pool, table)
        if not is_fine:
            broken = [name for name in names if not _is_whole(pool, table, name)]
            message = f"{len(broken)} of {len(names)} parts of {table} are broken: {broken}"
        yield Finding(f"parts of {table}", is_fine, message)


def _is_whole(pool: Pool, table: str, part: str = "") -> bool:
    """Of a table, or of a part, whose name the engine takes as a literal only, and has given."""
    one = f" PART '{part}'" if part else ""
    ((found,),) = pool.query(
        f"CHECK TABLE {{table:Identifier}}{one}"
        " SETTINGS check_query_single_value_result = 1, max_execution_time = 0",
        {"table": table},
    )
    return bool(int(found))


def _agreement(pool: Pool, before_us: int) -> Iterator[Finding]:
    """Each span has its document, each document its span: both come with one insert."""
    days = pool.query("SELECT received, count() FROM documents GROUP BY received")
    counts = {row[0]: 0 for row in pool.query("SELECT DISTINCT received FROM spans")}
    counts |= {row[0]: row[1] for row in days}
    for day, count in sorted(counts.items()):
        shares = count // _DOCUMENTS_AT_A_TIME + 1
        orphans = childless = 0
        for share in range(shares):
            parameters = {"day": day, "before": before_us, "shares": shares, "share": share}
            ((found,),) = pool.query(_ORPHANS, parameters)
            orphans += found
            ((found,),) = pool.query(_CHILDLESS, parameters)
            childless += found
        yield Finding(
            f"tables on {day}",
            max(orphans, childless) <= TORN,
            f"{count} documents on {day}, {childless} without spans;"
            f" {orphans} spans without their document",
        )


_SHARE = (
    "received = {day:Date} AND receipt_us < {before:UInt64}"
    " AND cityHash64(trace_id) % {shares:UInt32} = {share:UInt32}"
)


def _missing(table: str, id_: str, other: str, other_id: str) -> str:
    """How many rows of a table have an id that no row of the other one has, in the same trace.

    The other one's later rows count too, so that what arrives meanwhile is missed nowhere.
    """
    key = "cityHash64(account, region, trace_id, {})"
    later = _SHARE.replace(" AND receipt_us < {before:UInt64}", "")
    return (
        f"SELECT count() FROM {table} WHERE {_SHARE} AND {key.format(id_)} NOT IN"
        f" (SELECT {key.format(other_id)} FROM {other} WHERE {later})"
        " SETTINGS max_execution_time = 0, distributed_product_mode = 'local'"
    )


_ORPHANS = _missing("spans", "document_id", "documents", "id")
_CHILDLESS = _missing("documents", "id", "spans", "id")


def _tombstones(pool: Pool, now_us: int) -> int:
    """Those that hold; 0 for a store of a version that has none."""
    if not _tables(pool, ["tombstones"]):
        return 0
    ((found,),) = pool.query(
        "SELECT count() FROM tombstones FINAL WHERE until_us > {now:UInt64}", {"now": now_us}
    )
    return int(found)


def _tables(pool: Pool, names: Sequence[str]) -> set[str]:
    """Those of the tables that are there."""
    rows = pool.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase()"
        " AND name IN {names:Array(String)}",
        {"names": list(names)},
    )
    return {row[0] for row in rows}
