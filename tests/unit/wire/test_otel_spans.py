"""Documents as OpenTelemetry's spans."""

import json

import msgspec
import pytest

from fluoro.wire.otel_spans import spans_of

TRACE = "1-6553f100-00000000000000000000000a"
DOCUMENT = {
    "id": "000000000000000A",
    "trace_id": TRACE,
    "parent_id": "000000000000000f",
    "name": "web",
    "start_time": 1_700_000_000.25,
    "end_time": 1_700_000_001.5,
    "origin": "AWS::ECS::Container",
}


def spans(**members):
    """The spans of the document with more members, as JSON reads them."""
    found = spans_of(TRACE, json.dumps(DOCUMENT | members).encode())
    return json.loads(msgspec.json.encode(found))


def values(attributes):
    """Attributes as a dict of key to (kind, value)."""
    found = {each["key"]: next(iter(each["value"].items())) for each in attributes}
    assert len(found) == len(attributes)
    return found


def test_a_segment_is_a_server_span():
    """Ids in hex, times in nanoseconds as text, nothing said of how it ended."""
    (span,) = spans()
    assert values(span["resource"]["attributes"]) == {
        "service.name": ("stringValue", "web"),
        "aws.xray.origin": ("stringValue", "AWS::ECS::Container"),
    }
    del span["resource"]
    assert span == {
        "traceId": "6553f10000000000000000000000000a",
        "spanId": "000000000000000a",
        "parentSpanId": "000000000000000f",
        "name": "web",
        "kind": 2,
        "startTimeUnixNano": "1700000000250000000",
        "endTimeUnixNano": "1700000001500000000",
        "attributes": [],
        "status": {},
    }


def below(number, **members):
    """A subsegment."""
    times = {"start_time": 1_700_000_000.5, "end_time": 1_700_000_001}
    return {"id": f"{number:016x}", "name": f"work {number}"} | times | members


def test_subsegments_are_internal_or_client_spans():
    """Each below the one that it is nested in, in the order of the document, of one resource."""
    found = spans(
        subsegments=[
            below(1, subsegments=[below(2, namespace="aws")]),
            below(3, namespace="remote"),
        ]
    )
    assert [(each["spanId"][-1], each["parentSpanId"][-1], each["kind"]) for each in found] == [
        ("a", "f", 2),
        ("1", "a", 1),
        ("2", "1", 3),
        ("3", "a", 3),
    ]
    assert len({json.dumps(each["resource"]) for each in found}) == 1


def test_an_orphan_has_no_service():
    """Nobody knows what it ran in."""
    (span,) = spans(type="subsegment", namespace="aws", origin="")
    assert (span["kind"], span["resource"]) == (3, {"attributes": []})


def test_an_inferred_segment_is_no_span():
    """The call that it stands behind is one."""
    assert spans(inferred=True) == []


def test_a_span_in_progress_has_no_end():
    """Nor has one whose end is 0."""
    (span,) = spans(end_time=0)
    assert "endTimeUnixNano" not in span


@pytest.mark.parametrize(
    "members",
    [
        {"fault": True},
        {"error": True},
        {"throttle": True},
        {"http": {"response": {"status": 404}}},
        {"http": {"response": {"status": 500}}},
    ],
)
def test_what_failed_has_status_error(members):
    """By a flag or by the status of its response."""
    assert spans(**members)[0]["status"] == {"code": 2}


def test_exceptions_are_events():
    """At the end of the span; the first message is that of the status."""
    exceptions = [{"id": "1" * 16, "type": "ValueError", "message": "no"}, {"id": "2" * 16}]
    (span,) = spans(fault=True, cause={"exceptions": exceptions})
    assert span["status"] == {"message": "no", "code": 2}
    first, second = span["events"]
    assert (first["name"], first["timeUnixNano"]) == ("exception", "1700000001500000000")
    assert values(first["attributes"]) == {
        "exception.type": ("stringValue", "ValueError"),
        "exception.message": ("stringValue", "no"),
    }
    assert second["attributes"] == []


def test_what_xray_indexes_is_in_the_attributes():
    """By the names of the semantic conventions."""
    request = {"method": "GET", "url": "http://web/", "client_ip": "::1", "user_agent": "curl"}
    (span,) = spans(
        http={"request": request, "response": {"status": 200}},
        user="ann",
        sql={"sanitized_query": "SELECT ?"},
        aws={"operation": "Query", "table_name": "T"},
    )
    assert values(span["attributes"]) == {
        "http.request.method": ("stringValue", "GET"),
        "url.full": ("stringValue", "http://web/"),
        "client.address": ("stringValue", "::1"),
        "user_agent.original": ("stringValue", "curl"),
        "http.response.status_code": ("intValue", "200"),
        "user.id": ("stringValue", "ann"),
        "db.query.text": ("stringValue", "SELECT ?"),
        "rpc.method": ("stringValue", "Query"),
        "aws.dynamodb.table_names": ("stringValue", "T"),
    }


def test_annotations_and_metadata_keep_their_values():
    """Annotations by type, false and 0 among them; metadata as its JSON text."""
    (span,) = spans(
        annotations={"s": "", "b": False, "n": 0, "f": 1.5},
        metadata={"default": {"a": [1, "ü"]}, "é": None},
    )
    assert values(span["attributes"]) == {
        "aws.xray.annotation.s": ("stringValue", ""),
        "aws.xray.annotation.b": ("boolValue", False),
        "aws.xray.annotation.n": ("doubleValue", 0),
        "aws.xray.annotation.f": ("doubleValue", 1.5),
        "aws.xray.metadata.default": ("stringValue", '{"a": [1, "\\u00fc"]}'),
        "aws.xray.metadata.é": ("stringValue", "null"),
    }
