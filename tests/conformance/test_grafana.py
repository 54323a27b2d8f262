"""What Grafana's X-Ray data source asks, and finds in the answers, against a server with keys.

A program in Go asks, through the client that the plug-in is built on, and prints each page as that
client read it. That it asks what the plug-in asks is held to requests recorded from the plug-in
itself; what the plug-in cannot do without in an answer is asserted here.
"""

import contextlib
import functools
import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest

from fluoro_up import Fluoro
from go_programs import go_program
from grafana_traces import ACCOUNT, SHOP, VISITS, shop, trace_id, visits
from keyed import create, running_server

HERE = Path(__file__).parent
RECORDED = [
    json.loads(line)
    for line in (HERE.parent / "wire" / "grafana-queries-http.ndjson").read_text().splitlines()
]
REGION, OTHER_REGION, EMPTY_REGION = "eu-west-1", "eu-west-2", "eu-north-1"
ROWS, MOST_TRACES = 1_000, 10_000
"""A table ends after so many traces; beyond so many, analytics take half."""
LIMIT_S = 120


@functools.cache
def program() -> Path:
    """What asks, built once."""
    return go_program(HERE / "go" / "grafana")


class Source(NamedTuple):
    """A data source as Grafana is told of it, and the range (s) of its traces."""

    endpoint: str
    key: str
    secret: str
    region: str
    start: float
    end: float

    def ask(self, name: str, **members: object) -> dict[str, Any]:
        """The answer to one query: `Calls`, `Pages` and `Error`."""
        task = {
            "Endpoint": self.endpoint,
            "Region": self.region,
            "Key": self.key,
            "Secret": self.secret,
            "From": self.start,
            "To": self.end,
            "Queries": [{"Name": name} | members],
        }
        finished = subprocess.run(
            [program()],
            input=json.dumps(task).encode(),
            stdout=subprocess.PIPE,
            check=True,
            timeout=LIMIT_S,
        )
        answer: dict[str, Any] = json.loads(finished.stdout)
        return answer

    def pages(self, name: str, **members: object) -> list[dict[str, Any]]:
        """The pages of a query that succeeds."""
        answer = self.ask(name, **members)
        assert not answer["Error"]
        pages: list[dict[str, Any]] = answer["Pages"]
        return pages

    def summaries(self, filter_: str = "") -> list[dict[str, Any]]:
        """The table of traces."""
        pages = self.pages("traces", Filter=filter_)
        return [summary for page in pages for summary in page["TraceSummaries"]]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Source, Source]]:
    """Two regions of one account through a key that reads: the shop and, by receipt, the visits."""
    folder = tmp_path_factory.mktemp("grafana")
    writer, reader = (create(folder / "data", role) for role in ("write", "read"))
    with running_server(folder, "--flush-interval-ms=20") as addresses:
        server = addresses["server"]
        begun = time.time()
        first = int(begun) - 900
        put(server, writer, REGION, list(shop(first)))
        shops = Source(server, reader["id"], reader["secret"], REGION, first - 60, time.time())
        begun = time.time()
        put(server, writer, OTHER_REGION, list(visits(first)))
        end = time.time()
        # Analytics scan quarters, and two of them share the moment between them: nothing lies on it
        # while the last quarter begins a second before all of it.
        start = begun - 1 - 3 * (end - begun + 1)
        yield shops, shops._replace(region=OTHER_REGION, start=start, end=end)


def put(server: str, key: dict[str, str], region: str, documents: list[str]) -> None:
    """Send documents as an agent of Fluoro may, 5,000 a request; they are durable afterwards."""
    client = boto3.client(
        "xray",
        endpoint_url=server,
        region_name=region,
        aws_access_key_id=key["id"],
        aws_secret_access_key=key["secret"],
    )
    client.meta.events.register("before-call.xray.PutTraceSegments", as_agent)
    with contextlib.closing(client):
        for place in range(0, len(documents), 5_000):
            part = documents[place : place + 5_000]
            answer = client.put_trace_segments(TraceSegmentDocuments=part)
            assert not answer["UnprocessedTraceSegments"]


def as_agent(params: dict[str, Any], **_: object) -> None:
    """Add the members that only Fluoro's agent sends, with no source for any document."""
    request = json.loads(params["body"])
    nothing = [None] * len(request["TraceSegmentDocuments"])
    params["body"] = json.dumps(request | {"Sources": [], "DocumentSources": nothing}).encode()


@pytest.fixture
def source(sources: tuple[Source, Source]) -> Source:
    """The shop's."""
    return sources[0]


def in_order(calls: list[dict[str, Any]]) -> list[str]:
    """Requests as texts, without the order of those that go side by side."""
    return sorted(json.dumps(call, sort_keys=True) for call in calls)


def query_of(recorded: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `ask`."""
    members = dict(recorded["query"])
    return {"name": members.pop("Name")} | members


def name_of(recorded: dict[str, Any]) -> str:
    """What a failure is listed under."""
    return " ".join(map(str, recorded["query"].values()))


@pytest.mark.parametrize("recorded", RECORDED, ids=name_of)
def test_asks_what_the_plug_in_asks(source, recorded):
    """The program sends the very requests that the plug-in sent for this query."""
    empty = source._replace(region=EMPTY_REGION, start=recorded["from"], end=recorded["to"])
    answer = empty.ask(**query_of(recorded))
    assert in_order(answer["Calls"]) == in_order(recorded["calls"])


def test_health(source, fluoro: Fluoro):
    """It works with a key that reads, and with any key where no server has keys."""
    keyless = source._replace(endpoint=fluoro.server, key="any", secret="any")  # noqa: S106  none
    for each in (source, keyless):
        assert not each.ask("health")["Error"]


def test_wrong_secret(source):
    """It is told why it does not work."""
    answer = source._replace(secret=source.secret[::-1]).ask("health")
    assert "InvalidSignatureException" in answer["Error"]


def test_other_region(source):
    """A region without data is an empty table, no error."""
    assert source._replace(region=EMPTY_REGION).summaries() == []


def test_groups(source):
    """The list of groups has Default with its ARN."""
    ((group,),) = [page["Groups"] for page in source.pages("groups")]
    assert group["GroupName"] == "Default"
    assert group["GroupARN"] == f"arn:aws:xray:{REGION}:{ACCOUNT}:group/Default"


def test_accounts(source):
    """The list of accounts comes from the nodes of the map: the one that a segment names."""
    (page,) = source.pages("accounts", Group="Default")
    accounts = {node["AccountId"] for node in page["Services"]}
    assert accounts == {None, ACCOUNT}


def test_trace(source):
    """A trace has its documents, the inferred one too, and its graph all nodes."""
    first = min(summary["Id"] for summary in source.summaries("fault"))
    traces, graph = source.pages("trace", Trace=first)
    ((trace,), nodes) = (traces["Traces"], graph["Services"])
    names = [json.loads(segment["Document"])["name"] for segment in trace["Segments"]]
    assert (trace["Id"], names) == (first, ["web", "orders", "DynamoDB"])
    assert {node["Name"] for node in nodes} == {"web", "orders", "orders-table"}


def test_unknown_trace(source):
    """It is no error; the plug-in says itself that there is no such trace."""
    answer = source.ask("trace", Trace=trace_id(1, 1))
    assert answer["Pages"][0]["Traces"] == []


def test_table_of_traces(source):
    """Each row has what its columns show; `Http` is an object, for the plug-in looks into it."""
    rows = source.summaries()
    assert len(rows) == sum(SHOP.values())
    newest = rows[0]
    shown = [newest["Http"][name] for name in ("HttpMethod", "HttpStatus", "HttpURL", "ClientIp")]
    assert shown == ["GET", 429, "http://shop.example/throttle", "192.0.2.7"]
    assert (newest["Duration"], newest["Annotations"].keys()) == (0.5, {"item", "gift"})
    assert Counter(row["Http"]["HttpStatus"] for row in rows) == {200: 6, 500: 3, 404: 2, 429: 1}


def test_traces_without_http(sources):
    """A trace of no request has an `Http` too."""
    page = sources[1]._replace(start=sources[0].start).summaries()
    assert len(page) == ROWS
    assert all(row["Http"] is not None for row in page)


@pytest.mark.parametrize(
    ("link", "outcomes"),
    [
        ('edge("web", "web")', ("ok", "fault", "error", "throttle")),
        ('edge("web", "orders")', ("ok", "fault")),
        ('edge("orders", "orders-table")', ("ok", "fault")),
        ('service(id(name: "web", type: "client"))', ("ok", "fault", "error", "throttle")),
        ('service(id(name: "web", type: ""))', ("ok", "fault", "error", "throttle")),
        ('service(id(name: "orders", type: "AWS::ECS::Container"))', ("ok", "fault")),
    ],
)
def test_links_of_the_map(source, link, outcomes):
    """What its nodes and edges link to finds their traces; a client is an edge to its own name."""
    assert len(source.summaries(link)) == sum(SHOP[outcome] for outcome in outcomes)


@pytest.mark.parametrize(
    ("selector", "row", "counts"),
    [
        ("", "Edge", {"ok": 6, "error": 3, "throttle": 1, "fault": 3, "all": 12}),
        (
            'service("orders")',
            "Service",
            {"ok": 6, "error": 0, "throttle": 0, "fault": 3, "all": 9},
        ),
        (
            'edge("web", "orders")',
            "Edge",
            {"ok": 6, "error": 0, "throttle": 0, "fault": 3, "all": 9},
        ),
    ],
)
def test_statistics(source, selector, row, counts):
    """The series add up to the traffic; the plug-in passes over a minute without statistics."""
    (page,) = source.pages("statistics", Selector=selector, Period=60)
    rows = [each[f"{row}SummaryStatistics"] for each in page["TimeSeriesServiceStatistics"]]
    series = [each for each in rows if each is not None]
    assert counts == {
        "ok": sum(each["OkCount"] for each in series),
        "error": sum(each["ErrorStatistics"]["TotalCount"] for each in series),
        "throttle": sum(each["ErrorStatistics"]["ThrottleCount"] for each in series),
        "fault": sum(each["FaultStatistics"]["TotalCount"] for each in series),
        "all": sum(each["TotalCount"] for each in series),
    }
    assert all(each["TotalResponseTime"] > 0 for each in series)


def test_map(source):
    """Each node has statistics and histogram, or its first edge has; edges are a list."""
    (page,) = source.pages("map", Group="Default")
    found = {}
    for node in page["Services"]:
        shown = node if node["SummaryStatistics"] else node["Edges"][0]
        total = shown["SummaryStatistics"]["TotalCount"]
        assert sum(bar["Count"] for bar in shown["ResponseTimeHistogram"]) == total
        assert all(edge["ResponseTimeHistogram"] for edge in node["Edges"])
        found[node["Name"], node["Type"]] = (total, len(node["Edges"]))
    assert found == {
        ("web", "client"): (12, 1),
        ("web", None): (12, 1),
        ("orders", "AWS::ECS::Container"): (9, 1),
        ("orders-table", "AWS::DynamoDB::Table"): (9, 0),
    }


@pytest.mark.parametrize("state", ["", "ACTIVE", "CLOSED"])
def test_insights(source, state):
    """There are none yet: an empty table."""
    (page,) = source.pages("insights", Group="Default", State=state)
    assert page["InsightSummaries"] == []


@pytest.fixture(scope="module")
def scanned(sources: tuple[Source, Source]) -> list[dict[str, Any]]:
    """The summaries that the analytics without a filter read, once."""
    counted, *pages = sources[0].pages("analytics", Group="Default")
    assert counted["TimeSeriesServiceStatistics"]
    found = [summary for page in pages for summary in page["TraceSummaries"]]
    assert len(found) == sum(SHOP.values())
    return found


def cause(services: list[dict[str, Any]]) -> str:
    """A root cause as the plug-in writes its path; it needs each name and type."""
    return " => ".join(
        " -> ".join(
            [
                f"{service['Name']} ({service['Type']})",
                *(
                    exception["Name"]
                    for entity in service["EntityPath"]
                    for exception in entity.get("Exceptions") or []
                ),
            ]
        )
        for service in services
    )


@pytest.mark.parametrize(
    ("member", "paths"),
    [
        ("FaultRootCauses", {"web () => orders (AWS::ECS::Container) -> KeyError": 3}),
        ("ErrorRootCauses", {"web () -> Refused": 3}),
        ("ResponseTimeRootCauses", {"web ()": 9}),
    ],
)
def test_root_causes(scanned, member, paths):
    """Paths have services with names and types as strings, each with entities with names."""
    causes = [each["Services"] for summary in scanned for each in summary[member]]
    assert Counter(map(cause, causes)) == paths
    entities = [entity for each in causes for service in each for entity in service["EntityPath"]]
    assert all(entity["Name"] for entity in entities)
    assert all(service["EntityPath"] for each in causes for service in each)


def test_messages(scanned):
    """The messages of exceptions are told."""
    messages = Counter(
        exception["Message"]
        for summary in scanned
        for member in ("FaultRootCauses", "ErrorRootCauses")
        for each in summary[member]
        for service in each["Services"]
        for entity in service["EntityPath"]
        for exception in entity["Exceptions"]
    )
    assert messages == {"no such order": 3, "no: error": 2, "no: throttle": 1}


def test_users(scanned):
    """Users have names."""
    users = Counter(user["UserName"] for summary in scanned for user in summary["Users"])
    assert users == {"ada": 6, "ben": 3, "cleo": 3}


def test_share_is_halved_between_pages(sources):
    """The tokens of a share hold for the half of it: nothing comes twice, and less than all."""
    answer = sources[1].ask("analytics", Filter='annotation.row = "long"')
    assert not answer["Error"]
    shares = [call["Body"]["SamplingStrategy"]["Value"] for call in answer["Calls"]]
    assert shares[0] == 1
    assert shares[-1] == 0.5
    assert "NextToken" in answer["Calls"][-1]["Body"]
    found = [row["Id"] for page in answer["Pages"] for row in page["TraceSummaries"]]
    assert len(set(found)) == len(found)
    assert MOST_TRACES < len(found) < VISITS
