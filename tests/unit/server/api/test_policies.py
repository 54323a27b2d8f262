"""Resource policies."""

import json

import pytest

NOW_S = 1_700_000_000
PUT, LIST, DELETE = "/PutResourcePolicy", "/ListResourcePolicies", "/DeleteResourcePolicy"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": ["xray:PutTraceSegments"],
    "Resource": "*",
}


def document(**members):
    """A policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": STATEMENT | members})


def put(server, name="p", text=None, **members):
    """Put a policy; the answer."""
    body = {"PolicyName": name, "PolicyDocument": document() if text is None else text}
    return server.call(PUT, body | members)


def refused(answer, name):
    """The text of a refusal."""
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, name)
    return answer.json()["message"]


def listed(server):
    """All policies by name."""
    found = server.call(LIST).json()
    assert found.keys() == {"ResourcePolicies"}
    return {each["PolicyName"]: each for each in found["ResourcePolicies"]}


def test_revisions_count(server):
    """From 1; the document comes back as it was sent."""
    for revision in ("1", "2", "3"):
        server.now_s += 1
        text = document(Sid=revision) + " "
        policy = put(server, text=text).json()["ResourcePolicy"]
        assert policy == {
            "PolicyName": "p",
            "PolicyDocument": text,
            "PolicyRevisionId": revision,
            "LastUpdatedTime": server.now_s,
        }
        assert listed(server) == {"p": policy}


def test_a_policy_that_comes_again_begins_anew(server):
    """Deleted is gone."""
    put(server)
    assert server.call(DELETE, {"PolicyName": "p"}).json() == {}
    assert listed(server) == {}
    assert put(server, PolicyRevisionId="0").json()["ResourcePolicy"]["PolicyRevisionId"] == "1"


def test_five_policies(server):
    """A sixth is refused, another version of one of them is not."""
    for number in range(5):
        assert put(server, f"p{number}").status_code == 200
    refused(put(server, "p5"), "PolicyCountLimitExceededException")
    assert put(server, "p4").json()["ResourcePolicy"]["PolicyRevisionId"] == "2"
    server.call(DELETE, {"PolicyName": "p0"})
    assert put(server, "p5").status_code == 200
    assert list(listed(server)) == ["p1", "p2", "p3", "p4", "p5"]


def test_five_kilobytes(server):
    """Counted in bytes of UTF-8."""
    rest = 5 * 1024 - len(document(Sid="").encode())
    text = document(Sid="x" * rest)
    assert len(text) == 5 * 1024
    assert put(server, text=text).status_code == 200
    refused(put(server, text=text + " "), "PolicySizeLimitExceededException")
    refused(put(server, text=text[:-1] + "ü"), "PolicySizeLimitExceededException")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "null",
        '"{}"',
        "{",
        '{"Statement": 1}',
        '{"Statement": [{}]}',
        document(Effect="Maybe"),
        document(Action=1),
        document(Principal=["*"]),
        '{"a":' * 800,
    ],
)
def test_what_is_no_policy(server, text):
    """Not JSON, or statements that are none."""
    refused(put(server, text=text), "MalformedPolicyDocumentException")
    assert listed(server) == {}


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["1" * 12, "0" * 12]}])
@pytest.mark.parametrize("action", ["xray:PutResourcePolicy", ["a:b", "XRAY:*"], "*"])
def test_a_policy_that_locks_out(server, principal, action):
    """Its caller could put no other; the bypass says that this is meant."""
    text = document(Effect="Deny", Principal=principal, Action=action)
    refused(put(server, text=text), "LockoutPreventionException")
    assert listed(server) == {}
    assert put(server, text=text, BypassPolicyLockoutCheck=True).status_code == 200


@pytest.mark.parametrize(
    "members",
    [
        {"Principal": "*", "Action": "*", "Effect": "Allow"},
        {"Principal": {"AWS": "1" * 12}, "Action": "*"},
        {"Principal": {"Service": "*"}, "Action": "*"},
        {"Principal": "*", "Action": "xray:PutTrace*"},
        {"Principal": "*", "Action": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ],
)
def test_a_policy_that_locks_nobody_out(server, members):
    """It allows, or is of others, of other actions or of some requests."""
    assert put(server, text=document(**{"Effect": "Deny"} | members)).status_code == 200


def test_revision_ids_that_are_not_the_policys(server):
    """Nothing is changed."""
    changed = "Another concurrent request has modified the resource policy p"
    name = "InvalidPolicyRevisionIdException"
    assert refused(put(server, PolicyRevisionId="1"), name) == changed
    put(server)
    for stale in ("0", "2", "x", ""):
        assert refused(put(server, PolicyRevisionId=stale), name) == changed
    assert put(server, PolicyRevisionId="1").json()["ResourcePolicy"]["PolicyRevisionId"] == "2"
    deleting = {"PolicyName": "p", "PolicyRevisionId": "1"}
    assert refused(server.call(DELETE, deleting), name) == (
        "Another concurrent request has modified or deleted the resource policy p"
    )
    assert server.call(DELETE, deleting | {"PolicyRevisionId": "2"}).json() == {}


def test_a_policy_that_changes_meanwhile(server, monkeypatch):
    """Only the first of two requests at once is taken."""
    put(server)
    write = server.storage.write_resource

    def after_another(tenant, kind, name, body, after):
        monkeypatch.setattr(server.storage, "write_resource", write)
        assert put(server).status_code == 200
        return write(tenant, kind, name, body, after)

    for operation in (PUT, DELETE):
        monkeypatch.setattr(server.storage, "write_resource", after_another)
        answer = server.call(operation, {"PolicyName": "p", "PolicyDocument": document()})
        refused(answer, "InvalidPolicyRevisionIdException")
    assert listed(server)["p"]["PolicyRevisionId"] == "3"


def test_a_policy_that_is_not_there(server):
    """In AWS's words."""
    text = refused(server.call(DELETE, {"PolicyName": "p"}), "InvalidRequestException")
    assert text == "The resource policy p does not exist."


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 129, "a\n"])
def test_names_that_are_refused(server, name):
    """By length and pattern, the whole of it."""
    for answer in (put(server, name), server.call(DELETE, {"PolicyName": name})):
        assert "'policyName'" in refused(answer, "InvalidRequestException")


@pytest.mark.parametrize("name", ["a", "x" * 128, "aZ_9+=,.@-"])
def test_names_that_are_taken(server, name):
    """Every character of the pattern."""
    assert put(server, name).status_code == 200


def test_policies_are_one_page(server):
    """A token is of nothing."""
    for token in ("x", "", "x" * 101):
        refused(server.call(LIST, {"NextToken": token}), "InvalidRequestException")
