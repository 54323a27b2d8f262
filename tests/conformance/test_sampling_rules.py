"""Sampling rules, targets and statistics through boto3 as it ships, on a server with its store."""

import pytest

from sampling_rules import new_rule


def test_a_rule_from_its_making_to_its_end(fluoro):
    """Made, listed, changed, deleted; what clients are told moves with it."""
    xray = fluoro.xray
    report = {
        "RuleName": "checkout",
        "ClientID": "0123456789abcdef01234567",
        "Timestamp": 1_700_000_000,
        "RequestCount": 100,
        "SampledCount": 5,
        "BorrowCount": 1,
    }

    def targets():
        return xray.get_sampling_targets(SamplingStatisticsDocuments=[report])

    assert targets()["UnprocessedStatistics"][0]["Message"] == "Unknown rule"
    made = xray.create_sampling_rule(SamplingRule=new_rule("checkout"))["SamplingRuleRecord"]
    pages = xray.get_paginator("get_sampling_rules").paginate()
    assert made in [each for page in pages for each in page["SamplingRuleRecords"]]
    targets()  # the first one says that the client is there
    answer = targets()
    (target,) = answer["SamplingTargetDocuments"]
    assert (target["FixedRate"], target["ReservoirQuota"]) == (0.1, 5)
    assert answer["LastRuleModification"] >= made["ModifiedAt"]
    changed = xray.update_sampling_rule(
        SamplingRuleUpdate={"RuleName": "checkout", "FixedRate": 1.0}
    )
    assert changed["SamplingRuleRecord"]["SamplingRule"]["FixedRate"] == 1
    assert targets()["SamplingTargetDocuments"][0]["FixedRate"] == 1
    summaries = xray.get_paginator("get_sampling_statistic_summaries").paginate()
    names = [each["RuleName"] for page in summaries for each in page["SamplingStatisticSummaries"]]
    assert {"checkout", "Default"} <= set(names)
    deleted = xray.delete_sampling_rule(RuleName="checkout")["SamplingRuleRecord"]
    assert deleted == changed["SamplingRuleRecord"]
    with pytest.raises(xray.exceptions.InvalidRequestException):
        xray.delete_sampling_rule(RuleName="checkout")


def test_the_26th_rule_is_refused(fluoro):
    """With the error that boto3 knows for it."""
    xray = fluoro.xray
    names = [f"rule {number}" for number in range(25)]
    for name in names:
        xray.create_sampling_rule(SamplingRule=new_rule(name))
    with pytest.raises(xray.exceptions.RuleLimitExceededException):
        xray.create_sampling_rule(SamplingRule=new_rule("one more"))
    for name in names:
        xray.delete_sampling_rule(RuleName=name)
