"""Whichever call to the engine fails: an error that says so, and nothing lost or counted twice."""

import contextlib
import itertools
import random

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from fluoro.errors import StoreError
from fluoro.filters.parser import parse
from fluoro.filters.selector import parse_selector
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store import inserter
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.memory import MemoryStorage
from fluoro.store.storage import Search
from store.building import (
    BASE_US,
    all_accepted,
    found,
    nested_in_a_line,
    random_documents,
    segment,
    trace_id,
)

S = 1_000_000
MINUTE = 60 * S
MOST_CALLS = 200
"""No operation here makes more."""
TRACES = range(1, 8)
DEEP = segment(9, 9_000_001, "deep", 0, S, subsegments=nested_in_a_line(7, 9_000_002, 0, S))


class Faults:
    """Lets the n-th call of the engine's client fail, before or after it did its work."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._is_done = False

    @contextlib.contextmanager
    def at(self, call: int, *, is_done: bool):
        """In the block this call (from 1) fails, and all later ones: the store is gone."""
        self._left, self._is_done = call, is_done
        try:
            yield
        finally:
            self._left = None

    def wrap(self, method):
        """A method of the client that may fail."""

        def wrapped(*args, **kwargs):
            if self._left is None:
                return method(*args, **kwargs)
            self._left -= 1
            if self._left > 0:
                return method(*args, **kwargs)
            if self._left == 0 and self._is_done:
                method(*args, **kwargs)
                raise OperationalError("the connection broke")
            raise DatabaseError("Code: 1000. the disk is gone")

        return wrapped


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """A store whose clock the tests move."""
    clock = itertools.count(BASE_US + 3600 * S, 1)
    storage = ClickHouseStorage.open(tmp_path_factory.mktemp("calls"), clock_us=clock.__next__)
    yield storage
    storage.close()


@pytest.fixture
def faults(storage, monkeypatch):
    """Faults of every client of the store."""
    faults = Faults()
    client = type(storage._pool.writer)
    for name in ("query", "command", "raw_insert"):
        monkeypatch.setattr(client, name, faults.wrap(getattr(client, name)))
    return faults


def tenant(number):
    return Tenant(f"{number:012}", "us-east-1")


def told(storage, owner):
    """What reads tell of a tenant, but for the receipts."""
    traces = [*map(trace_id, (*TRACES, 9))]
    return (
        found(storage, owner),
        storage.count_traces(owner, 0, LAST_US),
        storage.graph(owner, 0, LAST_US),
        {
            id_: {(span.id, span.start_us, span.flags, span.name) for span in spans}
            for id_, spans in storage.spans(owner, traces).items()
        },
        {
            id_: sorted((each.id, each.document) for each in stored)
            for id_, stored in storage.documents(owner, traces).items()
        },
    )


def until_none_fails(faults, attempt, *, is_done):
    """Attempt with the first call failing, then the second ... until there are no more calls."""
    for call in range(1, MOST_CALLS):
        try:
            with faults.at(call, is_done=is_done):
                attempt(call)
        except StoreError:
            yield call
        else:
            assert call > 1, "no call was made"
            return
    pytest.fail(f"an operation made more than {MOST_CALLS} calls")


# First of all, since a pass looks at every tenant there is: after the others it takes minutes.
@pytest.mark.usefixtures("counted_at_once")
@pytest.mark.parametrize("is_done", [False, True])
def test_edges_job(storage, faults, is_done):
    """A pass that fails is made up for by the next, and the map is right before and after it."""
    owner, memory = tenant(2 + is_done), MemoryStorage()
    window = BASE_US - MINUTE, BASE_US + 30 * MINUTE

    def put(number):
        at_us = number * S
        late = all_accepted(owner, [segment(100 + number, 5_000 + number, "web", at_us, at_us + S)])
        storage.insert(late)
        memory.insert(late)

    put(1)

    def attempt(call):
        assert call
        storage.upkeep.update_edges()

    for call in until_none_fails(faults, attempt, is_done=is_done):
        assert storage.graph(owner, *window) == memory.graph(owner, *window), call
        storage.upkeep.update_edges()
        assert storage.graph(owner, *window) == memory.graph(owner, *window), call
        put(call + 1)
    assert storage.graph(owner, *window) == memory.graph(owner, *window)


@pytest.mark.parametrize("small_bytes", [0, inserter.SMALL_BYTES])
@pytest.mark.parametrize("is_done", [False, True])
def test_insert(storage, faults, monkeypatch, is_done, small_bytes):
    """What failed is sent again, and is there once; the next flush is not harmed."""
    monkeypatch.setattr(inserter, "SMALL_BYTES", small_bytes)
    documents = [*random_documents(random.Random(8), TRACES), DEEP]
    memory = MemoryStorage()
    first = 1_000 + 1_000 * is_done + 2_000 * (small_bytes > 0)

    def attempt(call):
        storage.insert(all_accepted(tenant(first + call), documents))

    failed = list(until_none_fails(faults, attempt, is_done=is_done))
    for call in failed:
        owner = tenant(first + call)
        storage.insert(all_accepted(owner, documents))
        memory.insert(all_accepted(owner, documents))
        assert told(storage, owner) == told(memory, owner), call


QUESTIONS = {
    "documents": lambda storage, owner: storage.documents(owner, [trace_id(1), trace_id(2)]),
    "spans": lambda storage, owner: storage.spans(owner, [trace_id(1), trace_id(2)]),
    "newest": lambda storage, owner: storage.search(owner, Search(0, LAST_US)),
    "filter": lambda storage, owner: storage.search(
        owner, Search(0, LAST_US, parse('service("web") AND !fault'))
    ),
    "matching": lambda storage, owner: sorted(
        each
        for some in storage.matching(owner, Search(0, LAST_US, parse("duration >= 0")))
        for each in some
    ),
    "count": lambda storage, owner: storage.count_traces(owner, 0, LAST_US),
    "graph": lambda storage, owner: storage.graph(owner, 0, LAST_US),
    "graph of traces": lambda storage, owner: storage.graph(owner, 0, LAST_US, [trace_id(1)]),
    "series": lambda storage, owner: storage.time_series(
        owner,
        BASE_US // MINUTE - 60,
        BASE_US // MINUTE + 60,
        parse_selector('service("web")'),
    ),
    "latest": lambda storage, owner: storage.latest_us(owner),
}


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("question", QUESTIONS)
def test_reads(storage, faults, question, is_done):
    """A read that fails says so, and the next one gets the whole answer."""
    ask, owner = QUESTIONS[question], tenant(1)
    storage.insert(all_accepted(owner, random_documents(random.Random(9), TRACES)))
    answer = ask(storage, owner)
    attempts = until_none_fails(faults, lambda _: ask(storage, owner), is_done=is_done)
    assert list(attempts)
    assert ask(storage, owner) == answer
