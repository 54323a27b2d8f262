"""Backups of an embedded store: the engine's own, and a file that says what they hold.

A backup is whole once `fluoro.json` is in its folder, which is written last. The tables are copied
one after the other while documents may come in; of what came after it began, only what both tables
have is kept when it is restored.
"""

import shutil
from pathlib import Path

import msgspec

from fluoro.errors import MigrationError, SettingsError
from fluoro.store import inspection
from fluoro.store.deletion import purge
from fluoro.store.migrations import migrate, steps
from fluoro.store.pool import Limits, Pool

_NOTE = "fluoro.json"
_COPIES = "store"
_LATER = "receipt_us > {newest:UInt64}"
_AT_A_TIME = 1000
"""Documents of one statement."""
_DERIVED = ("edges", "edge_runs", "edge_passes")
"""What the edges job makes again of the rest."""


class Note(msgspec.Struct, frozen=True):
    """What a backup holds; file `fluoro.json` of its folder."""

    schema_version: int
    newest_us: int
    """Every document up to this receipt is in it, epoch microseconds."""
    made_us: int


def back_up(pool: Pool, folder: Path, newest_us: int, now_us: int) -> None:
    """Copy the store into a folder, made by it; no deleted row is in the copy.

    Args:
        pool: The store; embedded.
        folder: Must not be there yet.
        newest_us: Documents up to this receipt are in both tables, or were refused.
        now_us: Noted as its time.

    Raises:
        SettingsError: The folder is there already, or cannot be written.
    """
    if not pool.is_embedded:
        raise SettingsError("to", "use ClickHouse's own BACKUP: this store is not in a folder")
    folder = folder.absolute()
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise SettingsError("to", f"{folder} is there already: name a new folder") from error
    except OSError as error:
        raise SettingsError(
            "to", f"{folder} cannot be made ({error.strerror}): choose another"
        ) from error
    purge(pool)
    pool.command(
        "BACKUP DATABASE default TO File({folder:String}) SETTINGS max_execution_time = 0",
        {"folder": str(folder / _COPIES)},
    )
    note = Note(inspection.version(pool), newest_us, now_us)
    (folder / _NOTE).write_bytes(msgspec.json.encode(note))


def newest_receipt_us(pool: Pool) -> int:
    """Newest receipt of a store that nobody writes to."""
    ((newest,),) = pool.query("SELECT max(receipt_us) FROM documents")
    return int(newest)


def restore(folder: Path, data: Path, limits: Limits) -> Note:
    """Make a store from a backup, and bring it to this version's schema.

    Args:
        folder: Of the backup.
        data: Folder of the new store; must be empty, or not there.
        limits: For the engine.

    Raises:
        SettingsError: There is no whole backup, or the new folder has something in it.
        MigrationError: A newer Fluoro has made the backup.
    """
    note = read_note(folder)
    if note.schema_version > max(steps()):
        raise MigrationError(
            f"the backup has schema version {note.schema_version}, this Fluoro knows"
            f" {max(steps())}: restore it with the Fluoro that made it, or a newer one"
        )
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise SettingsError("data", f"{data} is not empty: restore into a new folder")
    pool = Pool.open(data, limits)
    try:
        pool.command(
            "RESTORE DATABASE default FROM File({folder:String}) SETTINGS max_execution_time = 0",
            {"folder": str(folder.absolute() / _COPIES)},
        )
        for table in _DERIVED:
            pool.command(f"TRUNCATE TABLE IF EXISTS {table}")
        migrate(pool)
        _mend(pool, note.newest_us)
    except BaseException:
        pool.close()
        shutil.rmtree(data)  # it was empty: the next try finds it so
        raise
    pool.close()
    return note


def read_note(folder: Path) -> Note:
    """What a backup holds.

    Raises:
        SettingsError: There is no whole backup.
    """
    try:
        return msgspec.json.decode((folder / _NOTE).read_bytes(), type=Note)
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(
            "from", f"{folder} is no backup, or one that was not finished: it has no {_NOTE}"
        ) from error


def _mend(pool: Pool, newest_us: int) -> None:
    """Take away what only one of the tables has of later documents.

    A later row that replaced an earlier one stays, since the earlier one is not there any more.
    """
    for table, id_, other in (("spans", "document_id", "documents"), ("documents", "id", "spans")):
        for keys in _keys(pool, table, id_, other, newest_us):
            pool.command(
                f"ALTER TABLE {table} DELETE WHERE {_LATER}"
                f" AND {_key(id_)} IN {{keys:Array(UInt64)}}"
                " SETTINGS mutations_sync = 2, max_execution_time = 0",
                {"newest": newest_us, "keys": keys},
            )


def _key(id_: str) -> str:
    """What a document is known by, from the column with its id."""
    return f"cityHash64(account, region, trace_id, {id_})"


def _keys(pool: Pool, table: str, id_: str, other: str, newest_us: int) -> list[list[int]]:
    """Keys of later rows whose document the other table has not, in batches."""
    rows = pool.query(
        f"SELECT DISTINCT {_key(id_)} FROM {table} WHERE {_LATER}"
        f" AND {_key(id_)} NOT IN (SELECT {_key('id')} FROM {other}"
        f" WHERE trace_id IN (SELECT trace_id FROM {table} WHERE {_LATER}))"
        " SETTINGS max_execution_time = 0",
        {"newest": newest_us},
    )
    keys = [row[0] for row in rows]
    return [keys[first : first + _AT_A_TIME] for first in range(0, len(keys), _AT_A_TIME)]
