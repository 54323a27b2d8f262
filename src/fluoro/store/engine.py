"""What an engine is to the pool, whether it runs in this process or elsewhere."""

import contextlib
import queue
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from fluoro.errors import ShardUnavailableError, StoreTimeoutError, StoreUnavailableError
from fluoro.store import deadline
from fluoro.store.layout import Layout

_TIMEOUT_EXCEEDED, _TOO_SLOW, _MEMORY_LIMIT_EXCEEDED = 159, 160, 241
_TOO_MUCH: dict[int, Literal["time", "memory"]] = {
    _TIMEOUT_EXCEEDED: "time",
    _TOO_SLOW: "time",
    _MEMORY_LIMIT_EXCEEDED: "memory",
}
_SHARD_IS_AWAY = {32, 209, 210, 279}
"""End of the stream, timeout, network, all connection tries failed: between two nodes."""

_CODE = re.compile(r"Code: (\d+)\.")
_TIME, _LEAST_S = "max_execution_time", 0.001
_UNLIMITED = f"{_TIME} = 0"

_MESSAGE = 300
"""Characters of an error of the engine that are shown; its SQL follows them."""

Parameters = Mapping[str, Any]
Row = Sequence[Any]


class Limits(msgspec.Struct, frozen=True):
    """What the engine may use of the machine."""

    memory_bytes: int = 2_000_000_000
    """All of it together; a ClickHouse server has its own."""
    readers: int = 4
    threads: int = 2
    """Processor threads of one query; 0 leaves it to a ClickHouse server."""
    query_timeout_s: int = 30
    query_memory_bytes: int = 500_000_000
    """0 leaves it to a ClickHouse server."""


class Node:
    """One server, or the engine in this process, for what runs on it alone; for any thread.

    Args:
        name: Its host, or the folder.
        connect: Makes a connection for questions.
        connect_patiently: Makes one for statements that may take long, such as deletions.
        is_first_shard: It keeps the tables that are not sharded, too.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], Client],
        connect_patiently: Callable[[], Client],
        *,
        is_first_shard: bool,
    ) -> None:
        self.name = name
        self.is_first_shard = is_first_shard
        self._asking = _Connections(connect)
        self._commanding = _Connections(connect_patiently)
        self.lent = self._asking.lent

    def command(self, sql: str, parameters: Parameters | None = None) -> str:
        """Run a statement here; the first value of its answer.

        Raises:
            StoreTimeoutError: It took more time or memory than one query may.
            StoreUnavailableError: The node failed, or is away.
        """
        with translated(), self._commanding.lent() as client:
            return str(client.command(sql, parameters=dict(parameters or {})))

    def answers(self) -> bool:
        """Whether the node is there."""
        try:
            with self.lent() as client:
                client.command("SELECT 1")
        except OperationalError:
            return False
        return True

    def close(self) -> None:
        """Close its connections, none of which is in use any more."""
        self._asking.close()
        self._commanding.close()


class _Connections:
    """As many as are in use at the same time."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._idle: queue.LifoQueue[Client] = queue.LifoQueue()

    @contextlib.contextmanager
    def lent(self) -> Iterator[Client]:
        """A connection for the statements of one thread: an idle one, else a new one."""
        try:
            client = self._idle.get_nowait()
        except queue.Empty:
            client = self._connect()
        try:
            yield client
        finally:
            self._idle.put(client)

    def close(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()


class Engine(msgspec.Struct, frozen=True):
    """Open connections to an engine."""

    writer: Client
    readers: Sequence[Client]
    shards: Sequence[Sequence[Node]]
    """Replicas of each shard; the first shard's first node answers the writer and the readers."""
    layout: Layout
    release: Callable[[], None]
    """Called once every connection is closed."""


def insert_rows(
    client: Client,
    table: str,
    rows: Sequence[Row],
    columns: Sequence[str] = (),
    settings: Parameters | None = None,
) -> None:
    """Insert rows as JSON; the client's own insert imports pandas, a second and 100 MB."""
    lines = msgspec.json.Encoder().encode_lines(rows)
    client.raw_insert(
        table,
        columns or None,
        insert_block=lines,
        settings=dict(settings or {}),
        fmt="JSONCompactEachRow",
    )


def time_limit(client: Client) -> dict[str, float]:
    """The setting of a query that has what is left to its request, and no more than any has.

    Raises:
        StoreTimeoutError: Nothing is left.
    """
    left_s = deadline.left_s()
    if left_s is None:
        return {}
    own_s = float(client.get_client_setting(_TIME) or 0) or left_s
    return {_TIME: round(max(_LEAST_S, min(left_s, own_s)), 3)}


@contextlib.contextmanager
def timed(client: Client, sql: str = "") -> Iterator[dict[str, float]]:
    """Around a statement: its `time_limit`; what comes when that is over is no answer.

    A statement that says `max_execution_time = 0` itself may take as long as it does.

    At its limit the engine either fails, or ends as if it had read everything: of 200,000 rows it
    then gives 130,818, say (seen with chDB 26.9).

    Raises:
        StoreTimeoutError: The query took as long as it may.
    """
    limit = time_limit(client)
    longest_s = limit.get(_TIME) or float(client.get_client_setting(_TIME) or 0)
    began_s = time.monotonic()
    yield limit
    if longest_s and _UNLIMITED not in sql and time.monotonic() - began_s >= longest_s:
        raise StoreTimeoutError("time")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """The engine's errors as ours; OSError is a temporary file that has no room."""
    try:
        yield
    except (ClickHouseError, OSError) as error:
        resource = _TOO_MUCH.get(_code_and_text(error)[0] or 0)
        if resource is not None:
            raise StoreTimeoutError(resource) from error
        raise unavailable(error) from error


def unavailable(error: ClickHouseError | OSError) -> StoreUnavailableError:
    """An error of the engine as ours."""
    code, text = _code_and_text(error)
    text = text[:_MESSAGE]
    if code in _SHARD_IS_AWAY:
        return ShardUnavailableError(f"a shard of the store does not answer: {text}")
    if code is None and isinstance(error, OperationalError):
        return StoreUnavailableError(f"the store does not answer: {text}")
    return StoreUnavailableError(f"the store failed: {text}")


def _code_and_text(error: ClickHouseError | OSError) -> tuple[int | None, str]:
    """Of an error; chDB's client finds no number where the text quotes bytes which are no text."""
    if isinstance(error.__cause__, UnicodeDecodeError):
        text = error.__cause__.object.decode(errors="replace")
        code = _CODE.search(text)
        return int(code[1]) if code else None, text
    return getattr(error, "code", None), str(error)
