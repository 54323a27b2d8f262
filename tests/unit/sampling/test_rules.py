import msgspec

from fluoro.model.tenant import LOCAL
from fluoro.sampling.rules import default_rule, rule_arn
from fluoro.wire.xray_sampling import SamplingRuleRecord


def test_the_default_rule_is_xrays():
    """As AWS answers a fresh account, in the shape that SDKs accept: every member, none null."""
    record = msgspec.convert(default_rule(LOCAL), SamplingRuleRecord, from_attributes=True)
    assert msgspec.to_builtins(record) == {
        "SamplingRule": {
            "RuleName": "Default",
            "RuleARN": "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default",
            "ResourceARN": "*",
            "Priority": 10000,
            "FixedRate": 0.05,
            "ReservoirSize": 1,
            "ServiceName": "*",
            "ServiceType": "*",
            "Host": "*",
            "HTTPMethod": "*",
            "URLPath": "*",
            "Version": 1,
            "Attributes": {},
        },
        "CreatedAt": 0.0,
        "ModifiedAt": 0.0,
    }


def test_an_arn_ends_with_the_rules_name():
    """Names may hold spaces."""
    assert rule_arn(LOCAL, "slow paths").endswith(":sampling-rule/slow paths")
