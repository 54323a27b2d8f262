"""An account's settings and policies through boto3 as it ships, on a server with its store."""

import json

import pytest


def test_encryption(fluoro):
    """Kept, and taken back."""
    xray = fluoro.xray
    assert xray.get_encryption_config()["EncryptionConfig"]["Type"] == "NONE"
    kms = {"KeyId": "alias/key", "Type": "KMS", "Status": "ACTIVE"}
    assert xray.put_encryption_config(Type="KMS", KeyId="alias/key")["EncryptionConfig"] == kms
    assert xray.get_encryption_config()["EncryptionConfig"] == kms
    xray.put_encryption_config(Type="NONE")
    config = xray.get_encryption_config()["EncryptionConfig"]
    assert config == {"Type": "NONE", "Status": "ACTIVE"}


def test_destination(fluoro):
    """Kept, and taken back."""
    xray = fluoro.xray
    for destination, status in (("CloudWatchLogs", "PENDING"), ("XRay", "ACTIVE")):
        for answer in (
            xray.update_trace_segment_destination(Destination=destination),
            xray.get_trace_segment_destination(),
        ):
            assert (answer["Destination"], answer["Status"]) == (destination, status)


def test_indexing_rules(fluoro):
    """One rule, which holds what was said."""
    xray = fluoro.xray
    wanted = {"Probabilistic": {"DesiredSamplingPercentage": 12.5}}
    updated = xray.update_indexing_rule(Name="Default", Rule=wanted)["IndexingRule"]
    (rule,) = xray.get_indexing_rules()["IndexingRules"]
    assert rule == updated
    assert rule["Rule"]["Probabilistic"]["DesiredSamplingPercentage"] == 12.5
    with pytest.raises(xray.exceptions.ResourceNotFoundException):
        xray.update_indexing_rule(Name="other", Rule=wanted)


def test_policies(fluoro):
    """Put, listed, put again, deleted; each modelled error is boto3's own class."""
    xray = fluoro.xray
    statement = {"Effect": "Deny", "Principal": "*", "Action": "xray:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement | {"Effect": "Allow"}]})
    policy = xray.put_resource_policy(PolicyName="p", PolicyDocument=text)["ResourcePolicy"]
    assert policy["PolicyRevisionId"] == "1"
    (page,) = xray.get_paginator("list_resource_policies").paginate()
    assert page["ResourcePolicies"] == [policy]
    policy = xray.put_resource_policy(PolicyName="p", PolicyDocument=text, PolicyRevisionId="1")
    assert policy["ResourcePolicy"]["PolicyRevisionId"] == "2"
    denial = json.dumps({"Statement": statement})
    for error, members in (
        (xray.exceptions.InvalidPolicyRevisionIdException, {"PolicyRevisionId": "0"}),
        (xray.exceptions.MalformedPolicyDocumentException, {"PolicyDocument": "x"}),
        (xray.exceptions.PolicySizeLimitExceededException, {"PolicyDocument": " " * 5121}),
        (xray.exceptions.LockoutPreventionException, {"PolicyDocument": denial}),
    ):
        with pytest.raises(error):
            xray.put_resource_policy(**{"PolicyName": "p", "PolicyDocument": text} | members)
    for number in range(4):
        xray.put_resource_policy(PolicyName=f"p{number}", PolicyDocument=text)
    with pytest.raises(xray.exceptions.PolicyCountLimitExceededException):
        xray.put_resource_policy(PolicyName="p4", PolicyDocument=text)
    for name in ("p", "p0", "p1", "p2", "p3"):
        xray.delete_resource_policy(PolicyName=name)
    with pytest.raises(xray.exceptions.InvalidRequestException):
        xray.delete_resource_policy(PolicyName="p")
    assert xray.list_resource_policies()["ResourcePolicies"] == []
