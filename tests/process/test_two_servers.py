"""Two servers without a folder of their own, on one ClickHouse: whichever is asked knows all."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from running_server import running_server
from sampling_rules import new_rule
from store.building import BASE_US, segment, trace_id
from store.clickhouse_nodes import CLUSTER, PASSWORD, running

pytestmark = pytest.mark.process

S = 1_000_000
WINDOW = (BASE_US / S - 1, BASE_US / S + 10)
RESERVOIR = 10
CLIENTS = "abcdefgh"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    with running(tmp_path_factory.mktemp("clickhouse"), 2) as started:
        yield started


@pytest.mark.parametrize("options", ["", f"?cluster={CLUSTER}"], ids=["one node", "cluster"])
def test_what_one_takes_the_other_gives(nodes, options, tmp_path):
    """The second lives on when the first is killed."""
    store = nodes[0].store("fluoro_many" if options else "fluoro_one", options)
    with (
        running_server(tmp_path / "first", store, PASSWORD) as first,
        running_server(tmp_path / "second", store, PASSWORD) as second,
    ):
        assert first.put(*(segment(n, 1, "web", n, S) for n in range(1, 21))) == 200
        assert second.put(*(segment(n, 1, "web", n, S) for n in range(21, 41))) == 200
        assert (
            second.put(*(segment(n, 2, "orders", n, S, parent_id=f"{1:016x}") for n in (1, 40)))
            == 200
        )
        found = {trace_id(number) for number in range(1, 41)}
        assert first.summaries(*WINDOW) == second.summaries(*WINDOW) == (200, found)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        assert second.put(segment(41, 1, "web", 41, S)) == 200
        assert second.summaries(*WINDOW) == (200, found | {trace_id(41)})


def make_rule(server):
    rule = new_rule("busy", FixedRate=0, ReservoirSize=RESERVOIR)
    assert server.post("CreateSamplingRule", {"SamplingRule": rule})[0] == 200


def quota(server, client, requests=1000):
    """What a client is given for a report of so many requests."""
    report = {
        "RuleName": "busy",
        "ClientID": client * 24,
        "Timestamp": 1,
        "RequestCount": requests,
        "SampledCount": 0,
    }
    status, answer = server.post("SamplingTargets", {"SamplingStatisticsDocuments": [report]})
    assert status == 200
    return answer["SamplingTargetDocuments"][0]["ReservoirQuota"]


def test_two_servers_share_one_reservoir(nodes, tmp_path):
    """A rule made at one is the other's; whoever is asked, the quotas add up to the reservoir."""
    store = nodes[0].store("fluoro_sampling", "")
    with (
        running_server(tmp_path / "first", store, PASSWORD) as first,
        running_server(tmp_path / "second", store, PASSWORD) as second,
    ):
        make_rule(first)
        status, answer = second.post("GetSamplingRules", {})
        records = [each["SamplingRule"]["RuleName"] for each in answer["SamplingRuleRecords"]]
        assert (status, records) == (200, ["busy", "Default"])

        assert [quota(first, "a"), quota(second, "b")] == [0, 0]
        assert [quota(second, "b"), quota(first, "a")] == [5, 5]
        assert [quota(second, "a"), quota(first, "b")] == [5, 5]
        assert quota(second, "c") == 0
        assert [quota(first, client) for client in "abc"] == [4, 3, 3]


def test_two_servers_that_are_asked_at_the_same_time(nodes, tmp_path):
    """Each gives the reservoir once at most; with the next reports it is shared as by one server.

    Clients that become busy together are known as such by all servers once each has reported so.
    From then on none is given more than its fair share, whatever the order of reports.
    """
    store = nodes[0].store("fluoro_at_once", "")
    with (
        running_server(tmp_path / "first", store, PASSWORD) as first,
        running_server(tmp_path / "second", store, PASSWORD) as second,
        ThreadPoolExecutor(len(CLIENTS)) as clients,
    ):
        make_rule(first)

        def report(number, requests):
            """All clients at once, half of them at each server, and another half each time."""
            servers = [(first, second)[(number + place) % 2] for place in range(len(CLIENTS))]
            return list(clients.map(quota, servers, CLIENTS, [requests] * len(CLIENTS)))

        for begin in (0, 5, 10):
            assert report(begin, 0) == [0] * len(CLIENTS)
            assert 0 < sum(report(begin + 1, 1000)) <= 2 * RESERVOIR
            assert sum(report(begin + 2, 1000)) <= RESERVOIR
            assert report(begin + 3, 1000) == [2, 2, 1, 1, 1, 1, 1, 1]
