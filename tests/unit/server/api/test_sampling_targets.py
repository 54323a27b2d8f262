import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from fluoro.model.tenant import LOCAL
from fluoro.store.storage import BoostReport
from sampling_rules import change_rule, make

NOW_S = 1_700_000_000
TARGET = {"RuleName", "FixedRate", "ReservoirQuota", "ReservoirQuotaTTL", "Interval"}


def report(client="a", requests=10, **members):
    return {
        "RuleName": "Default",
        "ClientID": client * 24,
        "RequestCount": requests,
        "SampledCount": 1,
        "BorrowCount": 0,
        "Timestamp": NOW_S,
    } | members


def targets(server, *reports, **members):
    body = {"SamplingStatisticsDocuments": list(reports)} | members
    answer = server.call("/SamplingTargets", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def quota(server, client, requests=1000, rule="busy"):
    answer = targets(server, report(client, requests, RuleName=rule))
    return answer["SamplingTargetDocuments"][0]["ReservoirQuota"]


def begin(server, *clients, requests=1000, rule="busy"):
    """Let clients report for the first time, ten seconds before their next report."""
    for client in clients:
        assert quota(server, client, requests, rule) == 0
    server.now_s += 10


def test_get_sampling_targets(server):
    """An answer gives a share, with all five members and numbers for times."""
    begin(server, "a", rule="Default")
    answer = targets(server, report())
    assert answer["SamplingTargetDocuments"] == [
        {
            "RuleName": "Default",
            "FixedRate": 0.05,
            "ReservoirQuota": 1,
            "ReservoirQuotaTTL": server.now_s + 30,
            "Interval": 10,
        }
    ]
    assert answer["UnprocessedStatistics"] == []
    assert isinstance(answer["LastRuleModification"], int | float)
    assert "UnprocessedBoostStatistics" not in answer


def test_get_sampling_targets_for_the_first_time(server):
    """A client that was not known goes on borrowing: it has no share, and that holds no longer."""
    (target,) = targets(server, report())["SamplingTargetDocuments"]
    assert target.keys() == TARGET
    assert (target["ReservoirQuota"], target["ReservoirQuotaTTL"]) == (0, NOW_S)


def test_get_sampling_targets_share_the_reservoir(server):
    """Two clients never have more than the reservoir; who gets nothing asks again soon."""
    begin(server, "a", "b", rule="Default")
    quotas = []
    for client in "ab":
        (target,) = targets(server, report(client))["SamplingTargetDocuments"]
        quotas.append((target["ReservoirQuota"], target["ReservoirQuotaTTL"] - server.now_s))
    assert quotas == [(1, 30), (0, 10)]


@pytest.mark.parametrize("order", ["abc", "bca", "cba"])
def test_get_sampling_targets_are_right_from_the_second_report_on(server, order):
    """Whoever of those that began together comes first."""
    make(server, "busy", ReservoirSize=9)
    begin(server, *"abc")
    for _ in range(2):
        assert [quota(server, client) for client in order] == [3, 3, 3]
        server.now_s += 10


def test_get_sampling_targets_forget_silent_clients(server):
    """After three intervals a client has no share, and the next one gets it."""
    begin(server, "a", "b", rule="Default")
    assert quota(server, "a", rule="Default") == 1
    server.now_s += 21
    assert quota(server, "b", rule="Default") == 0
    server.now_s += 10
    assert quota(server, "b", rule="Default") == 1


def test_get_sampling_targets_without_demand(server):
    """A client without requests leaves the reservoir to others."""
    begin(server, "a", "b", requests=0, rule="Default")
    assert quota(server, "a", requests=0, rule="Default") == 0
    assert quota(server, "b", rule="Default") == 1


def test_get_sampling_targets_of_an_unknown_rule(server):
    """It comes back with a code that makes SDKs refresh their rules; others are processed."""
    answer = targets(server, report(RuleName="gone"), report())
    assert answer["UnprocessedStatistics"] == [
        {"RuleName": "gone", "ErrorCode": "400", "Message": "Unknown rule"}
    ]
    assert len(answer["SamplingTargetDocuments"]) == 1


def boost(**members):
    return {
        "RuleName": "Default",
        "ServiceName": "web",
        "Timestamp": NOW_S,
        "AnomalyCount": 3,
        "TotalCount": 9,
        "SampledAnomalyCount": 1,
    } | members


def test_get_sampling_targets_boost(server):
    """Reports of anomalies are kept, and answered with no boost; an unknown rule comes back."""
    reports = [boost(), boost(RuleName="gone")]
    answer = targets(server, report(), SamplingBoostStatisticsDocuments=reports)
    assert answer["UnprocessedBoostStatistics"] == [
        {"RuleName": "gone", "ErrorCode": "400", "Message": "Unknown rule"}
    ]
    (target,) = answer["SamplingTargetDocuments"]
    assert target.keys() == TARGET
    kept = server.storage.boost_reports(LOCAL, 0)
    assert kept == [BoostReport("Default", "web", NOW_S * 1_000_000, 3, 9, 1)]


def test_get_sampling_targets_never_give_more_than_is_left(server):
    """What a client holds is not given again; with its next report it gives it back."""
    make(server, "busy", ReservoirSize=10)
    begin(server, "a")
    assert [quota(server, "a"), quota(server, "b")] == [10, 0]
    server.now_s += 10
    assert [quota(server, "b"), quota(server, "a")] == [0, 5]
    server.now_s += 10
    assert [quota(server, "b"), quota(server, "a")] == [5, 5]
    assert quota(server, "c") == 0
    server.now_s += 10
    assert [quota(server, client) for client in "cab"] == [0, 4, 3]
    server.now_s += 10
    assert [quota(server, client) for client in "cab"] == [3, 4, 3]


def test_get_sampling_targets_at_the_same_time(server, monkeypatch):
    """Clients that become busy together report together, and none gets what another gets."""
    make(server, "busy", ReservoirSize=10)
    begin(server, *"abc", requests=0)
    all_have_read = threading.Barrier(3, timeout=20)
    read = server.storage.sampling_reports

    def read_with_others(tenant, since_us):
        found = read(tenant, since_us)
        all_have_read.wait()
        return found

    monkeypatch.setattr(server.storage, "sampling_reports", read_with_others)
    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(lambda client: quota(server, client), "abc")) == [0, 0, 10]


def test_get_sampling_targets_of_two_clients_in_one_request(server):
    """Each counts with what the request has given before it."""
    make(server, "busy", ReservoirSize=10)
    begin(server, "a", "b", requests=0)
    reports = [report(client, requests=1000, RuleName="busy") for client in "ab"]
    answer = targets(server, *reports)
    assert [each["ReservoirQuota"] for each in answer["SamplingTargetDocuments"]] == [10, 0]


def test_get_sampling_targets_name_the_last_change(server):
    """Making, changing and deleting a rule moves it, never back, and past the second it is in."""
    moments = [targets(server)["LastRuleModification"]]
    for change in (
        lambda: make(server, "a"),
        lambda: change_rule(server, "a", FixedRate=1),
        lambda: change_rule(server, "Default", FixedRate=1),
        lambda: server.call("/DeleteSamplingRule", {"RuleName": "a"}),
    ):
        server.now_s += 5
        assert change().status_code == 200
        moments.append(targets(server)["LastRuleModification"])
        assert moments[-1] == server.now_s
    assert moments == sorted(set(moments))
    assert moments[0] == 0


def summaries(server):
    """The counts of each rule, which are all of one window."""
    found = server.call("/SamplingStatisticSummaries").json()["SamplingStatisticSummaries"]
    assert {each["Timestamp"] for each in found} == {(server.now_s // 10 - 1) * 10}
    return {
        each["RuleName"]: [each[f"{what}Count"] for what in ("Request", "Borrow", "Sampled")]
        for each in found
    }


def test_statistics_are_of_the_last_full_ten_seconds(server):
    """Added up over the clients; a rule without reports has zeros."""
    make(server, "a")
    assert summaries(server) == {"a": [0, 0, 0], "Default": [0, 0, 0]}
    targets(server, report("a", 10), report("b", 5, BorrowCount=2), report(RuleName="a"))
    assert summaries(server)["Default"] == [0, 0, 0]
    server.now_s += 10
    assert summaries(server) == {"a": [10, 0, 1], "Default": [15, 2, 2]}
    server.now_s += 10
    assert summaries(server) == {"a": [0, 0, 0], "Default": [0, 0, 0]}


@pytest.mark.parametrize("time", ["2023-11-14T22:13:20Z", NOW_S * 1000, 1_604_297_706.194])
def test_get_sampling_targets_times(server, time):
    """SDKs write seconds, milliseconds or ISO 8601; counts may be missing."""
    body = {"RuleName": "Default", "ClientID": "z" * 24, "Timestamp": time}
    assert len(targets(server, body)["SamplingTargetDocuments"]) == 1


@pytest.mark.parametrize(
    ("reports", "member"),
    [
        ([report(ClientID="short")], "samplingStatisticsDocuments[0].clientID"),
        ([report(), report(RuleName="")], "samplingStatisticsDocuments[1].ruleName"),
        ([report(RequestCount=-1)], "samplingStatisticsDocuments[0].requestCount"),
        ([report(Timestamp="noon")], "samplingStatisticsDocuments[0].timestamp"),
        ([report()] * 27, "samplingStatisticsDocuments"),
    ],
)
def test_get_sampling_targets_refusals(server, reports, member):
    """The member at fault is named; nothing of the request is kept."""
    answer = server.call("/SamplingTargets", {"SamplingStatisticsDocuments": reports})
    assert answer.status_code == 400
    assert f"'{member}'" in answer.json()["message"]
