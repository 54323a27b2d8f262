"""Two servers without a folder of their own, on one ClickHouse: whichever is asked knows all."""

import signal

import pytest

from running_server import running_server
from sampling_rules import new_rule
from store.building import BASE_US, segment, trace_id
from store.clickhouse_nodes import CLUSTER, PASSWORD, running

pytestmark = pytest.mark.process

S = 1_000_000
WINDOW = (BASE_US / S - 1, BASE_US / S + 10)


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


def test_two_servers_share_one_reservoir(nodes, tmp_path):
    """A rule made at one is the other's; whoever is asked, the quotas add up to the reservoir."""
    store = nodes[0].store("fluoro_sampling", "")
    with (
        running_server(tmp_path / "first", store, PASSWORD) as first,
        running_server(tmp_path / "second", store, PASSWORD) as second,
    ):
        rule = new_rule("busy", FixedRate=0, ReservoirSize=10)
        assert first.post("CreateSamplingRule", {"SamplingRule": rule})[0] == 200
        status, answer = second.post("GetSamplingRules", {})
        records = [each["SamplingRule"]["RuleName"] for each in answer["SamplingRuleRecords"]]
        assert (status, records) == (200, ["busy", "Default"])

        def quota(server, client):
            report = {
                "RuleName": "busy",
                "ClientID": client * 24,
                "Timestamp": 1,
                "RequestCount": 1000,
                "SampledCount": 0,
            }
            status, answer = server.post(
                "SamplingTargets", {"SamplingStatisticsDocuments": [report]}
            )
            assert status == 200
            return answer["SamplingTargetDocuments"][0]["ReservoirQuota"]

        assert [quota(first, "a"), quota(second, "b")] == [0, 0]
        assert [quota(second, "b"), quota(first, "a")] == [5, 5]
        assert [quota(second, "a"), quota(first, "b")] == [5, 5]
        assert quota(second, "c") == 0
        assert [quota(first, client) for client in "abc"] == [4, 3, 3]
