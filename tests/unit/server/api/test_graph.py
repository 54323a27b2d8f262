import pytest

NOW_S = 1_700_000_000
TRACE = "1-6553f100-00000000000000000000000a"
ARN = "arn:aws:xray:us-east-1:000000000000:group/{}"


def message(answer):
    assert answer.status_code == 400
    return answer.json()["message"]


@pytest.fixture
def shop(server, document):
    """Service web calls api, which answers with a fault, and the table T; spec of the graph, 10."""
    calls = [
        {
            "id": f"{2:016x}",
            "name": "api.internal",
            "namespace": "remote",
            "start_time": NOW_S + 0.1,
            "end_time": NOW_S + 0.6,
            "http": {"response": {"status": 200}},
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
    server.put(
        document(1, seconds=1, origin="AWS::EC2::Instance", subsegments=calls),
        document(4, name="api", parent_id=f"{2:016x}", start=0.15, seconds=0.4, fault=True),
    )
    return server


def edges(answer):
    names = {node["ReferenceId"]: (node["Name"], node.get("Type")) for node in answer["Services"]}
    return {
        (names[node["ReferenceId"]], names[edge["ReferenceId"]])
        for node in answer["Services"]
        for edge in node["Edges"]
    }


WEB = ("web", "AWS::EC2::Instance")
EDGES = {
    (("web", "client"), WEB),
    (WEB, ("api", None)),
    (WEB, ("T", "AWS::DynamoDB::Table")),
}


@pytest.mark.parametrize(
    "group",
    [
        {},
        {"GroupName": "Default"},
        {"GroupARN": ARN.format("Default")},
        {"GroupARN": ARN.format("Default/ABC"), "GroupName": "Default"},
        {"GroupName": None},
    ],
)
def test_get_service_graph(shop, window, group):
    """The nodes and edges of the window, of no group or the default one."""
    answer = shop.call("/ServiceGraph", window | group).json()
    assert edges(answer) == EDGES
    assert answer["ContainsOldGroupVersions"] is False
    assert (answer["StartTime"], answer["EndTime"]) == (NOW_S, NOW_S + 1)


def test_get_service_graph_empty(shop):
    """No node, no times, and nothing that is null."""
    answer = shop.call("/ServiceGraph", {"StartTime": 1, "EndTime": 2}).json()
    assert answer == {"Services": [], "ContainsOldGroupVersions": False}


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"EndTime": 1}, "End time cannot be earlier than start time"),
        ({"NextToken": "a"}, "NextToken is currently not supported"),
        ({"GroupName": "default"}, "Group not found."),
        ({"GroupARN": ARN.format("Defaults")}, "Group not found."),
        ({"GroupName": "Default", "GroupARN": ARN.format("x")}, "Group not found."),
    ],
)
def test_get_service_graph_refusals(server, window, members, text):
    """AWS's sentences."""
    assert message(server.call("/ServiceGraph", window | members)) == text


def test_get_trace_graph(shop):
    """The same of one trace, with exact times in the histograms and no bounds."""
    answer = shop.call("/TraceGraph", {"TraceIds": [TRACE]}).json()
    assert edges(answer) == EDGES
    table = next(node for node in answer["Services"] if node["Name"] == "T")
    assert table["ResponseTimeHistogram"] == [{"Value": 0.2, "Count": 1}]
    assert not any("StartTime" in node for node in answer["Services"])


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"TraceIds": []}, "Zero trace ids provided"),
        ({"TraceIds": [TRACE, TRACE]}, "Currently only one trace Id is supported"),
        ({"TraceIds": ["1-x"]}, "Invalid traceId. ErrorCode: InvalidId"),
        ({"TraceIds": [TRACE]}, "Trace id not found"),
        ({"TraceIds": [TRACE], "NextToken": "a"}, "NextToken is currently not supported"),
    ],
)
def test_get_trace_graph_refusals(server, members, text):
    """AWS's sentences."""
    assert message(server.call("/TraceGraph", members)) == text


MAPS = {
    "GetServiceGraph": lambda server: server.call(
        "/ServiceGraph", {"StartTime": NOW_S - 600, "EndTime": NOW_S}
    ),
    "console": lambda server: server.client.get(
        f"/console/api/map?start={NOW_S - 600}&end={NOW_S}"
    ),
}


@pytest.mark.parametrize("ask", MAPS.values(), ids=MAPS)
def test_a_map_may_ask_two_things_at_a_time(server, monkeypatch, ask):
    """The second one as any second question of a request."""
    given = []
    graph = server.storage.graph

    def graph_of(*wanted):
        given.extend(wanted[4:])
        return graph(*wanted)

    monkeypatch.setattr(server.storage, "graph", graph_of)
    assert ask(server).status_code == 200
    assert given == [server.backend.beside.ask]
