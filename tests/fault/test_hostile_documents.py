"""50,000 spoilt documents at the real application over chDB: refused or stored, never a 500."""

import contextlib
import gc
import json
import time
import tracemalloc
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from captures import documents
from fluoro.errors import InvalidDocumentError
from fluoro.model.tenant import LOCAL
from fluoro.server.app import create_app
from fluoro.server.backend import Backend
from fluoro.server.identity import Identity
from fluoro.server.settings import ServerSettings
from fluoro.server.throttle import Throttle
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.writer import Writer, WriterSettings
from fluoro.wire.segment import check
from mutations import mutated_document

DOCUMENTS = 50_000
"""Half of the 100,000 mutants; `test_hostile_expressions` has the others."""
ROUNDS = 5
A_REQUEST = 500
REPEATED = 2
"""Requests of a round in which Python's own memory is counted."""
_PAGE_BYTES = 4096
_GROWTH_BYTES = 150_000_000
FIRST_S, LAST_S = 0, 4_294_967_294


class Hostile(NamedTuple):
    """What was sent, and what became of it."""

    client: TestClient
    storage: ClickHouseStorage
    backend: Backend
    refused: int
    unnamed: list[dict]
    """Refusals without a code or a message."""
    resident: list[int]
    """Bytes after each round."""
    trace_ids: list[str]
    acceptable: set[tuple[str, str]]
    """Trace and id of each document that the check alone takes."""


def resident_bytes():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A server that has taken every mutant."""
    with contextlib.ExitStack() as opened:
        storage = ClickHouseStorage.open(tmp_path_factory.mktemp("hostile") / "data")
        opened.callback(storage.close)
        writer = Writer(storage.insert, WriterSettings(flush_interval_s=0.01))
        opened.callback(writer.close)

        def clock_us():
            return time.time_ns() // 1000

        identity = Identity(lambda: None, clock_us, LOCAL.region, Throttle(1, time.monotonic_ns))
        backend = Backend(storage, writer, ServerSettings(), clock_us, identity)
        opened.callback(backend.beside.close)
        client = TestClient(create_app(backend), raise_server_exceptions=False)
        opened.callback(client.close)
        yield send_all(client, storage, backend)


def send_all(client, storage, backend):
    """Send every mutant; what came of it."""
    found = Hostile(client, storage, backend, 0, [], [], [], set())
    refused = 0
    chance = Random(4)
    originals = [each.decode() for each in documents(valid=True)]
    for _ in range(ROUNDS):
        for _ in range(DOCUMENTS // ROUNDS // A_REQUEST):
            texts = [mutated_document(chance, chance.choice(originals)) for _ in range(A_REQUEST)]
            body = {"TraceSegmentDocuments": texts, "Sources": []}
            answer = client.post("/TraceSegments", content=json.dumps(body))
            assert answer.status_code == 200, answer.text[:300]
            found.acceptable.update(acceptable(texts))
            unprocessed = answer.json()["UnprocessedTraceSegments"]
            refused += len(unprocessed)
            found.unnamed.extend(
                each for each in unprocessed if not each.get("ErrorCode") or not each.get("Message")
            )
        found.resident.append(resident_bytes())
    rows = storage._pool.query("SELECT DISTINCT lower(hex(trace_id)) FROM documents ORDER BY 1")
    found.trace_ids.extend(f"1-{digits[:8]}-{digits[8:]}" for (digits,) in rows)
    return found._replace(refused=refused)


def acceptable(texts):
    """Trace and id of each document that passes the check."""
    for text in texts:
        with contextlib.suppress(InvalidDocumentError):
            checked = check(text.encode())
            yield checked.trace_id, checked.id


def test_stored(hostile):
    """What the check takes is in the table, each document of it, and nothing else is."""
    rows = hostile.storage._pool.query(
        "SELECT DISTINCT lower(hex(trace_id)), lower(leftPad(hex(id), 16, '0')) FROM documents"
    )
    stored = {(f"1-{digits[:8]}-{digits[8:]}", id_) for digits, id_ in rows}
    assert stored == hostile.acceptable


def test_answered(hostile):
    """Each refusal has a code and a message."""
    assert hostile.unnamed == []


def test_counted(hostile):
    """Received is stored and rejected, and some of both came."""
    counters, writer = hostile.backend.counters, hostile.backend.writer
    assert sum(counters.rejected.values()) == hostile.refused
    assert (writer.waiting, writer.failed) == (0, 0)
    assert writer.stored + hostile.refused == DOCUMENTS
    assert min(writer.stored, hostile.refused) > DOCUMENTS / 20


def test_partitions(hostile):
    """Times from 1970 to 2200 open no partition: it is the day of receipt."""
    days = {each.day for each in hostile.storage.upkeep.statistics().tables if each.day}
    assert 1 <= len(days) <= 2


def test_memory(hostile):
    """The later rounds leave no more behind than the first ones did."""
    assert hostile.resident[-1] - hostile.resident[1] < _GROWTH_BYTES


def test_edges_job(hostile):
    """The job passes over all of it, and its tables have no more partitions than the others."""
    assert hostile.storage.upkeep.update_edges() >= 0
    test_partitions(hostile)


def test_objects(hostile):
    """A round that is sent again leaves fewer bytes of Python's behind than a tenth of it has."""
    chance = Random(6)
    originals = [each.decode() for each in documents(valid=True)]
    texts = [mutated_document(chance, chance.choice(originals)) for _ in range(A_REQUEST)]
    body = json.dumps({"TraceSegmentDocuments": texts, "Sources": []})
    left = []
    tracemalloc.start()
    try:
        for _ in range(ROUNDS):
            for _ in range(REPEATED):
                assert hostile.client.post("/TraceSegments", content=body).status_code == 200
            gc.collect()
            left.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert left[-1] - left[0] < (ROUNDS - 1) * REPEATED * len(body) / 10, left


@pytest.mark.parametrize("kind", ["TraceId", "Event", "Service"])
def test_summaries(hostile, kind):
    """Every page of everything can be read."""
    wanted = {"StartTime": FIRST_S, "EndTime": LAST_S, "TimeRangeType": kind}
    pages = 0
    while pages == 0 or "NextToken" in wanted:
        answer = hostile.client.post("/TraceSummaries", content=json.dumps(wanted))
        assert answer.status_code == 200, answer.text
        wanted["NextToken"] = answer.json().get("NextToken")
        if not wanted["NextToken"]:
            del wanted["NextToken"]
        pages += 1


def test_traces(hostile):
    """Every stored trace comes back; one in ten of them is asked for."""
    for first in range(0, len(hostile.trace_ids), 50):
        wanted = {"TraceIds": hostile.trace_ids[first : first + 5]}
        answer = hostile.client.post("/Traces", content=json.dumps(wanted))
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["Traces"]) == len(wanted["TraceIds"])


def test_graphs(hostile):
    """A trace's graph, its page in the console, and the map of everything are answered."""
    for trace_id in hostile.trace_ids[::200]:
        answer = hostile.client.post("/TraceGraph", content=json.dumps({"TraceIds": [trace_id]}))
        assert answer.status_code == 200, answer.text
        assert hostile.client.get(f"/console/api/traces/{trace_id}").status_code == 200
    for start_s, end_s in ((FIRST_S, LAST_S), (1.6e9, 1.8e9), (0, 1)):
        wanted = {"StartTime": start_s, "EndTime": end_s}
        answer = hostile.client.post("/ServiceGraph", content=json.dumps(wanted))
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"TraceSegmentDocuments": 1}',
        b'{"TraceSegmentDocuments": [1]}',
        b'{"TraceSegmentDocuments": ["\\ud800"]}',
        b'{"TraceSegmentDocuments": ["{}"], "Sources": 7}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_bodies(hostile, body):
    """A body that is no request is refused in AWS's words."""
    answer = hostile.client.post("/TraceSegments", content=body)
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        assert answer.json().get("message")
        assert answer.headers["x-amzn-errortype"]
