import pytest

NOW_S = 1_700_000_000
TRACE = "1-6553f100-00000000000000000000000a"
US = 1_000_000


def read(server, path, status=200, **parameters):
    answer = server.client.get(f"/console/api/{path}", params=parameters)
    assert answer.status_code == status, answer.text
    return answer.json()


def rows(answer):
    return [int(row["id"][-4:], 16) for row in answer["traces"]]


@pytest.fixture
def span():
    """The window of all pages, as the console writes it."""
    return {"start": f"{NOW_S - 60}.000000", "end": f"{NOW_S + 600}.000000"}


@pytest.fixture
def shop(server, document):
    """Service web calls api, which answers, and the table T, which does not."""
    calls = [
        {
            "id": f"{2:016x}",
            "name": "api.internal",
            "namespace": "remote",
            "start_time": NOW_S + 0.1,
            "end_time": NOW_S + 0.6,
        },
        {
            "id": f"{3:016x}",
            "name": "DynamoDB",
            "namespace": "aws",
            "start_time": NOW_S + 0.6,
            "end_time": NOW_S + 0.8,
            "aws": {"operation": "Query", "table_name": "T"},
        },
    ]
    http = {
        "request": {"method": "GET", "url": "http://web/cart?x=1"},
        "response": {"status": 200},
    }
    server.put(
        document(
            1,
            seconds=1,
            subsegments=calls,
            http=http,
            user="ada",
            annotations={"n": 1.5, "b": True, "t": "x"},
        ),
        document(4, name="api", parent_id=f"{2:016x}", start=0.15, seconds=0.4, fault=True),
    )
    return server


def test_map(shop, span):
    """Nodes and edges of the window by stable ids; clients have no counts."""
    answer = read(shop, "map", **span)
    kinds = {node["id"]: (node["kind"], node["is_root"]) for node in answer["nodes"]}
    assert kinds == {
        "web|client|": ("client", False),
        "web||": ("service", True),
        "api||": ("service", False),
        "T|AWS::DynamoDB::Table|": ("aws", False),
    }
    edges = {(edge["source"], edge["target"]): edge for edge in answer["edges"]}
    assert edges.keys() == {
        ("web|client|", "web||"),
        ("web||", "api||"),
        ("web||", "T|AWS::DynamoDB::Table|"),
    }
    assert edges["web||", "api||"]["aliases"] == ["api.internal"]
    assert answer["latest_us"] == NOW_S * US
    counts = next(node["counts"] for node in answer["nodes"] if node["id"] == "api||")
    assert (counts["fault"], counts["ok"], counts["total_us"]) == (1, 0, 400_000)
    ((upper_us, count),) = counts["histogram"]
    assert count == 1
    assert counts["p50_us"] <= upper_us
    assert upper_us / 1.1 < 400_000 <= upper_us
    assert [node["counts"] for node in answer["nodes"] if node["kind"] == "client"] == [None]


def test_map_of_one_trace(shop, document):
    """Only that trace counts, whatever the time."""
    shop.put(document(9, TRACE[:-1] + "b", name="other"))
    answer = read(shop, "map", trace=TRACE)
    assert {node["name"] for node in answer["nodes"]} == {"web", "api", "T"}
    assert (answer["start_us"], answer["end_us"]) == (NOW_S * US, (NOW_S + 1) * US)


def test_map_of_nothing(server, span):
    """An empty store has no newest trace."""
    answer = read(server, "map", **span)
    assert (answer["nodes"], answer["edges"], answer["latest_us"]) == ([], [], None)


def test_traces(shop, span):
    """One line a trace, with what its root and its spans say."""
    answer = read(shop, "traces", **span)
    (row,) = answer["traces"]
    assert row == {
        "id": TRACE,
        "start_us": NOW_S * US,
        "duration_us": US,
        "response_us": US,
        "outcome": "ok",
        "is_partial": False,
        "method": "GET",
        "url": "http://web/cart?x=1",
        "status": 200,
        "root_service": "web",
        "services": ["web", "api", "T"],
        "faults": 1,
        "user": "ada",
        "annotations": [["b", "true"], ["n", "1.5"], ["t", "x"]],
    }
    assert (answer["total"], answer["next"], answer["latest_us"]) == (1, None, None)


def test_traces_of_an_empty_page(shop, span):
    """Where the newest trace is to be found instead."""
    answer = read(shop, "traces", **(span | {"end": NOW_S - 1, "start": NOW_S - 9}))
    assert (answer["traces"], answer["latest_us"]) == ([], NOW_S * US)


def test_traces_without_a_root(server, document, span):
    """Null where the root would say it; the outcome is that of what has come."""
    server.put(document(2, parent_id=f"{1:016x}", fault=True))
    (row,) = read(server, "traces", **span)["traces"]
    assert (row["root_service"], row["status"], row["response_us"]) == ("", None, None)
    assert (row["outcome"], row["is_partial"]) == ("fault", True)


def test_traces_page_by_page(server, document, trace_id, span):
    """The total comes with the first page, `next` with all but the last."""
    server.put(*(document(n, trace_id(n), start=n) for n in range(1, 6)))
    first = read(server, "traces", limit=3, **span)
    last = read(server, "traces", limit=3, after=first["next"], **span)
    assert (rows(first), first["total"]) == ([5, 4, 3], 5)
    assert (rows(last), last["total"], last["next"]) == ([2, 1], None, None)


def test_traces_of_a_filter(server, document, trace_id, span):
    """`q` is a filter expression; the total is of the range."""
    server.put(*(document(n, trace_id(n), fault=n == 2) for n in range(1, 4)))
    answer = read(server, "traces", q="fault", **span)
    assert (rows(answer), answer["total"]) == ([2], 3)


def test_a_filter_that_is_none(server, span):
    """A Problem with the place of the fault and the request's id."""
    answer = server.client.get("/console/api/traces", params=span | {"q": "ok nonsense"})
    problem = answer.json()
    assert answer.status_code == 400
    assert problem.keys() == {"error", "message", "offset", "request_id"}
    assert (problem["error"], problem["offset"]) == ("InvalidRequestException", 3)
    assert problem["request_id"] == answer.headers["x-amzn-RequestId"]


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"start": ""}, "startTime"),
        ({"end": "x"}, "endTime"),
        ({"end": "0"}, "End time"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"after": "x"}, "token"),
    ],
)
def test_parameters_that_are_wrong(server, span, parameters, word):
    """The sentence names the parameter."""
    assert word in read(server, "traces", 400, **span | parameters)["message"]


def test_trace(shop):
    """Columns in display order; an inferred segment hangs under the call that nobody answered."""
    answer = read(shop, f"traces/{TRACE}")
    names = [answer["names"][index] for index in answer["name"]]
    services = [answer["services"][index] for index in answer["service"]]
    assert list(zip(names, services, answer["parent"], answer["depth"], strict=True)) == [
        ("web", "web", -1, 0),
        ("api.internal", "web", 0, 1),
        ("api", "api", 1, 2),
        ("DynamoDB", "web", 0, 1),
        ("T", "T", 3, 2),
    ]
    assert answer["flags"] == [16, 256, 16 | 2, 128, 16 | 32]
    assert answer["offset_us"] == [0, 100_000, 150_000, 600_000, 600_000]
    assert answer["span_us"] == [US, 500_000, 400_000, 200_000, 200_000]
    assert answer["status"] == [200, 0, 0, 0, 0]
    assert answer["detail"] == ["GET /cart", "", "", "Query T", "AWS::DynamoDB::Table"]
    assert (answer["outcome"], answer["start_us"]) == ("ok", NOW_S * US)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"traces/{TRACE}", 404),
        ("traces/nonsense", 400),
        (f"traces/{TRACE}/spans/1", 404),
        ("nothing", 404),
    ],
)
def test_what_is_not_there(server, path, status):
    """A Problem, not the console's page."""
    assert read(server, path, status)["message"]


def test_span(shop):
    """A subsegment as it was sent, without what is nested in it."""
    answer = read(shop, f"traces/{TRACE}/spans/{3:016x}")
    assert answer["document"]["aws"] == {"operation": "Query", "table_name": "T"}
    assert {key: value for key, value in answer.items() if key != "document"} == {
        "trace_id": TRACE,
        "span_id": f"{3:016x}",
        "service": "web",
        "node_name": "T",
        "node_type": "AWS::DynamoDB::Table",
        "start_us": NOW_S * US + 600_000,
        "end_us": NOW_S * US + 800_000,
        "parent_id": f"{1:016x}",
        "inferred": False,
        "recorded_in": None,
    }
    root = read(shop, f"traces/{TRACE}/spans/{1:016X}")
    assert "subsegments" not in root["document"]
    assert root["document"]["user"] == "ada"


def test_span_that_was_inferred(shop):
    """The row of the skeleton leads to the segment that BatchGetTraces shows."""
    skeleton = read(shop, f"traces/{TRACE}")
    inferred_id = skeleton["span_id"][4]
    answer = read(shop, f"traces/{TRACE}/spans/{inferred_id}")
    assert (answer["inferred"], answer["parent_id"]) == (True, f"{3:016x}")
    assert answer["document"]["id"] == inferred_id
    assert answer["document"]["origin"] == "AWS::DynamoDB::Table"
    (trace,) = shop.call("/Traces", {"TraceIds": [TRACE]}).json()["Traces"]
    assert inferred_id in [segment["Id"] for segment in trace["Segments"]]


def test_span_that_names_an_exception(server, document):
    """The span that recorded it is named, wherever it is in the trace."""
    thrown = {"exceptions": [{"id": "e" * 16, "type": "A"}]}
    failed = {"id": f"{2:016x}", "name": "work", "start_time": NOW_S, "end_time": NOW_S + 1}
    server.put(document(1, subsegments=[failed | {"cause": thrown}], cause="e" * 16))
    naming, recorded = (read(server, f"traces/{TRACE}/spans/{n:016x}") for n in (1, 2))
    assert (naming["recorded_in"], recorded["recorded_in"]) == (f"{2:016x}", None)


def test_span_of_a_subsegment_sent_alone(shop):
    """Found by its own document."""
    shop.put(
        {
            "id": f"{8:016x}",
            "trace_id": TRACE,
            "parent_id": f"{1:016x}",
            "type": "subsegment",
            "name": "late",
            "start_time": NOW_S,
            "in_progress": True,
        }
    )
    answer = read(shop, f"traces/{TRACE}/spans/{8:016x}")
    assert (answer["service"], answer["end_us"]) == ("web", None)
    assert answer["document"]["name"] == "late"


@pytest.mark.parametrize(
    ("stops", "status"), [(True, 503), (False, 503)], ids=["stopping", "broken store"]
)
def test_a_server_that_cannot_answer(server, span, stops, status):
    """A Problem that says so."""
    server.backend.is_stopping = stops
    server.storage.is_broken = not stops
    problem = read(server, "map", status, **span)
    assert problem["error"] == "ServiceUnavailableException"


def test_map_of_a_filter(server, document, trace_id, span):
    """The whole of each trace that matches, and nothing of the others."""
    call = {
        "id": f"{9:016x}",
        "name": "bank",
        "namespace": "remote",
        "start_time": NOW_S + 0.1,
        "end_time": NOW_S + 0.4,
    }
    server.put(
        document(1, trace_id(1), fault=True, subsegments=[call]),
        document(2, trace_id(2)),
    )
    found = read(server, "map", q="fault", **span)
    assert {node["name"]: node["counts"] and node["counts"]["ok"] for node in found["nodes"]} == {
        "web": 0,
        "bank": 1,
    }
    assert found["is_part"] is False
    assert read(server, "map", q="throttle", **span)["nodes"] == []


def test_map_of_a_filter_that_is_none(server, span):
    """The place is named, as for the list."""
    assert read(server, "map", 400, q="fault AND", **span)["offset"] == len("fault AND")
