"""Every operation through boto3 as it ships, on a server with the embedded store."""

import json
import time
import urllib.request

import botocore.exceptions
import pytest

from fluoro_up import edges, until

DAY_S = 86_400


@pytest.fixture(scope="module")
def start():
    """A whole second of its own, a day ago: other tests' traces are elsewhere."""
    return int(time.time()) - DAY_S


@pytest.fixture(scope="module")
def window(start):
    return {"StartTime": start - 60, "EndTime": start + 600}


@pytest.fixture(scope="module")
def ids(start):
    """Ids of the traces, oldest first."""
    return [f"1-{start:08x}-{number:024x}" for number in range(1, 8)]


@pytest.fixture(scope="module")
def documents(start, ids):
    """Seven traces: web calls api and a table; every third api is faulty."""
    found = []
    for number, trace_id in enumerate(ids):
        begin = start + number
        calls = [
            {
                "id": f"{number:08x}00000002",
                "name": "api.internal",
                "namespace": "remote",
                "start_time": begin + 0.1,
                "end_time": begin + 0.6,
                "http": {"response": {"status": 200}},
            },
            {
                "id": f"{number:08x}00000003",
                "name": "DynamoDB",
                "namespace": "aws",
                "start_time": begin + 0.6,
                "end_time": begin + 0.8,
                "aws": {"operation": "Query", "table_name": "T"},
            },
        ]
        found.append(
            {
                "id": f"{number:08x}00000001",
                "trace_id": trace_id,
                "name": "web",
                "start_time": begin,
                "end_time": begin + 1,
                "annotations": {"customer": number, "is_new": True, "kind": "ü"},
                "http": {"request": {"method": "GET", "url": "http://web/"}},
                "subsegments": calls,
            }
        )
        found.append(
            {
                "id": f"{number:08x}00000004",
                "trace_id": trace_id,
                "parent_id": f"{number:08x}00000002",
                "name": "api",
                "start_time": begin + 0.15,
                "end_time": begin + 0.55,
                "fault": number % 3 == 0,
            }
        )
    return found


@pytest.fixture(scope="module")
def xray(fluoro, documents):
    """A client of a server that has the documents."""
    texts = [json.dumps(document) for document in documents]
    answer = fluoro.xray.put_trace_segments(TraceSegmentDocuments=texts)
    assert answer["UnprocessedTraceSegments"] == []
    return fluoro.xray


def refused(call, **members):
    """Code, status and message of a refusal."""
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**members)
    answer = error.value.response
    return (
        answer["Error"]["Code"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Message"],
    )


def test_put_trace_segments(xray):
    """A document that is refused comes back by code."""
    answer = xray.put_trace_segments(TraceSegmentDocuments=["{}"])
    (refusal,) = answer["UnprocessedTraceSegments"]
    assert refusal["ErrorCode"] == "MissingId"
    assert answer["ResponseMetadata"]["RequestId"]


def test_batch_get_traces(xray, ids, documents):
    """In the order of the request, with the inferred table; nothing of a document is lost."""
    traces = xray.batch_get_traces(TraceIds=[ids[3], ids[1]])["Traces"]
    assert [trace["Id"] for trace in traces] == [ids[3], ids[1]]
    sent = [document for document in documents if document["trace_id"] == ids[3]]
    found = [json.loads(segment["Document"]) for segment in traces[0]["Segments"]]
    real = [document for document in found if not document.get("inferred")]
    sent[0]["subsegments"][1]["aws"]["resource_names"] = ["T"]
    assert real == sent
    assert [document["origin"] for document in found if document.get("inferred")] == [
        "AWS::DynamoDB::Table"
    ]


def test_batch_get_traces_paginator(xray, ids):
    """One page, no token."""
    pages = list(xray.get_paginator("batch_get_traces").paginate(TraceIds=ids[:5]))
    assert [len(page["Traces"]) for page in pages] == [5]
    assert not any(page.get("NextToken") for page in pages)


def test_get_trace_summaries(xray, window, ids):
    """Newest first, typed members as boto3 reads them."""
    answer = xray.get_trace_summaries(**window)
    assert [summary["Id"] for summary in answer["TraceSummaries"]] == ids[::-1]
    assert answer["TracesProcessedCount"] == len(ids)
    summary = answer["TraceSummaries"][-1]
    assert (summary["Duration"], summary["ResponseTime"]) == (1.0, 1.0)
    assert summary["Http"]["HttpMethod"] == "GET"
    assert summary["Annotations"]["customer"][0]["AnnotationValue"] == {"NumberValue": 0.0}
    assert summary["Annotations"]["is_new"][0]["AnnotationValue"] == {"BooleanValue": True}
    assert summary["Annotations"]["kind"][0]["AnnotationValue"] == {"StringValue": "ü"}


def test_get_trace_summaries_filters(xray, window, ids):
    """The expressions of this version, each by the store and checked again."""
    expressions = {
        'service("api") AND ok': ids[::-1],
        'service("T")': ids[::-1],
        'service("nothing")': [],
        "fault": [],
        "duration >= 1 responsetime < 2": ids[::-1],
        "duration > 1": [],
    }
    for expression, wanted in expressions.items():
        answer = xray.get_trace_summaries(**window, FilterExpression=expression)
        assert [summary["Id"] for summary in answer["TraceSummaries"]] == wanted, expression


def test_get_trace_summaries_paginator(fluoro, xray, start):
    """More than a page: every trace once, newest first, the count on each page."""
    begin = start - 7200
    ids = [f"1-{begin:08x}-{number:024x}" for number in range(1, 1102)]
    documents = [
        json.dumps(
            {
                "id": f"{number:016x}",
                "trace_id": trace_id,
                "name": "many",
                "start_time": begin + number / 100,
                "end_time": begin + number / 100,
            }
        )
        for number, trace_id in enumerate(ids, start=1)
    ]
    body = json.dumps({"TraceSegmentDocuments": documents, "Sources": []}).encode()
    request = urllib.request.Request(f"{fluoro.server}/TraceSegments", body)  # noqa: S310  our own
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  the same
        assert json.load(answer) == {"UnprocessedTraceSegments": []}
    paginator = xray.get_paginator("get_trace_summaries")
    pages = list(paginator.paginate(StartTime=begin, EndTime=begin + 60))
    assert [len(page["TraceSummaries"]) for page in pages] == [1000, 101]
    found = [summary["Id"] for page in pages for summary in page["TraceSummaries"]]
    assert found == ids[::-1]
    assert {page["TracesProcessedCount"] for page in pages} == {len(ids)}


def test_get_trace_summaries_by_event(fluoro, xray):
    """Type Event goes by the receipt: a trace that began a moment before the range is in it."""
    sent = time.time()
    trace_id = f"1-{int(sent):08x}-{'e' * 24}"
    document = {
        "id": "e" * 16,
        "trace_id": trace_id,
        "name": "late",
        "start_time": sent - 600,
        "end_time": sent - 590,
    }
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    window = {"StartTime": sent - 1, "EndTime": time.time() + 1}

    def found(**members):
        summaries = xray.get_trace_summaries(**window, **members)["TraceSummaries"]
        return [summary for summary in summaries if summary["Id"] == trace_id]

    assert found() == []
    (summary,) = found(TimeRangeType="Event")
    assert abs(summary["MatchedEventTime"].timestamp() - sent) < 30
    strategy = {"Name": "FixedRate", "Value": 1.0}
    assert found(TimeRangeType="Event", Sampling=True, SamplingStrategy=strategy)
    strategy["Value"] = 0.0
    assert not found(TimeRangeType="Event", Sampling=True, SamplingStrategy=strategy)


EDGES = {
    (("web", "client"), ("web", None)),
    (("web", None), ("api", None)),
    (("web", None), ("T", "AWS::DynamoDB::Table")),
}


def test_get_service_graph(xray, window, ids):
    """Nodes, edges, counts and histograms of the window, also through the paginator."""
    (answer,) = xray.get_paginator("get_service_graph").paginate(**window, GroupName="Default")
    assert edges(answer["Services"]) == EDGES
    api = next(node for node in answer["Services"] if node["Name"] == "api")
    assert api["SummaryStatistics"]["FaultStatistics"]["TotalCount"] == 3
    assert api["SummaryStatistics"]["TotalCount"] == len(ids)
    assert sum(entry["Count"] for entry in api["ResponseTimeHistogram"]) == len(ids)
    assert answer["ContainsOldGroupVersions"] is False


def test_get_trace_graph(xray, ids):
    """The graph of one trace with exact times."""
    (answer,) = xray.get_paginator("get_trace_graph").paginate(TraceIds=[ids[0]])
    assert edges(answer["Services"]) == EDGES
    table = next(node for node in answer["Services"] if node["Name"] == "T")
    assert table["ResponseTimeHistogram"] == [{"Value": 0.2, "Count": 1}]


def test_get_sampling_rules(xray):
    """The Default rule, on one page."""
    (page,) = xray.get_paginator("get_sampling_rules").paginate()
    (record,) = page["SamplingRuleRecords"]
    assert record["SamplingRule"]["RuleName"] == "Default"
    assert record["CreatedAt"].timestamp() == 0


def test_get_sampling_targets(xray):
    """One target a report, the reservoir shared by all clients together."""

    def quota(client):
        report = {
            "RuleName": "Default",
            "ClientID": client * 24,
            "Timestamp": int(time.time()),
            "RequestCount": 100,
            "SampledCount": 5,
            "BorrowCount": 1,
        }
        answer = xray.get_sampling_targets(SamplingStatisticsDocuments=[report])
        (target,) = answer["SamplingTargetDocuments"]
        assert answer["UnprocessedStatistics"] == []
        assert answer["LastRuleModification"].timestamp() == 0
        assert target["ReservoirQuotaTTL"].timestamp() > time.time() - 10
        return target["ReservoirQuota"]

    assert [quota(client) for client in "abcabc"] == [0, 0, 0, 1, 0, 0]


def test_put_telemetry_records(xray):
    """Taken, with nothing to say."""
    records = [{"Timestamp": time.time(), "SegmentsReceivedCount": 3}]
    answer = xray.put_telemetry_records(TelemetryRecords=records, Hostname="node")
    assert answer.keys() == {"ResponseMetadata"}


def test_refusals(xray, window):
    """Code, status and message arrive as boto3's ClientError."""
    assert refused(xray.batch_get_traces, TraceIds=["1-x"]) == (
        "InvalidRequestException",
        400,
        "Invalid trace id 1-x: incorrect id format",
    )
    assert refused(xray.get_service_graph, **window, GroupName="nobody") == (
        "InvalidRequestException",
        400,
        "Group not found.",
    )
    _, _, message = refused(xray.get_trace_summaries, **window, FilterExpression="foo = 1")
    assert "Unknown keyword: 'foo'" in message


def test_acknowledged_is_found(fluoro):
    """What was acknowledged is found at once, by id and by search."""
    now = time.time()
    trace_id = f"1-{int(now):08x}-{'f' * 24}"
    document = {"id": "f" * 16, "trace_id": trace_id, "name": "now"}
    document |= {"start_time": now, "end_time": now}
    fluoro.xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    assert fluoro.documents(trace_id) == [document]
    assert trace_id in fluoro.summaries()
    assert until(
        lambda: ("now", None) in {(node["Name"], node.get("Type")) for node in fluoro.graph()},
        "the node",
    )
