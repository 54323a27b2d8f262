"""Encryption, destination and indexing rules of an account."""

import pytest

NOW_S = 1_700_000_000
ENCRYPTION = ("/EncryptionConfig", "/PutEncryptionConfig")
DESTINATION = ("/GetTraceSegmentDestination", "/UpdateTraceSegmentDestination")
INDEXING = ("/GetIndexingRules", "/UpdateIndexingRule")


def message(answer, name="InvalidRequestException", status=400):
    """The text of a refusal."""
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (status, name)
    return answer.json()["message"]


def percent(value):
    """Members that set the one rule."""
    rule = {"Probabilistic": {"DesiredSamplingPercentage": value}}
    return {"Name": "Default", "Rule": rule}


def test_nothing_is_set_at_first(server):
    """Type NONE, destination XRay, everything found by search."""
    assert server.call(ENCRYPTION[0]).json() == {
        "EncryptionConfig": {"Status": "ACTIVE", "Type": "NONE"}
    }
    assert server.call(DESTINATION[0]).json() == {"Destination": "XRay", "Status": "ACTIVE"}
    (rule,) = server.call(INDEXING[0]).json()["IndexingRules"]
    value = {"DesiredSamplingPercentage": 100.0, "ActualSamplingPercentage": 100.0}
    assert rule == {"Name": "Default", "ModifiedAt": 0, "Rule": {"Probabilistic": value}}


def test_encryption_is_kept(server):
    """The key with KMS alone; the last one counts."""
    for body in ({"Type": "KMS", "KeyId": "alias/a"}, {"Type": "KMS", "KeyId": "b" * 3000}):
        expected = {"EncryptionConfig": body | {"Status": "ACTIVE"}}
        assert server.call(ENCRYPTION[1], body).json() == expected
        assert server.call(ENCRYPTION[0]).json() == expected
    server.call(ENCRYPTION[1], {"Type": "NONE"})
    assert "KeyId" not in server.call(ENCRYPTION[0]).json()["EncryptionConfig"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"Type": "KMS"}, "'keyId'"),
        ({"Type": "NONE", "KeyId": "a"}, "'keyId'"),
        ({"Type": "KMS", "KeyId": ""}, "'keyId'"),
        ({"Type": "KMS", "KeyId": "a" * 3001}, "'keyId'"),
        ({"Type": "AES"}, "'type'"),
        ({"KeyId": "a"}, "'type'"),
    ],
)
def test_encryption_that_is_refused(server, body, text):
    """Every bound of the model, and a key that does not go with its type."""
    assert text in message(server.call(ENCRYPTION[1], body))
    assert server.call(ENCRYPTION[0]).json()["EncryptionConfig"]["Type"] == "NONE"


def test_a_destination_is_kept(server):
    """CloudWatch is never active, since nothing goes there."""
    logs = {"SpansLogGroupKmsKeyId": "k" * 256}
    body = {"Destination": "CloudWatchLogs", "CloudWatchLogsConfiguration": logs}
    pending = {"Destination": "CloudWatchLogs", "Status": "PENDING"}
    assert server.call(DESTINATION[1], body).json() == pending
    assert server.call(DESTINATION[0]).json() == pending
    assert server.call(DESTINATION[1]).json() == pending
    active = {"Destination": "XRay", "Status": "ACTIVE"}
    assert server.call(DESTINATION[1], {"Destination": "XRay"}).json() == active
    assert server.call(DESTINATION[0]).json() == active


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"Destination": "S3"}, "'destination'"),
        ({"Destination": "XRay", "CloudWatchLogsConfiguration": {}}, "'cloudWatchLogsConf"),
        ({"CloudWatchLogsConfiguration": {}}, "'cloudWatchLogsConfiguration'"),
        ({"CloudWatchLogsConfiguration": {"SpansLogGroupKmsKeyId": ""}}, "KmsKeyId'"),
        ({"CloudWatchLogsConfiguration": {"SpansLogGroupKmsKeyId": "k" * 257}}, "KmsKeyId'"),
    ],
)
def test_a_destination_that_is_refused(server, body, text):
    """Every bound of the model, and a configuration that does not go with it."""
    assert text in message(server.call(DESTINATION[1], body))


@pytest.mark.parametrize("wanted", [0, 1.5, 100])
def test_the_indexing_rule_is_kept(server, wanted):
    """What is wanted, when it was said, and what is."""
    answer = server.call(INDEXING[1], percent(wanted)).json()
    assert answer["IndexingRule"]["ModifiedAt"] == NOW_S
    assert answer["IndexingRule"]["Rule"]["Probabilistic"] == {
        "DesiredSamplingPercentage": wanted,
        "ActualSamplingPercentage": 100,
    }
    assert server.call(INDEXING[0]).json()["IndexingRules"] == [answer["IndexingRule"]]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (percent(-0.1), "desiredSamplingPercentage'"),
        (percent(100.1), "desiredSamplingPercentage'"),
        (percent(None), "desiredSamplingPercentage'"),
        ({"Name": "Default", "Rule": {}}, "'rule'"),
    ],
)
def test_an_indexing_rule_that_is_refused(server, body, text):
    """A percentage must be there and be one."""
    assert text in message(server.call(INDEXING[1], body))


def test_there_is_no_other_indexing_rule(server):
    """404, as the model says."""
    answer = server.call(INDEXING[1], percent(1) | {"Name": "other"})
    assert "other" in message(answer, "ResourceNotFoundException", 404)


def test_indexing_rules_are_one_page(server):
    """A token is of nothing."""
    answer = server.call(INDEXING[0], {"NextToken": "x"})
    assert message(answer) == "NextToken is currently not supported"


def test_a_setting_that_changes_meanwhile_is_written_all_the_same(server, monkeypatch):
    """Of several callers the last one counts."""
    write = server.storage.write_resource
    waiting = ["alias/other"]

    def after_another(tenant, kind, name, body, after):
        if waiting:
            other = {"Type": "KMS", "KeyId": waiting.pop()}
            assert server.call(ENCRYPTION[1], other).status_code == 200
        return write(tenant, kind, name, body, after)

    monkeypatch.setattr(server.storage, "write_resource", after_another)
    server.call(ENCRYPTION[1], {"Type": "KMS", "KeyId": "alias/mine"})
    assert server.call(ENCRYPTION[0]).json()["EncryptionConfig"]["KeyId"] == "alias/mine"
