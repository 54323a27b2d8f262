"""What a stopped server's folder holds, as JSON: bytes of documents, of rows and of their indexes.

.venv/bin/python benchmarks/disk.py FOLDER
"""

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


def read(folder: Path) -> Disk:
    """Open a folder that no server uses."""
    pool = Pool.open(folder, Limits())
    try:
        json_bytes = pool.query(_JSON)[0][0]
        return Disk(_table(pool, "documents"), _table(pool, "spans"), json_bytes)
    finally:
        pool.close()


def _table(pool: Pool, table: str) -> Table:
    named = {"table": table}
    parts, rows, disk_bytes = pool.query(_PARTS, named)[0]
    columns = pool.query(_COLUMNS, named)[0][0]
    skipping = pool.query(_SKIPPING, named)[0][0]
    return Table(parts, rows or 0, columns or 0, skipping or 0, disk_bytes or 0)


if __name__ == "__main__":
    print(msgspec.json.encode(read(Path(sys.argv[1]))).decode())
