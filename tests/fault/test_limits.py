"""A read that passes a limit names its range, and harms nobody else's."""

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from fluoro.model.tenant import LOCAL
from fluoro.server.app import create_app
from fluoro.server.backend import Backend
from fluoro.server.settings import ServerSettings
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.pool import Limits
from fluoro.store.writer import Writer, WriterSettings
from store.building import BASE_US, all_accepted, entity, segment, trace_id

TRACES = 3_000
SPANS_A_TRACE = 40
READS = 40
MS = 1_000
START_S, END_S = BASE_US // 1_000_000 - 60, BASE_US // 1_000_000 + 3_600
RANGE = "from 2023-11-14T"
"""How the message begins to name the range; `BASE_US` is of that day."""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A server whose queries may take too little memory for the map of everything."""
    with contextlib.ExitStack() as opened:
        storage = ClickHouseStorage.open(
            tmp_path_factory.mktemp("limits") / "data", Limits(query_memory_bytes=12_000_000)
        )
        opened.callback(storage.close)
        writer = Writer(storage.insert, WriterSettings())
        opened.callback(writer.close)
        backend = Backend(storage, writer, ServerSettings(), lambda: time.time_ns() // 1000)
        client = TestClient(create_app(backend), raise_server_exceptions=False)
        opened.callback(client.close)
        for first in range(1, TRACES + 1, 1_000):
            documents = [
                segment(number, number * 100, "web", 0, 900 * MS, subsegments=_calls(number * 100))
                for number in range(first, first + 1_000)
            ]
            storage.insert(all_accepted(LOCAL, documents))
        yield client


def _calls(first_id):
    return [
        entity(first_id + 1 + each, f"table-{each}", each * MS, 900 * MS, namespace="aws")
        for each in range(SPANS_A_TRACE)
    ]


def ask(client, path, **members):
    return client.post(path, content=json.dumps(members))


def the_map(client):
    return ask(client, "/ServiceGraph", StartTime=START_S, EndTime=END_S)


def a_trace(client):
    return ask(client, "/Traces", TraceIds=[trace_id(7)])


def test_it_names_the_range_and_the_setting(client):
    """As a bad request with what to do about it."""
    answer = the_map(client)
    assert answer.status_code == 400, answer.text
    assert answer.headers["x-amzn-errortype"] == "InvalidRequestException"
    message = answer.json()["message"]
    assert RANGE in message
    assert "more memory than one may (query_memory_bytes)" in message
    assert message.endswith("ask for a shorter time range")


def test_the_console_says_the_same(client):
    """Its map and its list."""
    query = {"start": START_S, "end": END_S}
    answer = client.get("/console/api/map", params=query)
    assert answer.status_code == 400
    assert RANGE in answer.text


def test_a_shorter_range_is_answered(client):
    """A range with less in it."""
    answer = ask(client, "/ServiceGraph", StartTime=START_S - 120, EndTime=START_S)
    assert answer.status_code == 200


def test_others_are_answered_meanwhile(client):
    """Whoever reads a trace while maps fail gets it whole each time."""
    with ThreadPoolExecutor(2) as others:
        maps = [others.submit(the_map, client) for _ in range(READS // 4)]
        traces = [a_trace(client) for _ in range(READS)]
        assert {each.result().status_code for each in maps} == {400}
    assert {each.status_code for each in traces} == {200}
    segments = {len(each.json()["Traces"][0]["Segments"]) for each in traces}
    assert len(segments) == 1
