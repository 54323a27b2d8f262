import threading
import time
from concurrent.futures import Future

import pytest

from fluoro.errors import StoreUnavailableError, ThrottledError
from fluoro.model.tenant import Tenant
from fluoro.store.storage import Accepted
from fluoro.store.writer import Writer, WriterSettings

ONE, TWO = Tenant("1" * 12, "eu-west-1"), Tenant("2" * 12, "eu-west-1")
PATIENCE_S = 10
"""How long a test waits for what has to happen."""

AT_ONCE = WriterSettings(flush_interval_s=0.0)
NEVER = WriterSettings(flush_interval_s=3600.0)


def documents(count, tenant=ONE, size=10):
    return [
        Accepted(tenant, "t", str(n), b"x" * size, 0, is_finished=True, start_us=0)
        for n in range(count)
    ]


class Store:
    """Keeps the flushes it gets; holds the writer's thread while it is shut."""

    def __init__(self):
        self.flushes = []
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.error = None
        self.deleted = 0

    def insert(self, batch):
        self.entered.set()
        assert self.open.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error
        self.flushes.append(list(batch))
        return self.deleted

    @property
    def sizes(self):
        return [len(batch) for batch in self.flushes]


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def writer_of(store):
    """Makes writers, and closes them however a test ends."""
    made = []

    def make(settings, clock_s=time.monotonic, *, is_shared=False):
        made.append(Writer(store.insert, settings, lambda: is_shared, clock_s))
        return made[-1]

    yield make
    store.open.set()
    for writer in made:
        writer.close()


def held(store, writer):
    """Keep the writer's thread in an insert of one document, so that what follows waits."""
    store.open.clear()
    first = writer.put(documents(1))
    assert store.entered.wait(PATIENCE_S)
    return first


def test_a_future_is_done_after_the_insert_and_not_before(store, writer_of):
    """That is what a durable acknowledgement means."""
    future = held(store, writer_of(AT_ONCE))
    assert not future.done()
    store.open.set()
    assert future.result(PATIENCE_S) is None
    assert store.sizes == [1]


def test_documents_keep_their_order(store, writer_of):
    """Within a request and across requests: the first finished document wins."""
    writer = writer_of(AT_ONCE)
    held(store, writer)
    futures = [writer.put(documents(3)), writer.put(documents(2, TWO))]
    store.open.set()
    for future in futures:
        future.result(PATIENCE_S)
    assert [document.id for document in store.flushes[1]] == ["0", "1", "2", "0", "1"]


def test_a_full_flush_does_not_wait(store, writer_of):
    """However patient the settings are."""
    writer = writer_of(WriterSettings(flush_documents=4, flush_interval_s=3600.0))
    futures = [writer.put(documents(2)), writer.put(documents(2))]
    for future in futures:
        future.result(PATIENCE_S)
    assert store.sizes == [4]


def test_a_flush_is_bounded_in_bytes_too(store, writer_of):
    """Two requests of 25 MiB go one after the other; the engine needs many times their memory."""
    writer = writer_of(AT_ONCE)
    held(store, writer)
    futures = [writer.put(documents(1, size=25 * 2**20)) for _ in range(2)]
    store.open.set()
    for future in futures:
        future.result(PATIENCE_S)
    assert store.sizes[1:] == [1, 1]


def test_two_hundred_documents_wait_a_quarter_of_a_second_at_most(store, writer_of):
    """One less waits for the interval; the clock is the test's own."""
    now = [0.0]
    writer = writer_of(NEVER, lambda: now[0])
    first = writer.put(documents(199))
    now[0] = 0.3
    assert writer._due_in_s() > 3000
    second = writer.put(documents(1))
    for future in (first, second):
        future.result(PATIENCE_S)
    assert store.sizes == [200]


def test_a_quiet_flush_comes_after_the_interval(writer_of):
    """Counted from the first document that waits."""
    now = [100.0]
    writer = writer_of(NEVER, lambda: now[0])
    assert writer._due_in_s() is None
    writer.put(documents(1))
    now[0] = 101.0
    writer.put(documents(1))
    assert writer._due_in_s() == 3599.0


def test_a_flush_is_no_larger_than_its_limit_but_never_splits_a_request(store, writer_of):
    """A request's documents are one insert, all durable or none."""
    writer = writer_of(WriterSettings(flush_documents=4, flush_interval_s=0.0))
    held(store, writer)
    futures = [writer.put(documents(count)) for count in (3, 3, 9, 1)]
    store.open.set()
    for future in futures:
        future.result(PATIENCE_S)
    assert store.sizes == [1, 3, 3, 9, 1]


@pytest.mark.parametrize(
    "settings",
    [
        WriterSettings(queue_documents=10, flush_interval_s=0.0),
        WriterSettings(queue_bytes=100, flush_interval_s=0.0),
    ],
    ids=["documents", "bytes"],
)
def test_no_account_fills_more_than_half_of_the_queue(store, writer_of, settings):
    """And a request that does not fit is refused whole."""
    writer = writer_of(settings, is_shared=True)
    held(store, writer)
    with pytest.raises(ThrottledError):
        writer.put(documents(5))
    writer.put(documents(4))
    writer.put(documents(5, TWO))
    with pytest.raises(ThrottledError):
        writer.put(documents(1, Tenant("3" * 12, "eu-west-1")))
    assert (writer.received, writer.waiting, writer.waiting_bytes) == (10, 10, 100)


def test_a_lone_account_has_the_whole_queue(store, writer_of):
    """There is no other one to keep a half for."""
    writer = writer_of(WriterSettings(queue_documents=10, flush_interval_s=0.0))
    held(store, writer)
    writer.put(documents(9))
    with pytest.raises(ThrottledError):
        writer.put(documents(1))
    assert writer.waiting == 10


def test_regions_make_an_account_no_larger(store, writer_of):
    """Half of the queue is what it has in all of them: a key may sign for any."""
    writer = writer_of(WriterSettings(queue_documents=10, flush_interval_s=0.0), is_shared=True)
    held(store, writer)
    writer.put(documents(4))
    with pytest.raises(ThrottledError):
        writer.put(documents(1, Tenant(ONE.account, "eu-north-1")))
    writer.put(documents(5, TWO))


def test_room_comes_back_when_a_flush_is_done(store, writer_of):
    """Also after one that failed."""
    writer = writer_of(WriterSettings(queue_documents=4, flush_interval_s=0.0))
    for error in (None, StoreUnavailableError("away"), None):
        store.error = error
        assert isinstance(writer.put(documents(2)).exception(PATIENCE_S), type(error))
    assert (writer.waiting, writer.waiting_bytes) == (0, 0)


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), ValueError("a bug")])
def test_a_failed_insert_fails_its_own_requests_alone(store, writer_of, error):
    """Each caller gets the error, and the thread goes on."""
    writer = writer_of(AT_ONCE)
    held(store, writer)
    store.error = error
    futures = [writer.put(documents(1)), writer.put(documents(2))]
    store.open.set()
    assert [future.exception(PATIENCE_S) for future in futures] == [error, error]
    store.error = None
    writer.put(documents(4)).result(PATIENCE_S)
    assert (writer.received, writer.stored, writer.failed, writer.waiting) == (8, 4, 4, 0)


def test_a_caller_that_went_away_stops_nothing(store, writer_of):
    """Its documents are stored, and so are those of the next."""
    writer = writer_of(AT_ONCE)
    held(store, writer)
    abandoned = writer.put(documents(2))
    assert not abandoned.cancel()
    store.open.set()
    writer.put(documents(1)).result(PATIENCE_S)
    assert sum(store.sizes) == 4


def test_nothing_to_store_is_done_at_once(store, writer_of):
    """Without a flush."""
    assert writer_of(NEVER).put([]).done()
    assert store.flushes == []


def test_closing_stores_what_waits_and_takes_nothing_more(store, writer_of):
    """A second close is harmless."""
    writer = writer_of(NEVER)
    future = writer.put(documents(3))
    writer.close()
    assert future.done()
    assert store.sizes == [3]
    with pytest.raises(StoreUnavailableError):
        writer.put(documents(1))
    writer.close()


def test_what_the_store_does_not_keep_is_counted_apart(store, writer_of):
    """Documents of deleted traces: their senders are answered, and the numbers add up."""
    store.deleted = 3
    writer = writer_of(AT_ONCE)
    writer.put(documents(5)).result(PATIENCE_S)
    assert (writer.received, writer.stored, writer.deleted, writer.waiting) == (5, 2, 3, 0)


def test_flushes_and_their_time_are_counted(store, writer_of):
    """For /metrics."""
    ticks = iter(range(1000))
    writer = writer_of(AT_ONCE, lambda: float(next(ticks)))
    writer.put(documents(2)).result(PATIENCE_S)
    writer.close()
    assert (writer.flushes, writer.stored) == (1, 2)
    assert writer.flush_s >= 1.0
    assert isinstance(writer.put([]), Future)
