"""A query that takes too much is refused with its range; the reads beside it are answered."""

import contextlib
import itertools
import json
import random
import re
import threading
import time
from concurrent import futures
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from fluoro.errors import StoreTimeoutError
from fluoro.model.tenant import LOCAL
from fluoro.server.app import create_app
from fluoro.server.backend import Backend
from fluoro.server.identity import Identity
from fluoro.server.settings import ServerSettings
from fluoro.server.throttle import Throttle
from fluoro.store import deadline
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.engine import Limits
from fluoro.store.storage import Search
from fluoro.store.writer import Writer, WriterSettings
from store.building import BASE_US, all_accepted, furnished_traces, segment, trace_id

S = 1_000_000
START = BASE_US // S
WINDOW = {"StartTime": START - 600, "EndTime": START + 4200}
NAMED = re.compile(
    r"The query from 2023-11-14T22:03:[02]0Z to 2023-11-14T23:2[34]:[02]0Z took more (\w+)"
    r" than one may \((\w+)\): ask for a shorter time range"
)
"""A map is of full minutes."""

MEMORY = Limits(query_memory_bytes=4_000_000)
TRACES = 8_000
BATCH = 1_000
ONE = segment(1_000_000, 1, "web", 0, S)
"""What the reads beside the big ones ask for."""

BIG = ("/ServiceGraph", "/TraceSummaries", "/TimeSeriesServiceStatistics")
SMALL = ("/Traces", "/TraceGraph")
READS = 30


class Served(NamedTuple):
    """Who asks it, and what it asks."""

    client: TestClient
    storage: ClickHouseStorage

    def ask(self, path, members=WINDOW):
        """Status and JSON of an operation."""
        answer = self.client.post(path, content=json.dumps(members))
        return answer.status_code, answer.json()

    def refusal(self, path):
        """What a query of the whole window is refused for: resource and setting."""
        status, answer = self.ask(path)
        assert status == 400, answer
        assert answer["__type"] == "InvalidRequestException"
        match = NAMED.fullmatch(answer["message"])
        assert match, answer["message"]
        return match.groups()


@contextlib.contextmanager
def served(folder, limits):
    """A server without sockets over chDB in a folder."""
    storage = ClickHouseStorage.open(folder, limits)
    writer = Writer(storage.insert, WriterSettings(flush_interval_s=0.001))
    clock_us = itertools.count(BASE_US).__next__
    identity = Identity(lambda: None, clock_us, LOCAL.region, Throttle(1, time.monotonic_ns))
    backend = Backend(storage, writer, ServerSettings(), clock_us, identity)
    with TestClient(create_app(backend), raise_server_exceptions=False) as client:
        try:
            yield Served(client, storage)
        finally:
            writer.close()
            backend.beside.close()
            storage.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A store of many traces with much in them."""
    folder = tmp_path_factory.mktemp("limits")
    chance = random.Random(4)
    storage = ClickHouseStorage.open(folder)
    for first in range(1, TRACES, BATCH):
        traces = range(first, first + BATCH)
        storage.insert(furnished_traces(chance, LOCAL, traces, is_moved=False))
    storage.insert(all_accepted(LOCAL, [ONE]))
    storage.close()
    return folder


@pytest.mark.parametrize("path", BIG)
def test_memory(folder, path):
    """The refusal names the range and the setting."""
    with served(folder, MEMORY) as server:
        assert server.refusal(path) == ("memory", "query_memory_bytes")


@pytest.mark.parametrize("path", BIG)
def test_time(folder, path):
    """The same, whichever query of the answer was the slow one."""
    with served(folder, Limits()) as server:
        for reader in server.storage._pool._engine.readers:
            reader.set_client_setting("max_execution_time", 0.001)
        assert server.refusal(path) == ("time", "query_timeout_s")


def test_time_of_a_request(folder):
    """Its queries together have a limit too, those that share temporary tables among them."""
    window = (START * S, (START + 4200) * S)
    with served(folder, Limits()) as server:
        storage = server.storage

        def graph():
            return storage.graph(LOCAL, *window, [trace_id(number) for number in range(1, 500)])

        def search():
            return storage.search(LOCAL, Search(*window))

        for read in (graph, search):
            with deadline.within(60):
                assert read() == read()
            with deadline.within(0.001), pytest.raises(StoreTimeoutError, match="query_timeout_s"):
                read()


def test_a_shorter_range_is_answered(folder):
    """What the refusal advises does help."""
    with served(folder, MEMORY) as server:
        for path in BIG:
            server.refusal(path)
            assert server.ask(path, {"StartTime": START + 3600, "EndTime": START + 3610})[0] == 200


def test_others_are_answered_meanwhile(folder):
    """Traces by their id, and new ones, while as many big queries as may run fail without pause."""
    asked = {"TraceIds": [trace_id(1_000_000)]}
    with served(folder, MEMORY) as server:
        right = {path: server.ask(path, asked) for path in SMALL}
        assert [status for status, _ in right.values()] == [200, 200]
        is_over, begun = threading.Event(), threading.Barrier(len(BIG) + 1, timeout=60)
        refused = dict.fromkeys(BIG, 0)

        def press(path):
            begun.wait()
            while not (refused[path] and is_over.is_set()):
                server.refusal(path)
                refused[path] += 1

        with futures.ThreadPoolExecutor(len(BIG)) as threads:
            pressing = [threads.submit(press, path) for path in BIG]
            begun.wait()
            try:
                for number in range(READS):
                    assert {path: server.ask(path, asked) for path in SMALL} == right
                    new = segment(2_000_000 + number, 1, "new", 0, S)
                    put = {"TraceSegmentDocuments": [json.dumps(new)]}
                    assert server.ask("/TraceSegments", put)[0] == 200
                    status, found = server.ask("/Traces", {"TraceIds": [new["trace_id"]]})
                    assert (status, len(found["Traces"])) == (200, 1)
            finally:
                is_over.set()
            for each in pressing:
                each.result()
