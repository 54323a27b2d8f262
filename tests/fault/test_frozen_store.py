"""The store takes nothing for a while: the queue fills, reads go on, nothing is lost after it."""

import asyncio
import contextlib
import http.client
import itertools
import json
import threading
import time
from concurrent import futures
from http import HTTPStatus

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from fluoro.model.tenant import LOCAL
from fluoro.model.times import LAST_US
from fluoro.server.program import run
from fluoro.server.settings import ServerSettings
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.memory import MemoryStorage
from store.building import all_accepted, found, trace_id

LIMIT_S = 60
DOCUMENTS = 5
"""Of each request, which are one trace."""
FIT, TOO_MANY = 4, 3
"""Requests that the queue takes, and some more."""
NUMBERS = range(2, 2 + FIT + TOO_MANY)
UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE
SETTINGS = ServerSettings(
    address="127.0.0.1:0",
    admin_address="127.0.0.1:0",
    flush_interval_ms=1,
    flush_documents=DOCUMENTS,
    queue_documents=FIT * DOCUMENTS,
    edges_interval_s=3600,
)
AGO_S = 600
"""Begin of every document: its minute is over and settled."""


class Gate:
    """In front of the inserts of the writer; what it lets through may fail."""

    def __init__(self, client) -> None:
        self._insert = client.raw_insert
        self._is_open = threading.Event()
        self._is_open.set()
        self.has_waiter = threading.Event()
        self.fails = False
        client.raw_insert = self._pass

    def _pass(self, *arguments, **names):
        if not self._is_open.is_set():
            self.has_waiter.set()
            assert self._is_open.wait(LIMIT_S), "nobody opened the gate"
            if self.fails:
                raise DatabaseError("Code: 243. no space is left")
        return self._insert(*arguments, **names)

    @contextlib.contextmanager
    def closed(self):
        """Nothing passes in the block; what waited then passes, or fails."""
        self._is_open.clear()
        try:
            yield
        finally:
            self._is_open.set()


class Frozen:
    """A whole server whose inserts can be held."""

    def __init__(self, storage, addresses):
        self.storage = storage
        self.gate = Gate(storage._pool.writer)
        self.start = time.time() - AGO_S
        self._addresses = addresses

    def ask(self, method, path, members=None, *, of_admin=False):
        """Status, text and headers of an answer."""
        address = self._addresses.admin if of_admin else self._addresses.server
        connection = http.client.HTTPConnection(address, timeout=2 * LIMIT_S)
        with contextlib.closing(connection):
            connection.request(method, path, None if members is None else json.dumps(members))
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.headers

    def documents(self, number):
        """A trace of some services that call one database."""
        return [
            {
                "trace_id": trace_id(number),
                "id": f"{number:08x}{place:08x}",
                "name": f"service-{place}",
                "start_time": self.start,
                "end_time": self.start + 0.5,
                "subsegments": [
                    {
                        "id": f"{number:08x}{place + 100:08x}",
                        "name": "db",
                        "namespace": "remote",
                        "start_time": self.start,
                        "end_time": self.start + 0.25,
                    }
                ],
            }
            for place in range(DOCUMENTS)
        ]

    def put(self, number):
        """Send a trace; its number, with the answer."""
        texts = [json.dumps(document) for document in self.documents(number)]
        return number, *self.ask("POST", "/TraceSegments", {"TraceSegmentDocuments": texts})

    def counts(self):
        """Documents received, stored, rejected, waiting, throttled."""
        status, text, _ = self.ask("GET", "/metrics", of_admin=True)
        assert status == HTTPStatus.OK
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return tuple(
            sum(float(count) for name, _, count in lines if name.partition("{")[0] == wanted)
            for wanted in (
                "fluoro_server_documents_received_total",
                "fluoro_server_documents_stored_total",
                "fluoro_server_documents_rejected_total",
                "fluoro_server_documents_waiting",
                "fluoro_server_documents_throttled_total",
            )
        )

    def check(self, numbers):
        """Each trace is there whole and once, and the map is that of these traces."""
        assert set(found(self.storage, LOCAL)) == {*map(trace_id, numbers)}
        for number in numbers:
            _, text, _ = self.ask("POST", "/Traces", {"TraceIds": [trace_id(number)]})
            segments = json.loads(text)["Traces"][0]["Segments"]
            ids = [document["id"] for document in self.documents(number)]
            sent = [each["Id"] for each in segments if "inferred" not in each["Document"]]
            assert sorted(sent) == ids
        memory = MemoryStorage()
        for number in numbers:
            memory.insert(all_accepted(LOCAL, self.documents(number)))
        for window in self._windows():
            graph = self.storage.graph(LOCAL, *window)
            assert graph == memory.graph(LOCAL, *window)
            assert graph.edges

    def check_with_edges(self, numbers):
        """The same, with the map as the job counts it."""
        assert self.storage.upkeep.update_edges()
        assert self.storage.upkeep.update_edges() == 0
        self.check(numbers)

    def health(self):
        """What the probes are told."""
        paths = ("/livez", "/readyz")
        return {path: self.ask("GET", path, of_admin=True)[0] for path in paths}

    @contextlib.contextmanager
    def sending(self):
        """Hold the store, send more than fits; in the block what fits waits, the rest is refused.

        Yields the answers to be, and the numbers of the traces that were refused.
        """
        with futures.ThreadPoolExecutor(len(NUMBERS)) as threads, self.gate.closed():
            sent = [threads.submit(self.put, number) for number in NUMBERS]
            answered = itertools.islice(futures.as_completed(sent, LIMIT_S), TOO_MANY)
            refused = [each.result() for each in answered]
            for _, status, text, headers in refused:
                assert (status, headers["Retry-After"]) == (HTTPStatus.TOO_MANY_REQUESTS, "1")
                assert json.loads(text)["__type"] == "ThrottledException"
            assert self.gate.has_waiter.wait(LIMIT_S)
            yield sent, {number for number, *_ in refused}

    def _windows(self):
        minute_us = 60_000_000
        first_us = int(self.start * 1e6) // minute_us * minute_us
        return (0, LAST_US), (first_us, first_us + 2 * minute_us)


@pytest.fixture
def frozen(tmp_path, counted_at_once):
    """A server in a thread, on chDB."""
    opened, addresses = [], futures.Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def open_storage():
        opened.append(ClickHouseStorage.open(tmp_path / "data"))
        return opened[0]

    def serve():
        try:
            loop.run_until_complete(
                run(SETTINGS, open_storage, ready=addresses.set_result, stop=stop)
            )
        finally:
            loop.close()

    with futures.ThreadPoolExecutor(1) as threads:
        serving = threads.submit(serve)
        futures.wait([serving, addresses], LIMIT_S, futures.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        try:
            yield Frozen(opened[0], addresses.result(0))
        finally:
            loop.call_soon_threadsafe(stop.set)
            serving.result(LIMIT_S)


def test_frozen(frozen):
    """Who does not fit in the queue is told to come back; who did has an answer to rely on."""
    assert frozen.put(1)[1] == HTTPStatus.OK
    with frozen.sending() as (sent, refused):
        assert frozen.health() == {"/livez": HTTPStatus.OK, "/readyz": HTTPStatus.OK}
        frozen.storage.upkeep.update_edges()
        frozen.check([1])
        held, thrown = FIT * DOCUMENTS, TOO_MANY * DOCUMENTS
        assert frozen.counts() == (DOCUMENTS + held, DOCUMENTS, 0, held, thrown)
    assert {each.result()[1] for each in sent} == {HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS}
    stored = {1, *NUMBERS} - refused
    frozen.check(stored)
    assert frozen.counts()[:4] == (len(stored) * DOCUMENTS, len(stored) * DOCUMENTS, 0, 0)
    assert {frozen.put(number)[1] for number in refused} == {HTTPStatus.OK}
    frozen.check_with_edges({1, *NUMBERS})


def test_frozen_and_then_broken(frozen):
    """What was held is refused when the store ends broken: sent again, it is there once."""
    frozen.gate.fails = True
    with frozen.sending() as (sent, refused):
        assert frozen.counts()[3] == FIT * DOCUMENTS
    answers = {number: status for number, status, *_ in (each.result() for each in sent)}
    lost = {number for number, status in answers.items() if status == UNAVAILABLE}
    assert len(lost) == 1
    stored = answers.keys() - lost - refused
    assert {answers[number] for number in stored} <= {HTTPStatus.OK}
    count = [len(numbers) * DOCUMENTS for numbers in (stored | lost, stored, lost)]
    assert frozen.counts()[:4] == (*count, 0)
    assert set(found(frozen.storage, LOCAL)) == {*map(trace_id, stored)}
    assert {frozen.put(number)[1] for number in lost | refused} == {HTTPStatus.OK}
    frozen.check_with_edges({*NUMBERS})
