import gzip
import json
import uuid

import botocore.session
import pytest
import zstandard

from fluoro.server.operations import OPERATIONS
from fluoro.server.settings import ServerSettings
from fluoro.store.writer import WriterSettings
from valid_requests import VALID

MODEL = botocore.session.get_session().get_service_model("xray")
NAMES = [operation.name for operation in OPERATIONS]
PATHS = {operation.name: operation.path for operation in OPERATIONS}
CHANGES = {"StartTraceRetrieval", "CreateGroup"}
"""What answers something new at each call."""
INSIGHTS = {"GetInsight", "GetInsightEvents", "GetInsightImpactGraph"}
ASKS_THE_STORE = sorted(set(NAMES) - INSIGHTS)


def refused(answer, status, name):
    """Check the one shape of errors; the message."""
    body = answer.json()
    assert answer.status_code == status
    assert body.keys() == {"__type", "message", "Message"}
    assert body["__type"] == answer.headers["x-amzn-ErrorType"] == name
    assert body["message"] == body["Message"]
    assert uuid.UUID(answer.headers["x-amzn-RequestId"])
    assert answer.headers["Content-Type"] == "application/json"
    return body["message"]


def test_every_operation_is_there():
    """All of botocore's service model, each once."""
    assert sorted(NAMES) == sorted(MODEL.operation_names)


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_the_table_is_botocores(operation):
    """Name, path and method are those of botocore's service model."""
    model = MODEL.operation_model(operation.name)
    assert (model.http["method"], model.http["requestUri"]) == ("POST", operation.path)


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_members_are_botocores(operation):
    """Each operation takes the members of the model, and none else but what our agent adds."""
    own = {"Sources", "DocumentSources"}
    ours = set(operation.request.__struct_encode_fields__) - own
    assert ours == set(MODEL.operation_model(operation.name).input_shape.members)


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_says_what_the_client_needs(server, name):
    """JSON, a request id, and the compressions that requests may have."""
    answer = server.call(PATHS[name], VALID[name])
    assert uuid.UUID(answer.headers["x-amzn-RequestId"])
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Accept-Encoding"] == "gzip, zstd"


@pytest.mark.parametrize("name", NAMES)
def test_a_slash_behind_the_path(make, name):
    """One slash more is the same operation; a redirect would lose the body of some clients."""
    answers = [make().call(PATHS[name] + slash, VALID[name]) for slash in ("", "/")]
    assert answers[0].status_code == answers[1].status_code
    assert not answers[1].history


@pytest.mark.parametrize("path", ["/GetGroups", "/traces", "/Traces//", "/", "/TraceSegments/x"])
def test_an_unknown_operation(server, path):
    """Any other path is 404 in the API's form, compared by case."""
    assert path in refused(server.call(path), 404, "UnknownOperationException")


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_is_not_json(server, name):
    """SerializationException, whatever the operation."""
    for body in (b"{", b"[]", b'"text"', b"NaN", b"\xff", b'{"a":' * 5000):
        refused(server.call(PATHS[name], body), 400, "SerializationException")


@pytest.mark.parametrize("name", NAMES)
def test_a_required_member_that_is_missing(server, name):
    """Absent or null: AWS's sentence with the member's name."""
    for member in MODEL.operation_model(name).input_shape.required_members:
        for value in ({}, {member: None}):
            body = {key: each for key, each in VALID[name].items() if key != member} | value
            text = refused(server.call(PATHS[name], body), 400, "InvalidRequestException")
            assert text == (
                f"1 validation error detected: Value at '{member[0].lower()}{member[1:]}'"
                " failed to satisfy constraint: Member must not be null"
            )


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"GetSamplingRules"}))
def test_a_member_of_the_wrong_type(server, name):
    """Refused by name."""
    shape = MODEL.operation_model(name).input_shape
    for member in shape.required_members:
        wrong = "a" if shape.members[member].type_name == "structure" else {"a": 1}
        answer = server.call(PATHS[name], VALID[name] | {member: wrong})
        text = refused(answer, 400, "InvalidRequestException")
        assert f"'{member[0].lower()}{member[1:]}'" in text


def test_a_place_inside_a_list_is_named(server):
    """The path says which item it is."""
    body = {"SamplingStatisticsDocuments": [{"RuleName": "a", "Timestamp": 1}]}
    text = refused(server.call("/SamplingTargets", body), 400, "InvalidRequestException")
    assert "'samplingStatisticsDocuments[0].clientID'" in text


@pytest.mark.parametrize("name", NAMES)
def test_unknown_members_are_ignored(make, name):
    """Clients may be newer than we."""
    answers = [make().call(PATHS[name], VALID[name] | later) for later in ({"Later": 1}, {})]
    assert answers[0].status_code == answers[1].status_code
    if name not in CHANGES:
        assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("name", NAMES)
def test_a_server_that_stops(server, name):
    """503 with Retry-After, and the connection is not to be used again."""
    server.backend.is_stopping = True
    answer = server.call(PATHS[name], VALID[name])
    refused(answer, 503, "ServiceUnavailableException")
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("name", ASKS_THE_STORE)
def test_a_store_that_does_not_answer(server, document, name):
    """503, and nothing of the store's own message."""
    server.storage.is_broken = True
    valid = VALID | {
        "PutTraceSegments": {"TraceSegmentDocuments": [json.dumps(document())]},
    }
    answer = server.call(PATHS[name], valid[name])
    assert "secret" not in refused(answer, 503, "ServiceUnavailableException")


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_is_too_long(make, name):
    """413 counted after decompression, so that an agent halves its batch."""
    server = make(settings=ServerSettings(body_bytes=1000))
    body = json.dumps(VALID[name] | {"Later": "x" * 1000}).encode()
    packed = gzip.compress(body)
    assert len(packed) < 1000
    for content, headers in ((body, {}), (packed, {"Content-Encoding": "gzip"})):
        refused(server.call(PATHS[name], content, **headers), 413, "RequestEntityTooLargeException")


def test_no_body_is_an_empty_object(server):
    """The .NET SDK posts nothing at all."""
    answer = server.client.post("/GetSamplingRules")
    assert [each["SamplingRule"]["RuleName"] for each in answer.json()["SamplingRuleRecords"]] == [
        "Default"
    ]


@pytest.mark.parametrize(
    "content_type",
    ["application/x-amz-json-1.1", "text/plain", "application/x-www-form-urlencoded"],
)
def test_any_content_type(server, content_type):
    """SDKs send all kinds."""
    answer = server.call("/TraceGraph", {"TraceIds": []}, **{"Content-Type": content_type})
    assert answer.json()["message"] == "Zero trace ids provided"


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("identity", bytes),
    ],
)
def test_compressed_requests(server, encoding, compress):
    """Both that answers name are read."""
    body = compress(b'{"TraceIds": []}')
    answer = server.call("/TraceGraph", body, **{"Content-Encoding": encoding})
    assert answer.json()["message"] == "Zero trace ids provided"


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br"])
def test_compression_that_is_not(server, encoding):
    """A broken or unknown one is 400."""
    answer = server.call("/TraceGraph", b"{}", **{"Content-Encoding": encoding})
    refused(answer, 400, "SerializationException")


def test_compressed_answers(server, document, trace_id, window):
    """A long answer is gzip for those who take it."""
    server.put(*(document(number, trace_id(number)) for number in range(1, 20)))
    plain = server.call("/TraceSummaries", window, **{"Accept-Encoding": "identity"})
    packed = server.call("/TraceSummaries", window, **{"Accept-Encoding": "gzip"})
    refusing = server.call("/TraceSummaries", window, **{"Accept-Encoding": "gzip;q=0"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in refusing.headers
    assert packed.json() == plain.json()


def test_a_full_queue(make, document):
    """429 with Retry-After, the whole request is refused, and counted apart."""
    server = make(writer=WriterSettings(queue_documents=2, flush_documents=2))
    texts = [json.dumps(document(number)) for number in range(1, 4)]
    answer = server.call("/TraceSegments", {"TraceSegmentDocuments": texts})
    refused(answer, 429, "ThrottledException")
    assert answer.headers["Retry-After"] == "1"
    assert (server.backend.counters.throttled, server.writer.received) == (3, 0)


def test_a_bug_is_a_500(server, monkeypatch):
    """What nobody expected says nothing of itself."""
    monkeypatch.setattr(server.storage, "graph", lambda *_: 1 / 0)
    answer = server.call("/ServiceGraph", {"StartTime": 1, "EndTime": 2})
    assert refused(answer, 500, "InternalFailure") == "Internal failure"


def test_answers_are_counted(server):
    """By operation and status; what is no operation together."""
    server.call("/TraceGraph", {"TraceIds": []})
    server.call("/GetSamplingRules")
    server.call("/Nothing")
    assert server.backend.counters.requests == {
        ("GetTraceGraph", 400): 1,
        ("GetSamplingRules", 200): 1,
        ("Other", 404): 1,
    }
