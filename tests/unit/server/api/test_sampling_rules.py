"""Sampling rules: made, changed, deleted, listed."""

import pytest

from sampling_rules import change_rule, make, new_rule

NOW_S = 1_700_000_000
ARN = "arn:aws:xray:us-east-1:000000000000:sampling-rule/"
RULE = {*new_rule(), "RuleARN", "Attributes"}
BOOST = {"MaxRate": 0.5, "CooldownWindowMinutes": 10}


def record(answer):
    """The rule in an answer, and its times."""
    assert answer.status_code == 200, answer.text
    found = answer.json()["SamplingRuleRecord"]
    return found["SamplingRule"], found["CreatedAt"], found["ModifiedAt"]


def listed(server):
    """All rules, in the order they come in."""
    found = server.call("/GetSamplingRules").json()
    assert found.keys() == {"SamplingRuleRecords"}
    return [each["SamplingRule"] for each in found["SamplingRuleRecords"]]


def refused(answer, name="InvalidRequestException"):
    """The text of a refusal."""
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, name)
    return answer.json()["message"]


def test_a_fresh_store_has_the_default_rule(server):
    """With exactly the members that all SDKs want, none null."""
    (rule,) = listed(server)
    assert rule.keys() == RULE
    assert rule == new_rule("Default", Priority=10_000, FixedRate=0.05, ReservoirSize=1) | {
        "RuleARN": f"{ARN}Default",
        "Attributes": {},
    }


def test_a_token_is_ignored(server):
    """No SDK asks for a second page."""
    assert server.call("/GetSamplingRules", {"NextToken": "x"}).json() == (
        server.call("/GetSamplingRules").json()
    )


def test_a_rule_comes_back_as_it_was_made(server):
    """Made, listed; without a boost there is none, which older SDKs would refuse."""
    rule, created_s, modified_s = record(make(server, "slow paths", Host="a.example"))
    assert rule == new_rule("slow paths", Host="a.example") | {
        "RuleARN": f"{ARN}slow paths",
        "Attributes": {},
    }
    assert created_s == modified_s == NOW_S
    assert listed(server)[0] == rule


def test_rules_come_as_they_got_their_priorities(server):
    """What is new comes last but for Default, where the Java SDK looks for it."""

    def names():
        return [rule["RuleName"] for rule in listed(server)]

    for name in ("b", "a", "c"):
        make(server, name)
        server.now_s += 1
    assert names() == ["b", "a", "c", "Default"]
    change_rule(server, "b", Priority=100, Host="h")
    assert names() == ["b", "a", "c", "Default"]
    change_rule(server, "b", Priority=101)
    assert names() == ["a", "c", "b", "Default"]


def test_a_rule_may_be_named_by_its_arn(server):
    """Its name is what comes last."""
    rule = new_rule(RuleARN=f"{ARN}slow paths")
    del rule["RuleName"]
    made, *_ = record(server.call("/CreateSamplingRule", {"SamplingRule": rule}))
    assert made["RuleName"] == "slow paths"
    update = {"RuleARN": made["RuleARN"], "Priority": 7}
    changed, *_ = record(server.call("/UpdateSamplingRule", {"SamplingRuleUpdate": update}))
    assert changed == made | {"Priority": 7}
    assert record(server.call("/DeleteSamplingRule", {"RuleARN": made["RuleARN"]}))[0] == changed


def test_an_update_changes_what_it_names(server):
    """The rest stays; the time of the change is its own."""
    made, *_ = record(make(server, Attributes={"a": "b"}))
    server.now_s += 60
    changed, created_s, modified_s = record(change_rule(server, FixedRate=0, Host="h"))
    assert changed == made | {"FixedRate": 0, "Host": "h"}
    assert (created_s, modified_s) == (NOW_S, NOW_S + 60)
    assert listed(server)[0] == changed
    assert record(change_rule(server, Attributes={}))[0]["Attributes"] == {}


def test_an_update_without_a_boost_takes_it_away(server):
    """As AWS does; other members stay."""
    assert record(make(server, SamplingRateBoost=BOOST))[0]["SamplingRateBoost"] == BOOST
    assert "SamplingRateBoost" not in record(change_rule(server, Priority=2))[0]
    again, *_ = record(change_rule(server, SamplingRateBoost=BOOST))
    assert (again["SamplingRateBoost"], again["Priority"]) == (BOOST, 2)


def test_default_has_two_numbers_to_change(server):
    """Other members may be repeated, not changed; it stays last."""
    make(server, "z")
    rule, created_s, _ = record(
        change_rule(server, "Default", FixedRate=0.5, ReservoirSize=9, Priority=10_000, Host="*")
    )
    assert (rule["FixedRate"], rule["ReservoirSize"], created_s) == (0.5, 9, 0)
    assert listed(server)[-1] == rule
    for other in ({"Priority": 9999}, {"Host": "h"}, {"SamplingRateBoost": BOOST}):
        assert "Default" in refused(change_rule(server, "Default", **other))
    assert listed(server)[-1] == rule


def test_default_cannot_be_made_or_deleted(server):
    """It is always there."""
    refused(make(server, "Default"))
    refused(server.call("/DeleteSamplingRule", {"RuleName": "Default"}))
    assert len(listed(server)) == 1


def test_a_deleted_rule_is_gone(server):
    """Its answer is the rule; the name may be used again, from the beginning."""
    made, *_ = record(make(server))
    assert record(server.call("/DeleteSamplingRule", {"RuleName": "r"}))[0] == made
    assert len(listed(server)) == 1
    refused(server.call("/DeleteSamplingRule", {"RuleName": "r"}))
    refused(change_rule(server, Priority=1))
    server.now_s += 9
    assert record(make(server))[1] == NOW_S + 9


def test_a_name_is_taken_once(server):
    """Another case is another name."""
    record(make(server, "a"))
    refused(make(server, "a"))
    record(make(server, "A"))


def test_there_are_25_rules_at_most(server):
    """Besides Default; a deleted one makes room."""
    for number in range(25):
        record(make(server, str(number)))
    refused(make(server, "one more"), "RuleLimitExceededException")
    server.call("/DeleteSamplingRule", {"RuleName": "7"})
    record(make(server, "one more"))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"Version": 2}, "'samplingRule.version'"),
        ({"Version": 0}, "'samplingRule.version'"),
        ({"Priority": 0}, "'samplingRule.priority'"),
        ({"Priority": 10_000}, "'samplingRule.priority'"),
        ({"FixedRate": 1.01}, "'samplingRule.fixedRate'"),
        ({"ReservoirSize": -1}, "'samplingRule.reservoirSize'"),
        ({"ServiceName": "s" * 65}, "'samplingRule.serviceName'"),
        ({"HTTPMethod": "M" * 11}, "'samplingRule.hTTPMethod'"),
        ({"URLPath": None}, "'samplingRule.uRLPath'"),
        ({"Attributes": {"": "v"}}, "samplingRule.attributes"),
        ({"Attributes": {str(n): "v" for n in range(6)}}, "'samplingRule.attributes'"),
        ({"SamplingRateBoost": BOOST | {"MaxRate": 2}}, "'samplingRule.samplingRateBoost.maxRate'"),
        ({"RuleName": "n" * 33}, "'samplingRule.ruleName'"),
        ({"RuleName": None}, "RuleName or RuleARN"),
        ({"RuleARN": f"{ARN}r"}, "RuleName or RuleARN"),
        ({"RuleName": None, "RuleARN": "r"}, "'samplingRule.ruleARN'"),
        ({"RuleName": None, "RuleARN": ARN}, "'samplingRule.ruleARN'"),
        ({"RuleName": None, "RuleARN": f"{ARN}{'n' * 33}"}, "'samplingRule.ruleARN'"),
        (
            {"RuleName": None, "RuleARN": f"{ARN.replace('0' * 12, '1' * 12)}r"},
            "'samplingRule.ruleARN'",
        ),
    ],
)
def test_what_is_no_rule_is_refused(server, members, said):
    """The member at fault is named, and nothing is made."""
    assert said in refused(make(server, **members))
    assert len(listed(server)) == 1


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"Priority": 0}, "'samplingRuleUpdate.priority'"),
        ({"Priority": 10_000}, "'samplingRuleUpdate.priority'"),
        ({"FixedRate": -0.1}, "'samplingRuleUpdate.fixedRate'"),
        ({"RuleARN": f"{ARN}r"}, "RuleName or RuleARN"),
        ({"RuleName": None}, "RuleName or RuleARN"),
    ],
)
def test_a_wrong_change_is_refused(server, members, said):
    """The member at fault is named, and the rule is as it was."""
    made, *_ = record(make(server))
    assert said in refused(change_rule(server, **members))
    assert listed(server)[0] == made
