"""The retrieval operations through boto3 as it ships, on a server with the embedded store."""

import json
import time

import pytest

from fluoro_up import edges


@pytest.fixture(scope="module")
def window():
    """The last minutes."""
    now = time.time()
    return {"StartTime": now - 600, "EndTime": now + 600}


@pytest.fixture(scope="module")
def trace_ids(fluoro):
    """Seven traces: web calls a table."""
    now = time.time()
    found = [f"1-{int(now):08x}-{'a' * 22}{number:02x}" for number in range(7)]
    times = {"start_time": now, "end_time": now + 0.5}
    aws = {"operation": "Query", "table_name": "T"}
    call = {"id": "2" * 16, "name": "DynamoDB", "namespace": "aws", "aws": aws}
    segment = {"id": "1" * 16, "name": "shelf", "annotations": {"n": 1}} | times
    texts = [
        json.dumps({"trace_id": each, **segment, "subsegments": [call | times]}) for each in found
    ]
    answer = fluoro.xray.put_trace_segments(TraceSegmentDocuments=texts)
    assert answer["UnprocessedTraceSegments"] == []
    return found


def test_documents(fluoro, trace_ids, window):
    """Those of BatchGetTraces, in pages of five traces."""
    token = fluoro.xray.start_trace_retrieval(TraceIds=trace_ids, **window)["RetrievalToken"]
    first = fluoro.xray.list_retrieved_traces(RetrievalToken=token)
    second = fluoro.xray.list_retrieved_traces(RetrievalToken=token, NextToken=first["NextToken"])
    assert [page["RetrievalStatus"] for page in (first, second)] == ["COMPLETE"] * 2
    assert first["TraceFormat"] == "XRAY"
    assert [trace["Id"] for page in (first, second) for trace in page["Traces"]] == trace_ids
    assert "NextToken" not in second
    (whole,) = fluoro.xray.batch_get_traces(TraceIds=trace_ids[:1])["Traces"]
    assert first["Traces"][0]["Spans"] == whole["Segments"]
    assert first["Traces"][0]["Duration"] == whole["Duration"]


def test_opentelemetrys_spans(fluoro, trace_ids, window):
    """One for each segment and subsegment, each with its trace and its parent."""
    token = fluoro.xray.start_trace_retrieval(TraceIds=trace_ids[:1], **window)["RetrievalToken"]
    answer = fluoro.xray.list_retrieved_traces(RetrievalToken=token, TraceFormat="OTEL")
    (trace,) = answer["Traces"]
    segment, call = (json.loads(span["Document"]) for span in trace["Spans"])
    assert segment["traceId"] == call["traceId"] == trace_ids[0].replace("-", "")[1:]
    assert (segment["kind"], call["kind"]) == (2, 3)
    assert call["parentSpanId"] == segment["spanId"] == trace["Spans"][0]["Id"]


def test_the_graph(fluoro, trace_ids, window):
    """Of all traces of the retrieval together."""
    token = fluoro.xray.start_trace_retrieval(TraceIds=trace_ids, **window)["RetrievalToken"]
    answer = fluoro.xray.get_retrieved_traces_graph(RetrievalToken=token)
    services = [each["Service"] for each in answer["Services"]]
    assert answer["RetrievalStatus"] == "COMPLETE"
    assert edges(services) == {
        (("shelf", "client"), ("shelf", None)),
        (("shelf", None), ("T", "AWS::DynamoDB::Table")),
    }
    assert {each["SummaryStatistics"]["TotalCount"] for each in services[1:]} == {len(trace_ids)}


def test_cancelled(fluoro, trace_ids, window):
    """Nothing any more, and an unknown token is the modelled error."""
    token = fluoro.xray.start_trace_retrieval(TraceIds=trace_ids, **window)["RetrievalToken"]
    fluoro.xray.cancel_trace_retrieval(RetrievalToken=token)
    answer = fluoro.xray.list_retrieved_traces(RetrievalToken=token)
    assert (answer["RetrievalStatus"], answer["Traces"]) == ("CANCELLED", [])
    with pytest.raises(fluoro.xray.exceptions.ResourceNotFoundException):
        fluoro.xray.cancel_trace_retrieval(RetrievalToken="x")
