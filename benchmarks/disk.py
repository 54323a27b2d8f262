"""What a stopped server's folder holds, as JSON: bytes of documents, of rows and of their indexes.

.venv/bin/python benchmarks/disk.py FOLDER
"""

import subprocess
import sys
from pathlib import Path

import msgspec

from fluoro.store.pool import Limits, Pool

_COLUMNS = (
    "SELECT sum(column_data_compressed_bytes) FROM system.parts_columns"
    " WHERE active AND database = currentDatabase() AND table = {table:String}"
)
_JSON = (
    "SELECT sum(column_data_uncompressed_bytes) FROM system.parts_columns"
    " WHERE active AND database = currentDatabase() AND column = 'document'"
    " AND table = 'documents'"
)
_SKIPPING = (
    "SELECT sum(data_compressed_bytes + marks_bytes) FROM system.data_skipping_indices"
    " WHERE database = currentDatabase() AND table = {table:String}"
)
_WHOLE = "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()"
_PARTS = (
    "SELECT count(), sum(rows), sum(bytes_on_disk) FROM system.parts"
    " WHERE active AND database = currentDatabase() AND table = {table:String}"
)


class Table(msgspec.Struct, frozen=True):
    """One table on disk."""

    parts: int
    rows: int
    column_bytes: int
    """The columns' own, compressed."""
    skipping_bytes: int
    """Of the indexes that let searches skip granules."""
    disk_bytes: int
    """All of it: marks and primary index too."""


class Disk(msgspec.Struct, frozen=True):
    """Table `documents` and table `spans`."""

    documents: Table
    spans: Table
    json_bytes: int
    """Of the documents that are there, as they were sent."""
    whole_bytes: int
    """Of every table."""


def read_disk(folder: Path) -> Disk:
    """What a folder that no server uses holds, seen by a process of its own."""
    command = [sys.executable, __file__, str(folder)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return msgspec.json.decode(said, type=Disk)


def _read(folder: Path) -> Disk:
    pool = Pool.open(folder, Limits())
    try:
        json_bytes = pool.query(_JSON)[0][0]
        whole_bytes = pool.query(_WHOLE)[0][0]
        tables = _table(pool, "documents"), _table(pool, "spans")
        return Disk(*tables, json_bytes, whole_bytes)
    finally:
        pool.close()


def _table(pool: Pool, table: str) -> Table:
    named = {"table": table}
    parts, rows, disk_bytes = pool.query(_PARTS, named)[0]
    columns = pool.query(_COLUMNS, named)[0][0]
    skipping = pool.query(_SKIPPING, named)[0][0]
    return Table(parts, rows or 0, columns or 0, skipping or 0, disk_bytes or 0)


if __name__ == "__main__":
    print(msgspec.json.encode(_read(Path(sys.argv[1]))).decode())
