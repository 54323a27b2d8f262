import json
import threading

import pytest

from fluoro.model.tenant import LOCAL
from fluoro.server.api import segments
from fluoro.server.settings import ServerSettings

TRACE = "1-6553f100-00000000000000000000000a"


def message(answer):
    assert answer.status_code == 400
    return answer.json()["message"]


def test_put_trace_segments_no_documents(server):
    """AWS's sentence."""
    answer = server.call("/TraceSegments", {"TraceSegmentDocuments": []})
    assert message(answer) == "Segments can not be empty"


def test_put_trace_segments_too_many(server):
    """50 for everybody, 5,000 for our agent, which sends `Sources`; nothing of it is taken."""
    for members, most in (({}, 50), ({"Sources": []}, 5000)):
        body = {"TraceSegmentDocuments": ["{}"] * most} | members
        assert server.call("/TraceSegments", body).status_code == 200
        body["TraceSegmentDocuments"].append("{}")
        answer = server.call("/TraceSegments", body)
        assert message(answer) == f"Exceeding maximum segment count: {most}"
    assert server.backend.counters.rejected.total() == 5050


def test_put_trace_segments_is_durable(server, document):
    """When the answer is there, the document is read back, byte for byte."""
    text = json.dumps(document(), indent=1)
    assert server.put(text) == {"UnprocessedTraceSegments": []}
    (stored,) = server.storage.documents(LOCAL, [TRACE])[TRACE]
    assert stored.document == text.encode()


def test_put_trace_segments_refuses_each_by_itself(server, document):
    """Bad documents come back with code and message; good ones beside them are stored."""
    bad = document(2) | {"end_time": None}
    answer = server.put(document(1), bad, "NaN", document(3))
    assert answer["UnprocessedTraceSegments"] == [
        {
            "Id": "0000000000000002",
            "ErrorCode": "MissingEndTime",
            "Message": "Invalid segment. ErrorCode: MissingEndTime",
        },
        {
            "Id": None,
            "ErrorCode": "ParseError",
            "Message": "Invalid entity. ErrorCode: ParseError",
        },
    ]
    stored = server.storage.documents(LOCAL, [TRACE])[TRACE]
    assert sorted(each.id for each in stored) == ["0000000000000001", "0000000000000003"]


def test_put_trace_segments_keeps_the_source(server, document, monkeypatch):
    """Each document's pod goes with it, as JSON."""
    taken = []
    put = server.writer.put
    monkeypatch.setattr(server.writer, "put", lambda batch: taken.extend(batch) or put(batch))
    server.put(
        document(1), document(2), document(3), Sources=[{"pod": "a"}], DocumentSources=[0, None, 0]
    )
    assert [json.loads(each.source or "null") for each in taken] == [
        {"pod": "a"},
        None,
        {"pod": "a"},
    ]


@pytest.mark.parametrize("places", [[1], [-1], [0, 0]])
def test_put_trace_segments_bad_sources(server, document, places):
    """An index that names no source, or not one for each document."""
    body = {
        "TraceSegmentDocuments": [json.dumps(document())],
        "Sources": [{"pod": "a"}],
        "DocumentSources": places,
    }
    assert "DocumentSources" in message(server.call("/TraceSegments", body))


def test_acknowledging_before_it_is_durable_has_to_be_asked_for(make, document):
    """A setting that says what it risks: the answer comes while the store still stands still."""
    server = make(settings=ServerSettings(acknowledge="received_may_be_lost"))
    server.storage.is_broken = True
    assert server.put(document()) == {"UnprocessedTraceSegments": []}
    server.writer.close()
    assert (server.writer.received, server.writer.failed) == (1, 1)


def test_an_insert_that_fails_is_not_acknowledged(make, document):
    """What the default is for."""
    server = make()
    server.storage.is_broken = True
    answer = server.call("/TraceSegments", {"TraceSegmentDocuments": [json.dumps(document())]})
    assert answer.status_code == 503


def test_a_store_that_takes_too_long_is_not_waited_for(server, document, monkeypatch):
    """503, so the sender comes again; what was taken is stored all the same."""
    insert, is_open = server.storage.insert, threading.Event()
    monkeypatch.setattr(segments, "_DURABLE_S", 0.01)
    monkeypatch.setattr(server.writer, "_insert", lambda batch: is_open.wait(60) and insert(batch))
    answer = server.call("/TraceSegments", {"TraceSegmentDocuments": [json.dumps(document())]})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    is_open.set()
    server.writer.close()
    assert server.writer.stored == 1
