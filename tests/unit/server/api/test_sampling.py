import pytest

NOW_S = 1_700_000_000
TARGET = {"RuleName", "FixedRate", "ReservoirQuota", "ReservoirQuotaTTL", "Interval"}
RULE = {
    "RuleName",
    "RuleARN",
    "Priority",
    "FixedRate",
    "ReservoirSize",
    "Host",
    "HTTPMethod",
    "URLPath",
    "ServiceName",
    "ServiceType",
    "ResourceARN",
    "Version",
    "Attributes",
}


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


def test_get_sampling_rules(server):
    """The Default rule with exactly the members that all SDKs want, none null."""
    answer = server.call("/GetSamplingRules").json()
    (record,) = answer["SamplingRuleRecords"]
    assert answer.keys() == {"SamplingRuleRecords"}
    assert record.keys() == {"SamplingRule", "CreatedAt", "ModifiedAt"}
    assert record["SamplingRule"].keys() == RULE
    assert record["SamplingRule"] == record["SamplingRule"] | {
        "RuleName": "Default",
        "Priority": 10_000,
        "FixedRate": 0.05,
        "ReservoirSize": 1,
        "Version": 1,
        "Attributes": {},
        "HTTPMethod": "*",
    }


def test_get_sampling_rules_ignores_a_token(server):
    """No SDK asks for a second page."""
    answer = server.call("/GetSamplingRules", {"NextToken": "x"})
    assert len(answer.json()["SamplingRuleRecords"]) == 1


def test_get_sampling_targets(server):
    """The first answer gives a share, with all five members and numbers for times."""
    answer = targets(server, report())
    assert answer["SamplingTargetDocuments"] == [
        {
            "RuleName": "Default",
            "FixedRate": 0.05,
            "ReservoirQuota": 1,
            "ReservoirQuotaTTL": NOW_S + 30,
            "Interval": 10,
        }
    ]
    assert answer["UnprocessedStatistics"] == []
    assert isinstance(answer["LastRuleModification"], int | float)
    assert "UnprocessedBoostStatistics" not in answer


def test_get_sampling_targets_share_the_reservoir(server):
    """Two clients never have more than the reservoir; who gets nothing asks again soon."""
    quotas = []
    for client in "ab":
        (target,) = targets(server, report(client))["SamplingTargetDocuments"]
        assert target.keys() == TARGET
        quotas.append((target["ReservoirQuota"], target["ReservoirQuotaTTL"] - NOW_S))
    assert quotas == [(1, 30), (0, 10)]


def test_get_sampling_targets_forget_silent_clients(server):
    """After three intervals a client has no share, and the next one gets it."""
    targets(server, report("a"))
    server.now_s += 31
    (target,) = targets(server, report("b"))["SamplingTargetDocuments"]
    assert target["ReservoirQuota"] == 1


def test_get_sampling_targets_without_demand(server):
    """A client without requests leaves the reservoir to others."""
    targets(server, report("a", requests=0))
    (target,) = targets(server, report("b"))["SamplingTargetDocuments"]
    assert target["ReservoirQuota"] == 1


def test_get_sampling_targets_of_an_unknown_rule(server):
    """It comes back with a code that makes SDKs refresh their rules; others are processed."""
    answer = targets(server, report(RuleName="gone"), report())
    assert answer["UnprocessedStatistics"] == [
        {"RuleName": "gone", "ErrorCode": "400", "Message": "Unknown rule"}
    ]
    assert len(answer["SamplingTargetDocuments"]) == 1


def test_get_sampling_targets_boost(server):
    """Boost statistics are taken without effect."""
    answer = targets(server, SamplingBoostStatisticsDocuments=[{"RuleName": "Default"}])
    assert answer["UnprocessedBoostStatistics"] == []


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
