"""The demo's traffic is real: its segments come from official SDKs, its map from its calls."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fluoro_up import Fluoro, edges, fluoro_up, until
from node_packages import node_with_packages

pytestmark = pytest.mark.node
DEMO = Path(__file__).parents[2] / "demo"
LISTED = json.loads((DEMO / "edges.json").read_text())
RATE = 10
SECONDS = 8
ROUNDS = 2  # the visitors repeat themselves after 40 visits
STOREFRONT_VISITS = 37 * ROUNDS  # the other 3 sign in at users
OFFICIAL = {("X-Ray for Python", "2.15.0"), ("X-Ray for Node.js", "3.12.0")}
SERVICE_TYPE = "AWS::ECS::Container"  # the plug-in is switched on
IDS_AT_ONCE = 5  # of BatchGetTraces


class Day(NamedTuple):
    """The shop was open for a while: what its visitors were answered, and what Fluoro knows."""

    visits: dict[str, Any]
    nodes: list[dict[str, Any]]
    traces: list[list[dict[str, Any]]]

    def sent(self) -> list[dict[str, Any]]:
        """All segments but those that the server inferred."""
        return [one for trace in self.traces for one in trace if not one.get("inferred")]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The shop after two rounds of visits, with a Fluoro that nobody else sends to."""
    node_with_packages(DEMO / "node")
    with fluoro_up(tmp_path_factory.mktemp("fluoro")) as fluoro:
        visits = open_shop(fluoro)
        # When this fails, the tests say what is missing.
        with contextlib.suppress(pytest.fail.Exception):
            until(lambda: is_complete(fluoro.graph()), "the whole map")
        ids = list(fluoro.summaries())
        traces = [
            documents
            for first in range(0, len(ids), IDS_AT_ONCE)
            for documents in fluoro.traces(*ids[first : first + IDS_AT_ONCE])
        ]
        yield Day(visits, fluoro.graph(), traces)


def open_shop(fluoro: Fluoro) -> dict[str, Any]:
    """Run the demo as anybody does; what its visitors say at the end."""
    command = [sys.executable, str(DEMO / "shop.py"), f"--daemon={fluoro.agent}", "--json"]
    command += [f"--rate={RATE}", f"--seconds={SECONDS}"]
    finished = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=240)
    visits: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return visits


def calls() -> set[tuple[tuple[str, str | None], ...]]:
    """What the demo calls, by its own list, in the form of the map's edges."""
    return {
        (
            (call["to"], "client") if call["from"] == "client" else (call["from"], SERVICE_TYPE),
            (call["to"], call.get("type", SERVICE_TYPE)),
        )
        for call in LISTED["calls"]
    }


def storefront(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """The statistics of the service that every browser meets; empty before its first visit."""
    for node in nodes:
        if (node["Name"], node.get("Type")) == ("storefront", SERVICE_TYPE):
            return node["SummaryStatistics"]
    return {}


def is_complete(nodes: list[dict[str, Any]]) -> bool:
    """Whether nothing is on its way any more."""
    return edges(nodes) == calls() and storefront(nodes).get("TotalCount") == STOREFRONT_VISITS


def test_every_visit_is_answered_as_planned(day: Day):
    """Each visit gets the status that the plan of the visitors says."""
    assert day.visits["visits"] == RATE * SECONDS
    assert day.visits["unexpected"] == {}


def test_every_segment_is_from_an_official_sdk(day: Day):
    """Each segment has the `aws.xray` block of an X-Ray SDK, in a version as released."""
    blocks = {
        (one["name"], one["aws"]["xray"]["sdk"], one["aws"]["xray"]["sdk_version"])
        for one in day.sent()
    }
    assert {(sdk, version) for _, sdk, version in blocks} == OFFICIAL
    assert {name for name, _, _ in blocks} == set(LISTED["services"])


def test_the_map_has_no_edge_that_nobody_called(day: Day):
    """An edge of the map is an HTTP, SQL or AWS call that the demo's list has."""
    assert edges(day.nodes) - calls() == set()


def test_the_map_has_every_call(day: Day):
    """Each call of the demo's list is an edge of the map."""
    assert calls() - edges(day.nodes) == set()


def test_outcomes_are_those_of_the_visits(day: Day):
    """The storefront's node counts each outcome as often as the visitors met it."""
    statistics = storefront(day.nodes)
    assert statistics["TotalCount"] == STOREFRONT_VISITS
    assert statistics["FaultStatistics"]["TotalCount"] == 1 * ROUNDS
    assert statistics["ErrorStatistics"]["ThrottleCount"] == 2 * ROUNDS
    assert statistics["ErrorStatistics"]["OtherCount"] == 4 * ROUNDS


def test_an_order_is_one_trace(day: Day):
    """A paid order joins storefront, checkout and all below, down to the worker of the queue."""
    wanted = {"storefront", "checkout", "users", "inventory", "payments", "fulfilment"}
    orders = [
        trace
        for trace in day.traces
        if wanted <= {one["name"] for one in trace if not one.get("inferred")}
    ]
    assert orders
    for trace in orders:
        known = {entity for document in trace for entity in ids(document)}
        parents = {one["parent_id"] for one in trace if "parent_id" in one}
        assert parents <= known
        assert [one["name"] for one in trace if "parent_id" not in one] == ["storefront"]


def test_the_agents_sampling_rules_were_used(day: Day):
    """Roots that leave the decision to the rules say which one chose them."""
    rules = {
        (one["name"], one["aws"]["xray"]["sampling_rule_name"])
        for one in day.sent()
        if "sampling_rule_name" in one["aws"]["xray"]
    }
    assert rules <= {("users", "Default"), ("fulfilment", "Default")}
    assert rules


def ids(entity: dict[str, Any]) -> Iterator[str]:
    """The ids of a segment and of all below it."""
    yield entity["id"]
    for inner in entity.get("subsegments", []):
        yield from ids(inner)
