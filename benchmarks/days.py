"""A store of many days, made once and kept: what the same rate leaves after a month, but quicker.

Each day has the same hours of traffic, received as they happened, so that the days are partitions.
Documents go through the store's own insert in batches as large as the writer's; the edges job
passes after every ten minutes of traffic. A day before the newest is one part, as a server makes it
in the hour after it (ADR 020).
"""

import multiprocessing
import shutil
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from bodies import DataSet, Known, cache
from fluoro.model.tenant import LOCAL
from fluoro.server.settings import ServerSettings
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.pool import Limits, Pool
from fluoro.store.storage import Accepted
from fluoro.store.upkeep import MINUTES_A_PASS
from fluoro.wire.segment import check
from report import say
from traces import DOCUMENTS_A_TRACE, ROWS_A_DOCUMENT, Ids, Shape, traces

HOUR_S = 3600
DAY_S = 24 * HOUR_S
LAST_DAY = 1_767_139_200.0
"""Begin of the newest day, epoch seconds."""
_PASS_S = 600
_LATE_S = 2
"""Documents are received so long after they began."""
_KNOWN_A_DAY = 500


class Days(msgspec.Struct, frozen=True):
    """What a store is made of."""

    days: int = 10
    hours: float = 5.0
    """Of traffic, each day."""
    rows_an_hour: int = 2_000_000
    services: int = 300
    ids: Ids = "mix"
    seed: int = 1

    def shape(self, day: int) -> Shape:
        """The traffic of one day; 0 is the oldest."""
        start = LAST_DAY - (self.days - 1 - day) * DAY_S
        count = self.hours * self.rows_an_hour / ROWS_A_DOCUMENT / DOCUMENTS_A_TRACE
        seed = self.seed * 1_000 + day
        return Shape(
            round(count), start, start + self.hours * HOUR_S, seed, self.ids, self.services
        )


class Made(msgspec.Struct, frozen=True):
    """A store on disk, and what is in it."""

    path: Path
    options: Days
    documents: int
    rows: int
    known: list[Known]
    """Some traces of each day."""
    made_s: float

    def data_set(self, days: int) -> DataSet:
        """What the oldest days hold, for the questions; it has no bodies."""
        shape = self.options.shape(days - 1)
        known = self.known[: len(self.known) * days // self.options.days]
        return DataSet(shape, self.path, [], self.documents, self.rows, 0, known, self.made_s)


def store_of(options: Days) -> Made:
    """The store of some days; made, together with that of its oldest day, if it is not there."""
    key = "-".join(
        f"{value:g}" if isinstance(value, float) else str(value)
        for value in msgspec.structs.astuple(options)
    )
    path = cache() / f"days-{key}"
    index = path / "made.json"
    if not index.exists():
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        made = _make(options, path)
        index.write_bytes(msgspec.json.encode(made, enc_hook=str))
    return msgspec.json.decode(
        index.read_bytes(), type=Made, dec_hook=lambda type_, value: type_(value)
    )


class _Day:
    """Documents of one day on their way to a store."""

    def __init__(self, shape: Shape) -> None:
        self.known: list[Known] = []
        self.documents = self.rows = 0
        self.now_us = 0
        self._shape = shape

    def clock_us(self) -> int:
        """When the newest document was received."""
        return self.now_us

    def batches(self, size: int) -> Iterator[list[Accepted]]:
        """Documents as they were received; `now_us` is when."""
        receiving, sending = multiprocessing.Pipe(duplex=False)
        maker = multiprocessing.get_context("fork").Process(
            target=_send, args=(sending, self._shape, size)
        )
        maker.start()
        sending.close()
        try:
            while True:
                documents: list[bytes] = msgspec.msgpack.decode(
                    receiving.recv_bytes(), type=list[bytes]
                )
                if not documents:
                    return
                accepted = [
                    Accepted(
                        tenant=LOCAL, document=document, **msgspec.structs.asdict(check(document))
                    )
                    for document in documents
                ]
                self.now_us = max(accepted[-1].start_us + _LATE_S * 1_000_000, self.now_us + size)
                self.documents += len(documents)
                self.rows += sum(document.count(b'"start_time":') for document in documents)
                self._know(documents)
                yield accepted
        finally:
            maker.join()

    def _know(self, documents: list[bytes]) -> None:
        """Note a trace of the batch."""
        if len(self.known) < _KNOWN_A_DAY:
            root = next(each for each in documents if b'"parent_id"' not in each)
            said = msgspec.json.decode(root)
            self.known.append(Known(said["trace_id"], said["name"], said["annotations"]["item_id"]))


def _send(connection: Connection, shape: Shape, size: int) -> None:
    """Make the documents of a shape, some at a time; none are the end."""
    together: list[bytes] = []
    for trace in traces(shape):
        together += trace
        if len(together) >= size:
            connection.send_bytes(msgspec.msgpack.encode(together))
            together = []
    if together:
        connection.send_bytes(msgspec.msgpack.encode(together))
    connection.send_bytes(msgspec.msgpack.encode(together[:0]))
    connection.close()


def _make(options: Days, path: Path) -> Made:
    began = time.monotonic()
    size = ServerSettings().flush_documents
    known: list[Known] = []
    documents = rows = 0
    for number in range(options.days):
        if number:
            end_days(path / "data")
        day = _Day(options.shape(number))
        storage = ClickHouseStorage.open(path / "data", clock_us=day.clock_us)
        try:
            passed_us = 0
            for batch in day.batches(size):
                storage.insert(batch)
                if day.now_us - passed_us >= _PASS_S * 1_000_000:
                    _count_edges(storage)
                    passed_us = day.now_us
            day.now_us += HOUR_S * 1_000_000
            _count_edges(storage)
        finally:
            storage.close()
        known += day.known
        documents += day.documents
        rows += day.rows
        say(f"day {number + 1}: {rows:,} rows after {time.monotonic() - began:.0f} s")
        if number == 0:
            shutil.copytree(path / "data", path / "oldest", symlinks=True)
    return Made(path, options, documents, rows, known, time.monotonic() - began)


def end_days(folder: Path) -> None:
    """Merge the parts of each day that is there into one."""
    pool = Pool.open(folder, Limits())
    try:
        for table in ("documents", "spans"):
            pool.nodes[0].command(
                f"OPTIMIZE TABLE {table} FINAL SETTINGS optimize_skip_merged_partitions = 1"
            )
    finally:
        pool.close()


def _count_edges(storage: ClickHouseStorage) -> None:
    while storage.upkeep.update_edges() >= MINUTES_A_PASS:
        pass
