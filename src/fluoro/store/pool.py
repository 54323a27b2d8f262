"""Connections to the engine: one for the writer, some for readers, a thread each at a time.

chDB runs in this process. One folder is held by one process, and one connection runs one query at
a time, without the GIL; so readers borrow from a pool. Source: spec of the performance design, 5.
"""

import contextlib
import fcntl
import os
import queue
import resource
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import clickhouse_connect
import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from fluoro.errors import SettingsError, StoreTimeoutError, StoreUnavailableError

_TIMEOUT_EXCEEDED, _TOO_SLOW, _MEMORY_LIMIT_EXCEEDED = 159, 160, 241
_TOO_MUCH = {_TIMEOUT_EXCEEDED, _TOO_SLOW, _MEMORY_LIMIT_EXCEEDED}
_MESSAGE = 300
"""Characters of an error of the engine that are shown; its SQL follows them."""

_MARK_CACHE_BYTES = 128 * 1024 * 1024

Parameters = Mapping[str, Any]
Row = Sequence[Any]


class Limits(msgspec.Struct, frozen=True):
    """What the engine may use of the machine."""

    memory_bytes: int = 2_000_000_000
    """All of it together."""
    readers: int = 4
    threads: int = 2
    """Processor threads of one query."""
    query_timeout_s: int = 30
    query_memory_bytes: int = 500_000_000


class Pool:
    """An open chDB folder."""

    def __init__(self, lock: IO[str], writer: Client, readers: Sequence[Client]) -> None:
        self._lock = lock
        self.writer = writer
        """For the writer thread alone."""
        self._all_readers = readers
        self._readers: queue.LifoQueue[Client] = queue.LifoQueue()
        for reader in readers:
            self._readers.put(reader)

    @classmethod
    def open(cls, folder: Path, limits: Limits) -> "Pool":
        """Take a folder, made if it is not there, and open the engine on it.

        Raises:
            SettingsError: The folder cannot be written, or another process holds it.
        """
        lock = _take(folder)
        try:
            _raise_open_files()
            incoming = folder / "incoming"
            shutil.rmtree(incoming, ignore_errors=True)  # plain text that a kill left behind
            incoming.mkdir()
            writer, readers = _connect(folder, limits)
        except OSError as error:
            lock.close()
            raise _unwritable(folder, error) from error
        except BaseException:
            lock.close()
            raise
        tempfile.tempdir = str(incoming)  # where clickhouse-connect writes an insert for chDB
        return cls(lock, writer, readers)

    @contextlib.contextmanager
    def _reader(self) -> Iterator[Client]:
        reader = self._readers.get()
        try:
            yield reader
        finally:
            self._readers.put(reader)

    def query(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """Rows of a SELECT; waits for a free connection.

        Raises:
            StoreTimeoutError: It took more time or memory than one query may.
            StoreUnavailableError: The engine failed.
        """
        with self._reader() as reader, _translated():
            rows: Sequence[Row] = reader.query(sql, parameters=dict(parameters or {})).result_rows
            return rows

    @staticmethod
    def local(table: str) -> str:
        """Name of the table with the rows that a node itself keeps, for `command`."""
        return table

    def command(self, sql: str, parameters: Parameters | None = None) -> None:
        """Run a statement on each node that keeps rows, on those that it keeps (`local`).

        Raises:
            StoreTimeoutError: It took more time or memory than one query may.
            StoreUnavailableError: The engine failed.
        """
        with self._reader() as reader, _translated():
            reader.command(sql, parameters=dict(parameters or {}))

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Insert a few rows on a reader's connection; documents have the writer's own.

        Raises:
            StoreUnavailableError: The engine failed.
        """
        with self._reader() as reader, _translated():
            insert_rows(reader, table, rows)

    def close(self) -> None:
        """Close every connection, then let the folder go."""
        for client in (*self._all_readers, self.writer):
            client.close()
        tempfile.tempdir = None
        self._lock.close()


def _connect(folder: Path, limits: Limits) -> tuple[Client, list[Client]]:
    """The writer's connection and the readers'."""
    options = {
        "max_server_memory_usage": limits.memory_bytes,
        "background_pool_size": limits.threads,
        "mark_cache_size": _MARK_CACHE_BYTES,
    }
    asking = {
        "max_execution_time": limits.query_timeout_s,
        "max_memory_usage": limits.query_memory_bytes,
    }

    def connect(settings: Parameters) -> Client:
        return clickhouse_connect.get_client(
            interface="chdb",
            path=str(folder / "store"),
            chdb_options=options,
            settings={"async_insert": 0, "max_threads": limits.threads, **settings},
        )

    with contextlib.ExitStack() as opened, _translated():
        clients = [connect({})]
        opened.callback(clients[0].close)
        for _ in range(limits.readers):
            clients.append(connect(asking))
            opened.callback(clients[-1].close)
        opened.pop_all()
    return clients[0], clients[1:]


def insert_rows(
    client: Client, table: str, rows: Sequence[Row], columns: Sequence[str] = ()
) -> None:
    """Insert rows as JSON; the client's own insert imports pandas, a second and 100 MB."""
    lines = msgspec.json.Encoder().encode_lines(rows)
    client.raw_insert(table, columns or None, insert_block=lines, fmt="JSONCompactEachRow")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """The engine's errors as ours; OSError is a temporary file that has no room."""
    try:
        yield
    except (ClickHouseError, OSError) as error:
        if getattr(error, "code", None) in _TOO_MUCH:
            raise StoreTimeoutError(
                "the query took more time or memory than one may: ask for a shorter time range"
            ) from error
        raise StoreUnavailableError(f"the store failed: {str(error)[:_MESSAGE]}") from error


def _take(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise SettingsError(
            "data",
            f"another Fluoro server uses the folder {folder}: stop it or choose another folder",
        ) from error
    os.set_inheritable(lock.fileno(), False)  # noqa: FBT003  the function has no keyword
    return lock


def _unwritable(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(
        "data", f"the folder {folder} cannot be written ({error.strerror}): choose another"
    )


def _raise_open_files() -> None:
    """The engine holds several hundred files; the usual soft limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
