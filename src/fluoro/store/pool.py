"""Connections to the engine: one for the writer, some for reads, some for jobs; one thread each."""

import contextlib
import queue
from collections.abc import Iterator, Sequence
from pathlib import Path

from clickhouse_connect.driver.client import Client

from fluoro.errors import ShardUnavailableError, StoreUnavailableError
from fluoro.store import deadline, embedded, remote
from fluoro.store.address import Address
from fluoro.store.engine import (
    Engine,
    Limits,
    Node,
    Parameters,
    Row,
    insert_rows,
    timed,
    translated,
)
from fluoro.store.session import Session

__all__ = ["Limits", "Parameters", "Pool", "Row", "insert_rows"]


class Pool:
    """An open store: chDB's folder, a ClickHouse server, or a cluster."""

    def __init__(self, engine: Engine, *, is_embedded: bool) -> None:
        self._engine = engine
        self.is_embedded = is_embedded
        """chDB, in this process."""
        self.writer = engine.writer
        """For the writer thread alone."""
        self.layout = engine.layout
        """Where each table lives."""
        self._readers: queue.LifoQueue[Client] = queue.LifoQueue()
        for reader in engine.readers:
            self._readers.put(reader)

    @classmethod
    def open(cls, folder: Path, limits: Limits) -> "Pool":
        """Open chDB on a folder; see `embedded.open_folder`."""
        return cls(embedded.open_folder(folder, limits), is_embedded=True)

    @classmethod
    def connect(cls, address: Address, password: str, limits: Limits) -> "Pool":
        """Connect to ClickHouse; see `remote.connect`."""
        return cls(remote.connect(address, password, limits), is_embedded=False)

    @property
    def nodes(self) -> list[Node]:
        """Every server there is, those of the first shard first."""
        return [node for shard in self._engine.shards for node in shard]

    @contextlib.contextmanager
    def _reader(self) -> Iterator[Client]:
        """One of the readers' connections for a request; one more for what has no deadline.

        So a job, which may take as long as it does, never holds what a request waits for.
        """
        left_s = deadline.left_s()
        with translated():
            if left_s is None:
                with self._engine.shards[0][0].lent() as client:
                    yield client
                return
            try:
                reader = self._readers.get(timeout=left_s)
            except queue.Empty as error:
                raise StoreUnavailableError("no connection was free in time") from error
            try:
                yield reader
            finally:
                self._readers.put(reader)

    def query(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """Rows of a SELECT; one of a request waits for a free connection.

        Raises:
            StoreTimeoutError: It took more time or memory than one query may.
            StoreUnavailableError: The engine failed, a shard is away, or no connection was free.
        """
        with self._reader() as reader, timed(reader, sql) as limit:
            rows: Sequence[Row] = reader.query(
                sql, parameters=dict(parameters or {}), settings=limit
            ).result_rows
            return rows

    def local(self, table: str) -> str:
        """Name of the table with the rows that a node itself keeps, for `command`."""
        return self.layout.local(table)

    def system(self, table: str) -> str:
        """One of ClickHouse's own tables, with the rows of every shard."""
        cluster = self.layout.cluster
        return f"cluster('{cluster}', system, {table})" if cluster else f"system.{table}"

    def command(self, sql: str, parameters: Parameters | None = None) -> None:
        """Run a statement on each node that keeps rows, on those that it keeps (`local`).

        A statement that names the local part of a sharded table runs on every shard, one after the
        other: run it again when one has failed. Any other runs once. What it reads besides are
        tables of its shard, not those that only the first one has.

        Raises:
            StoreTimeoutError: It took more time or memory than one query may.
            StoreUnavailableError: The engine failed, or a shard is away.
        """
        shards = self._engine.shards
        for replicas in shards if self.layout.is_spread(sql) else shards[:1]:
            _living(replicas).command(sql, parameters)

    def sessions(self) -> Iterator[contextlib.AbstractContextManager[Session]]:
        """A connection to each shard in turn, for statements that share temporary tables.

        They read what the shard itself keeps (`local`).
        """
        if self.layout.cluster:
            for replicas in self._engine.shards:
                yield _session(_living(replicas).lent())
        else:
            yield _session(self._reader())

    def insert(self, table: str, rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
        """Insert a few rows, of all columns or of some, on a reader's connection.

        Documents have the writer's own.

        Raises:
            StoreTimeoutError: It took as long as a query may; not all of them may be there.
            StoreUnavailableError: The engine failed, or a shard is away.
        """
        with self._reader() as reader, timed(reader):
            insert_rows(reader, table, rows, columns)

    def close(self) -> None:
        """Close every connection, then let the folder go."""
        for node in self.nodes:
            node.close()
        for client in (*self._engine.readers, self.writer):
            client.close()
        self._engine.release()


@contextlib.contextmanager
def _session(lent: contextlib.AbstractContextManager[Client]) -> Iterator[Session]:
    with lent as client, contextlib.closing(Session(client)) as session:
        yield session


def _living(replicas: Sequence[Node]) -> Node:
    """The first replica of a shard that answers; where there is one alone, that one."""
    if len(replicas) == 1:
        return replicas[0]
    for node in replicas:
        if node.answers():
            return node
    names = ", ".join(node.name for node in replicas)
    raise ShardUnavailableError(f"a shard of the store does not answer: {names}")
