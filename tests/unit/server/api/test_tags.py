"""Tags of groups and of sampling rules."""

import pytest

from sampling_rules import make

RULE = "arn:aws:xray:us-east-1:000000000000:sampling-rule/r"


def tags(server, arn=RULE):
    """The tags of a resource, in the order they come in."""
    answer = server.call("/ListTagsForResource", {"ResourceARN": arn, "NextToken": "x"})
    assert answer.status_code == 200, answer.text
    return [(tag["Key"], tag["Value"]) for tag in answer.json()["Tags"]]


def tag(server, *pairs, arn=RULE):
    """Add tags; the answer."""
    given = [{"Key": key, "Value": value} for key, value in pairs]
    return server.call("/TagResource", {"ResourceARN": arn, "Tags": given})


@pytest.fixture
def rule(server):
    """A server with the rule r."""
    make(server)
    return server


def test_tags_are_merged(rule):
    """New keys are added, old ones get the new value, others stay."""
    assert tag(rule, ("b", "1"), ("a", "")).json() == {}
    tag(rule, ("b", "2"), ("ß å/+-=.:@_", "3"))
    assert tags(rule) == [("a", ""), ("b", "2"), ("ß å/+-=.:@_", "3")]


def test_untagging(rule):
    """A key that is not there is no error."""
    tag(rule, ("a", "1"), ("b", "2"))
    answer = rule.call("/UntagResource", {"ResourceARN": RULE, "TagKeys": ["a", "z"]})
    assert answer.json() == {}
    assert tags(rule) == [("b", "2")]
    rule.call("/UntagResource", {"ResourceARN": RULE, "TagKeys": ["b"]})
    assert tags(rule) == []


def test_tags_given_with_the_resource(server):
    """A group and a rule have them from the start."""
    given = [{"Key": "team", "Value": "a"}]
    body = {"GroupName": "g", "FilterExpression": "fault", "Tags": given}
    group = server.call("/CreateGroup", body).json()["Group"]
    assert tags(server, group["GroupARN"]) == [("team", "a")]
    body = {"SamplingRule": server.call("/GetSamplingRules").json()["SamplingRuleRecords"][0]}
    rule = body["SamplingRule"]["SamplingRule"] | {"RuleName": "r", "Priority": 1}
    del rule["RuleARN"]
    made = server.call("/CreateSamplingRule", {"SamplingRule": rule, "Tags": given})
    assert made.status_code == 200, made.text
    assert tags(server) == [("team", "a")]


def test_tags_go_with_the_resource(rule):
    """A rule of the same name begins without."""
    tag(rule, ("a", "1"))
    rule.call("/DeleteSamplingRule", {"RuleName": "r"})
    make(rule)
    assert tags(rule) == []


@pytest.mark.parametrize(
    "pairs",
    [
        [("aws:x", "1")],
        [("AWS:x", "1")],
        [("a", "1"), ("a", "2")],
        [("a\n", "1")],
        [("a", "semi;colon")],
        [("", "1")],
        [("x" * 129, "1")],
        [("a", "x" * 257)],
    ],
)
def test_what_is_no_tag(rule, pairs):
    """Refused, and none of them is kept."""
    answer = tag(rule, ("ok", "1"), *pairs)
    expected = (400, "InvalidRequestException")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == expected
    assert tags(rule) == []


def test_the_51st_tag_is_refused(rule):
    """With the ARN as a member of its own."""
    tag(rule, *[(f"k{number}", "") for number in range(50)])
    answer = tag(rule, ("one more", ""))
    expected = (400, "TooManyTagsException")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == expected
    assert answer.json()["ResourceName"] == RULE
    assert len(tags(rule)) == 50
    assert tag(rule, ("k0", "again")).status_code == 200


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/TagResource", {"Tags": []}),
        ("/UntagResource", {"TagKeys": []}),
        ("/ListTagsForResource", {}),
    ],
)
def test_what_is_not_there_has_no_tags(server, path, members):
    """404 as AWS writes it."""
    answer = server.call(path, {"ResourceARN": RULE} | members)
    assert answer.status_code == 404
    assert answer.json() == {
        "__type": "ResourceNotFoundException",
        "Message": f"Resource {RULE} not found",
        "message": f"Resource {RULE} not found",
        "ResourceName": RULE,
    }
