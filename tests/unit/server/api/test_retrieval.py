"""The retrieval operations."""

import json
from types import SimpleNamespace

import pytest

from fluoro.model.tenant import LOCAL

NOW_S = 1_700_000_000
UNKNOWN = "12345678-1234-4234-8234-1234567890ab"


@pytest.fixture
def retrieval(server, window):
    """What calls the four operations, each by its own name; `start` takes trace ids."""

    def call(path, **members):
        answer = server.call(path, members)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def start(*trace_ids, **members):
        body = {"TraceIds": list(trace_ids)} | window | members
        return call("/StartTraceRetrieval", **body)["RetrievalToken"]

    return SimpleNamespace(
        start=start,
        list=lambda token, **members: call("/ListRetrievedTraces", RetrievalToken=token, **members),
        graph=lambda token, **members: call(
            "/GetRetrievedTracesGraph", RetrievalToken=token, **members
        ),
        cancel=lambda token: call("/CancelTraceRetrieval", RetrievalToken=token),
    )


def pages(list_, token, **members):
    """Every page of a retrieval."""
    found = [list_(token, **members)]
    while "NextToken" in found[-1]:
        found.append(list_(token, **members, NextToken=found[-1]["NextToken"]))
    return found


def call_of(number, **members):
    """A finished call to a table."""
    times = {"start_time": NOW_S + 0.1, "end_time": NOW_S + 0.2}
    aws = {"operation": "Query", "table_name": "T"}
    call = {"id": f"{number:016x}", "name": "DynamoDB", "namespace": "aws", "aws": aws}
    return call | times | members


def test_documents_are_those_of_batch_get_traces(server, document, trace_id, retrieval):
    """In the order of the request, inferred segments among them; unknown ids are left out."""
    for number in (1, 2):
        server.put(document(number, trace_id(number), subsegments=[call_of(9)]))
    token = retrieval.start(trace_id(2), trace_id(3), trace_id(1))
    traces = server.call("/Traces", {"TraceIds": [trace_id(2), trace_id(1)]}).json()["Traces"]
    assert retrieval.list(token) == {
        "RetrievalStatus": "COMPLETE",
        "TraceFormat": "XRAY",
        "Traces": [
            {"Id": trace["Id"], "Duration": trace["Duration"], "Spans": trace["Segments"]}
            for trace in traces
        ],
    }
    assert len(traces[0]["Segments"]) == 2


def test_otel_gives_a_span_for_each_segment_and_subsegment(server, document, trace_id, retrieval):
    """The call itself, not the segment inferred from it."""
    server.put(document(1, trace_id(1), subsegments=[call_of(9)]))
    answer = retrieval.list(retrieval.start(trace_id(1)), TraceFormat="OTEL")
    assert answer["TraceFormat"] == "OTEL"
    (trace,) = answer["Traces"]
    spans = [json.loads(span["Document"]) for span in trace["Spans"]]
    assert [span["spanId"] for span in spans] == [span["Id"] for span in trace["Spans"]]
    assert [(span["name"], span["kind"]) for span in spans] == [("web", 2), ("DynamoDB", 3)]


@pytest.mark.parametrize(
    ("ran", "is_found"),
    [
        ((0, 10), True),
        ((10.5, 20), True),
        ((10.6, 20), False),
        ((0, 9.9), False),
        ((10.2, 10.3), True),
    ],
)
def test_the_range_is_when_a_trace_ran(server, document, retrieval, ran, is_found):
    """Both ends belong to it; a trace that ran in it in part is there whole."""
    trace = document(start=10)
    server.put(trace)
    start, end = ran
    token = retrieval.start(trace["trace_id"], StartTime=NOW_S + start, EndTime=NOW_S + end)
    assert bool(retrieval.list(token)["Traces"]) is is_found


def test_five_traces_are_a_page(server, document, trace_id, retrieval):
    """Every trace once, in the order of the request."""
    trace_ids = [trace_id(number) for number in range(1, 13)]
    server.put(*(document(number, each) for number, each in enumerate(trace_ids, start=1)))
    found = pages(retrieval.list, retrieval.start(*trace_ids))
    assert [len(page["Traces"]) for page in found] == [5, 5, 2]
    assert [trace["Id"] for page in found for trace in page["Traces"]] == trace_ids


@pytest.mark.parametrize("many", [100, 101, 250])
def test_a_hundred_spans_of_a_trace_are_a_page(server, document, trace_id, retrieval, many):
    """A larger one goes on under its id; the next trace comes behind it; no span twice."""
    work = [{**call_of(number), "namespace": ""} for number in range(2, many + 1)]
    server.put(document(1, trace_id(1), subsegments=work), document(1, trace_id(2)))
    token = retrieval.start(trace_id(1), trace_id(2))
    found = pages(retrieval.list, token, TraceFormat="OTEL")
    traces = [trace for page in found for trace in page["Traces"]]
    assert all(len(trace["Spans"]) <= 100 for trace in traces)
    assert len(found) == -(-many // 100)
    ids = [span["Id"] for trace in traces if trace["Id"] == trace_id(1) for span in trace["Spans"]]
    assert ids == [f"{number:016x}" for number in range(1, many + 1)]
    assert traces[-1]["Id"] == trace_id(2)


def test_a_trace_that_was_deleted_is_left_out(server, document, trace_id, retrieval):
    """What is answered is read when it is asked for."""
    server.put(document(1, trace_id(1)), document(1, trace_id(2)))
    token = retrieval.start(trace_id(1), trace_id(2))
    server.storage.delete_traces(LOCAL, [trace_id(1)], NOW_S * 2_000_000)
    assert [trace["Id"] for trace in retrieval.list(token)["Traces"]] == [trace_id(2)]


def test_the_graph_is_of_all_traces(server, document, trace_id, retrieval):
    """The nodes of GetServiceGraph; nothing of other traces."""
    for number in (1, 2, 3):
        server.put(document(number, trace_id(number), subsegments=[call_of(9)]))
    answer = retrieval.graph(retrieval.start(trace_id(1), trace_id(2)))
    assert answer["RetrievalStatus"] == "COMPLETE"
    services = {each["Service"]["Name"]: each for each in answer["Services"][1:]}
    counts = {
        name: each["Service"]["SummaryStatistics"]["TotalCount"] for name, each in services.items()
    }
    assert counts == {"web": 2, "T": 2}
    assert services["web"]["Service"]["StartTime"] == NOW_S
    assert all(each["Links"] == [] for each in answer["Services"])


def test_links_stand_at_the_node_of_their_segment(server, document, trace_id, retrieval):
    """By trace and by what the others are to it; at most a hundred a node."""
    links = [
        {"trace_id": trace_id(number), "id": "1" * 16, "attributes": attributes}
        for number, attributes in (
            (8, {"aws.xray.reserved.reference_type": "parent"}),
            (9, {"aws.xray.reserved.reference_type": "parent"}),
            (7, {}),
        )
    ]
    server.put(document(1, trace_id(1), links=links, subsegments=[call_of(9)]))
    services = retrieval.graph(retrieval.start(trace_id(1)))["Services"]
    assert [each["Service"]["Name"] for each in services if each["Links"]] == ["web"]
    assert next(each["Links"] for each in services if each["Links"]) == [
        {"SourceTraceId": trace_id(1), "DestinationTraceIds": [trace_id(7)]},
        {
            "SourceTraceId": trace_id(1),
            "DestinationTraceIds": [trace_id(8), trace_id(9)],
            "ReferenceType": "parent",
        },
    ]


def test_a_thousand_nodes_are_a_page(server, document, trace_id, retrieval):
    """The others follow."""
    names = [f"service {number}" for number in range(700)]
    documents = [document(n, trace_id(1), name=name) for n, name in enumerate(names, start=1)]
    server.put(*documents, Sources=[])
    found = pages(retrieval.graph, retrieval.start(trace_id(1)))
    assert [len(page["Services"]) for page in found] == [1000, 400]
    numbers = [each["Service"]["ReferenceId"] for page in found for each in page["Services"]]
    assert numbers == list(range(1400))


def test_a_cancelled_retrieval_answers_nothing(server, document, trace_id, retrieval):
    """CANCELLED from then on; to cancel it again changes nothing."""
    server.put(document(1, trace_id(1)))
    token, other = retrieval.start(trace_id(1)), retrieval.start(trace_id(1))
    assert [retrieval.cancel(token) for _ in range(2)] == [{}, {}]
    assert retrieval.list(token, TraceFormat="OTEL") == {
        "RetrievalStatus": "CANCELLED",
        "TraceFormat": "OTEL",
        "Traces": [],
    }
    assert retrieval.graph(token) == {"RetrievalStatus": "CANCELLED", "Services": []}
    assert retrieval.list(other)["RetrievalStatus"] == "COMPLETE"


def test_nothing_found_is_complete(retrieval):
    """No ids are allowed too."""
    assert retrieval.list(retrieval.start())["Traces"] == []
    assert retrieval.graph(retrieval.start())["Services"] == []


@pytest.mark.parametrize(
    "path", ["/ListRetrievedTraces", "/GetRetrievedTracesGraph", "/CancelTraceRetrieval"]
)
@pytest.mark.parametrize("token", ["", UNKNOWN, "x" * 1020])
def test_an_unknown_token(server, path, token):
    """404, as the model says."""
    answer = server.call(path, {"RetrievalToken": token})
    assert answer.status_code == 404
    assert answer.headers["x-amzn-ErrorType"] == "ResourceNotFoundException"


def test_a_retrieval_lives_for_an_hour(server, retrieval):
    """Then its token is unknown, and the next one takes it out of the store."""
    token = retrieval.start()
    server.now_s += 3599
    assert retrieval.list(token)["RetrievalStatus"] == "COMPLETE"
    server.now_s += 1
    assert server.call("/ListRetrievedTraces", {"RetrievalToken": token}).status_code == 404
    assert len(server.storage.resources(LOCAL, "retrieval")) == 1
    other = retrieval.start()
    assert [each.name for each in server.storage.resources(LOCAL, "retrieval")] == [other]


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"TraceIds": ["x"] * 101}, "'traceIds'"),
        ({"TraceIds": [""]}, "'traceIds["),
        ({"TraceIds": ["x" * 36]}, "'traceIds["),
        ({"TraceIds": ["1-x"]}, "Invalid trace id 1-x: incorrect id format"),
        ({"TraceIds": ["A" * 32, "1-aaaaaaaa-" + "a" * 24]}, "Containing duplicate trace ids"),
        ({"EndTime": 1}, "End time cannot be earlier than start time"),
        ({"StartTime": "soon"}, "'startTime'"),
    ],
)
def test_a_start_that_is_refused(server, window, members, text):
    """Every bound of the model, and what is no id."""
    answer = server.call("/StartTraceRetrieval", {"TraceIds": []} | window | members)
    assert answer.headers["x-amzn-ErrorType"] == "InvalidRequestException"
    assert text in answer.json()["message"]


def test_pages_that_are_refused(server, document, trace_id, retrieval):
    """A token of a page belongs to one retrieval and one format."""
    trace_ids = [trace_id(number) for number in range(1, 8)]
    server.put(*(document(number, each) for number, each in enumerate(trace_ids, start=1)))
    token = retrieval.start(*trace_ids)
    page = retrieval.list(token)["NextToken"]
    for path, members in (
        ("/ListRetrievedTraces", {"TraceFormat": "OTEL", "NextToken": page}),
        ("/ListRetrievedTraces", {"NextToken": page, "RetrievalToken": retrieval.start()}),
        ("/ListRetrievedTraces", {"NextToken": "x"}),
        ("/GetRetrievedTracesGraph", {"NextToken": page}),
    ):
        answer = server.call(path, {"RetrievalToken": token} | members)
        assert answer.json()["message"] == f"Invalid token {members['NextToken']}"
    for members in ({"TraceFormat": "JSON"}, {"RetrievalToken": "x" * 1021}):
        answer = server.call("/ListRetrievedTraces", {"RetrievalToken": token} | members)
        assert answer.headers["x-amzn-ErrorType"] == "InvalidRequestException"
