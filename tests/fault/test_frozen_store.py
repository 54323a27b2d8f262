"""A store that stands still: senders are told to wait, reads go on, nothing taken is lost."""

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from starlette.testclient import TestClient

from fluoro.model.tenant import LOCAL
from fluoro.server.app import create_app
from fluoro.server.backend import Backend
from fluoro.server.settings import ServerSettings
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.memory import MemoryStorage
from fluoro.store.writer import Writer, WriterSettings
from store.building import BASE_US, all_accepted, segment, trace_id

S = 1_000_000
QUEUE = 400
A_REQUEST = 50
SENDERS = 12
LIMIT_S = 60
SETTINGS = WriterSettings(flush_documents=100, flush_interval_s=0.001, queue_documents=QUEUE)


class Frozen:
    """A server whose inserts wait, at the engine's client, while `thawed` is not set."""

    def __init__(self, folder, opened, monkeypatch):
        self.storage = ClickHouseStorage.open(folder)
        opened.callback(self.storage.close)
        self.thawed = threading.Event()
        self.thawed.set()
        self.writer = Writer(self.storage.insert, SETTINGS)
        opened.callback(self.writer.close)
        opened.callback(self.thawed.set)
        now = lambda: time.time_ns() // 1000  # noqa: E731
        self.backend = Backend(self.storage, self.writer, ServerSettings(), now)
        self.client = TestClient(create_app(self.backend), raise_server_exceptions=False)
        opened.callback(self.client.close)
        client = self.storage._pool.writer
        raw_insert = client.raw_insert

        def gated(*args, **kwargs):
            self.thawed.wait(LIMIT_S)
            return raw_insert(*args, **kwargs)

        monkeypatch.setattr(client, "raw_insert", gated)

    def put(self, number):
        """Send one trace of many segments."""
        texts = [json.dumps(each) for each in documents(number)]
        body = {"TraceSegmentDocuments": texts, "Sources": []}
        return self.client.post("/TraceSegments", content=json.dumps(body))

    def segments(self, number):
        """Ids of the segments of a trace, as they are read back."""
        answer = self.client.post("/Traces", content=json.dumps({"TraceIds": [trace_id(number)]}))
        assert answer.status_code == 200
        return [each["Id"] for trace in answer.json()["Traces"] for each in trace["Segments"]]


def documents(number):
    return [
        segment(number, number * 1_000 + each, f"service-{each % 5}", each * S, (each + 1) * S)
        for each in range(1, A_REQUEST + 1)
    ]


@pytest.fixture
def frozen(tmp_path, monkeypatch):
    """A store that took one trace, and then stands still."""
    with contextlib.ExitStack() as opened:
        made = Frozen(tmp_path / "data", opened, monkeypatch)
        assert made.put(1).status_code == 200
        made.thawed.clear()
        yield made


def test_back_pressure_and_recovery(frozen):
    """More than the queue holds is refused with when to come again; what was taken is stored."""
    with ThreadPoolExecutor(SENDERS) as senders:
        numbers = range(2, 2 + SENDERS)
        sent = {number: senders.submit(frozen.put, number) for number in numbers}
        done, _ = wait(sent.values(), LIMIT_S, return_when="FIRST_COMPLETED")
        refused = next(iter(done)).result()
        assert refused.status_code == 429
        assert refused.headers["x-amzn-errortype"] == "ThrottledException"
        assert int(refused.headers["retry-after"]) >= 1
        assert len(frozen.segments(1)) == A_REQUEST  # reads go on
        assert frozen.writer.waiting <= QUEUE
        assert frozen.storage.upkeep.update_edges() >= 0  # and the job
        frozen.thawed.set()
        answers = {number: each.result(LIMIT_S).status_code for number, each in sent.items()}
    assert set(answers.values()) == {200, 429}
    taken = [1, *(number for number, status in answers.items() if status == 200)]
    for number in taken:
        assert len(frozen.segments(number)) == A_REQUEST
    for number in set(answers) - set(taken):
        assert frozen.segments(number) == []
        assert frozen.put(number).status_code == 200
    writer = frozen.writer
    assert (writer.received, writer.stored) == ((1 + SENDERS) * A_REQUEST,) * 2
    assert (writer.waiting, writer.failed) == (0, 0)
    assert frozen.backend.counters.throttled == A_REQUEST * (SENDERS + 1 - len(taken))


def test_the_map_is_right_afterwards(frozen):
    """A pass of the job while an insert stands still covers nothing of it."""
    memory = MemoryStorage()
    with ThreadPoolExecutor(1) as sender:
        sent = sender.submit(frozen.put, 2)
        deadline = time.monotonic() + LIMIT_S
        while not frozen.writer.waiting:
            assert time.monotonic() < deadline
        frozen.storage.upkeep.update_edges()
        frozen.thawed.set()
        assert sent.result(LIMIT_S).status_code == 200
    for number in (1, 2):
        memory.insert(all_accepted(LOCAL, documents(number)))
    window = BASE_US - 60 * S, BASE_US + 120 * S
    for _ in range(2):
        assert frozen.storage.graph(LOCAL, *window) == memory.graph(LOCAL, *window)
        frozen.storage.upkeep.update_edges()
    assert frozen.storage.graph(LOCAL, *window) == memory.graph(LOCAL, *window)
