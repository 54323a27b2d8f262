"""Signed calls through the real application over the memory store."""

import base64
import json

import botocore.auth
import botocore.credentials
import pytest
import time_machine
from botocore.awsrequest import AWSRequest
from structlog.testing import capture_logs

from fluoro.model.keys import AccessKey
from fluoro.model.tenant import Tenant
from fluoro.server.operations import OPERATIONS

NOW_S = 1_700_000_000
ONE, TWO = "111122223333", "444455556666"
HOST = "http://testserver"


def made(name, account, role, **members):
    return AccessKey(
        id=name, secret=f"secret-of-{name}-long", account=account, role=role, **members
    )


KEYS = [
    made("WRITE1", ONE, "write"),
    made("READ1", ONE, "read"),
    made("ADMIN1", ONE, "admin"),
    made("WRITE2", TWO, "write"),
    made("READ2", TWO, "read"),
    made("REVOKED", ONE, "admin", revoked=True),
]
BY_ID = {key.id: key for key in KEYS}


@pytest.fixture
def guarded(make):
    return make(keys=KEYS)


def signed(key_id, path, body=b"", **options):
    """The headers of botocore's signature, made `late_s` seconds ago; or its presigned URL."""
    presigned = options.get("presigned", False)
    headers = options.get("headers", {})
    request = AWSRequest(options.get("method", "POST"), HOST + path, data=body, headers=headers)
    secret = options.get("secret", f"secret-of-{key_id}-long")
    credentials = botocore.credentials.Credentials(key_id, secret)
    kind = botocore.auth.SigV4QueryAuth if presigned else botocore.auth.SigV4Auth
    scope = options.get("service", "xray"), options.get("region", "us-east-1")
    with time_machine.travel(NOW_S - options.get("late_s", 0), tick=False):
        kind(credentials, *scope).add_auth(request)
    return request.url.removeprefix(HOST) if presigned else dict(request.headers.items())


def call(server, key_id, path, members=None, **options):
    body = json.dumps(members or {}).encode()
    return server.call(path, body, **signed(key_id, path, body, **options))


def refused(answer, name, status=403):
    """Check AWS's shape of an error; the message."""
    assert answer.status_code == status
    assert answer.headers["x-amzn-ErrorType"] == name
    body = answer.json()
    assert body["__type"] == name
    assert body["message"] == body["Message"]
    return body["message"]


@pytest.mark.parametrize(
    ("keys", "is_shared"),
    [
        (None, False),
        ([], False),
        (["WRITE1", "READ1"], False),
        (["WRITE1", "READ2"], True),
        (["REVOKED", "READ2"], False),
    ],
)
def test_a_server_is_shared_by_the_accounts_of_valid_keys(make, keys, is_shared):
    """As they are now: the file of keys changes while the server runs."""
    server = make(keys=KEYS)
    server.keys = None if keys is None else {name: BY_ID[name] for name in keys}
    assert server.backend.identity.is_shared is is_shared


@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.name for each in OPERATIONS])
@pytest.mark.parametrize("key", KEYS, ids=[key.id for key in KEYS])
def test_each_key_may_do_what_its_role_says(guarded, operation, key):
    """Every key on every operation: let in, denied, or not known."""
    answer = call(guarded, key.id, operation.path)
    if key.revoked:
        refused(answer, "UnrecognizedClientException")
    elif key.role in {*operation.roles, "admin"}:
        assert answer.status_code != 403
    else:
        assert operation.name in refused(answer, "AccessDeniedException")


@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.name for each in OPERATIONS])
def test_nothing_is_answered_unsigned(guarded, operation):
    """Not even an error that tells of what is there."""
    answer = guarded.call(operation.path, b"{")
    refused(answer, "MissingAuthenticationTokenException")


@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.name for each in OPERATIONS])
def test_no_operation_takes_a_bad_signature(guarded, operation):
    """A wrong secret, an old request, another body: each is refused before the role is asked."""
    path = operation.path
    headers = signed("WRITE1", path, b"{}")
    for answer in (
        call(guarded, "ADMIN1", path, secret="another-secret-of-1"),  # noqa: S106
        call(guarded, "ADMIN1", path, late_s=301),
        call(guarded, "ADMIN1", path, late_s=-301),
        guarded.call(path, b"{ }", **headers),
    ):
        refused(answer, "InvalidSignatureException")


def test_without_keys_signatures_are_ignored(server, document):
    """All data is the local account's, whatever a client signs with."""
    server.put(document())
    answer = call(server, "ANYBODY", "/Traces", {"TraceIds": [document()["trace_id"]]})
    assert len(answer.json()["Traces"]) == 1


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
@pytest.mark.parametrize("reader", ["READ1", "ADMIN1", "READ2"])
def test_a_trace_is_seen_by_its_account_and_region_alone(guarded, document, window, reader, region):
    """By every way to read one."""
    documents = {"TraceSegmentDocuments": [json.dumps(document())]}
    assert call(guarded, "WRITE1", "/TraceSegments", documents).json() == {
        "UnprocessedTraceSegments": []
    }
    is_own = region == "us-east-1" and BY_ID[reader].account == ONE
    asked = {
        "/TraceSummaries": (window, "TraceSummaries"),
        "/Traces": ({"TraceIds": [document()["trace_id"]]}, "Traces"),
        "/ServiceGraph": (window, "Services"),
        "/TimeSeriesServiceStatistics": (window, "TimeSeriesServiceStatistics"),
    }
    for path, (members, name) in asked.items():
        found = call(guarded, reader, path, members, region=region).json()
        assert bool(found[name]) is is_own, path
    assert guarded.storage.latest_us(Tenant(ONE, "us-east-1")) is not None


def test_settings_are_an_accounts_own(guarded):
    """What an admin changes is not seen elsewhere."""
    changed = call(guarded, "ADMIN1", "/PutEncryptionConfig", {"Type": "KMS", "KeyId": "alias/a"})
    assert changed.status_code == 200

    def kind(key_id, region="us-east-1"):
        answer = call(guarded, key_id, "/EncryptionConfig", region=region)
        return answer.json()["EncryptionConfig"]["Type"]

    assert kind("READ1") == "KMS"
    assert {kind("READ2"), kind("READ1", "eu-west-1")} == {"NONE"}


def test_a_wrong_secret(guarded):
    """AWS's name and sentence."""
    answer = call(guarded, "READ1", "/GetTraceSegmentDestination", secret="another-secret-of-1")  # noqa: S106
    text = refused(answer, "InvalidSignatureException")
    assert "does not match the signature you provided" in text


def test_a_key_that_is_not_there(guarded):
    """The same for one that was revoked, so nobody learns which there were."""
    texts = {
        refused(call(guarded, key_id, "/EncryptionConfig"), "UnrecognizedClientException")
        for key_id in ("NOBODY", "REVOKED")
    }
    assert len(texts) == 1


def test_a_revoked_key_is_refused_at_once(guarded):
    """As soon as the keys are others."""
    assert call(guarded, "READ1", "/EncryptionConfig").status_code == 200
    guarded.keys = {key.id: key for key in KEYS if key.id != "READ1"}
    refused(call(guarded, "READ1", "/EncryptionConfig"), "UnrecognizedClientException")


@pytest.mark.parametrize(("late_s", "words"), [(301, "expired"), (-301, "not yet current")])
def test_a_request_of_another_time(guarded, late_s, words):
    """Five minutes either way, and no more."""
    inside = call(guarded, "READ1", "/EncryptionConfig", late_s=299 if late_s > 0 else -299)
    assert inside.status_code == 200
    answer = call(guarded, "READ1", "/EncryptionConfig", late_s=late_s)
    assert words in refused(answer, "InvalidSignatureException")


def test_another_service(guarded):
    """A signature for something else does not count here."""
    answer = call(guarded, "READ1", "/EncryptionConfig", service="s3")
    assert "'xray'" in refused(answer, "InvalidSignatureException")


def test_another_body(guarded):
    """Whether the hash is stated or not; unless the body was not signed."""
    headers = signed("READ1", "/EncryptionConfig", b"{}")
    refused(guarded.call("/EncryptionConfig", b"{ }", **headers), "InvalidSignatureException")
    free = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    headers = signed("READ1", "/EncryptionConfig", b"{}", headers=free)
    assert guarded.call("/EncryptionConfig", b"{ }", **headers).status_code == 200


def test_the_same_request_again(guarded):
    """SDKs send it again when an answer is lost."""
    headers = signed("READ1", "/EncryptionConfig", b"{}")
    answers = [guarded.call("/EncryptionConfig", b"{}", **headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


def test_another_operation(guarded):
    """A signature is for one path."""
    headers = signed("READ1", "/EncryptionConfig", b"{}")
    answer = guarded.call("/GetTraceSegmentDestination", b"{}", **headers)
    refused(answer, "InvalidSignatureException")


def test_a_presigned_request(guarded):
    """The signature in the query is as good."""
    url = signed("READ1", "/EncryptionConfig", presigned=True)
    assert guarded.client.post(url).status_code == 200
    refused(guarded.client.post(url + "0"), "InvalidSignatureException")


def test_a_strangers_body_is_not_read(make):
    """Who is not known cannot make the server read; who is known is told its limit."""
    guarded = make(keys=KEYS)
    body = b" " * (guarded.backend.settings.body_bytes + 1)
    refused(guarded.call("/EncryptionConfig", body), "MissingAuthenticationTokenException")
    headers = signed("READ1", "/EncryptionConfig", body)
    answer = guarded.call("/EncryptionConfig", body, **headers)
    refused(answer, "RequestEntityTooLargeException", 413)


def page(server, user=None, password=None, name="traces", **headers):
    if user is not None:
        text = base64.b64encode(f"{user}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {text}"
    path = f"/console/api/{name}?start={NOW_S - 60}&end={NOW_S + 600}"
    return server.client.get(path, headers=headers)


def turned_away(answer, name):
    """Check that a browser would ask who it is."""
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert answer.json()["error"] == name


def test_the_console_asks_who_it_is(guarded):
    """Nobody, a wrong key, a wrong secret, a key that may only write: none sees a trace."""
    turned_away(page(guarded), "MissingAuthenticationTokenException")
    turned_away(page(guarded, "NOBODY", "x"), "UnrecognizedClientException")
    turned_away(page(guarded, "READ1", "x"), "UnrecognizedClientException")
    turned_away(page(guarded, "REVOKED", "secret-of-REVOKED-long"), "UnrecognizedClientException")
    turned_away(page(guarded, "READ1/e u", "secret-of-READ1-long"), "UnrecognizedClientException")
    turned_away(page(guarded, "WRITE1", "secret-of-WRITE1-long"), "AccessDeniedException")
    for text in ("Basic %%%", "Basic /w==", "Basic"):
        turned_away(page(guarded, Authorization=text), "MissingAuthenticationTokenException")


def test_without_keys_the_console_asks_nobody(server):
    """It listens on this machine alone."""
    assert page(server).status_code == 200


@pytest.mark.parametrize(
    ("user", "count"),
    [("READ1", 1), ("ADMIN1", 1), ("READ1/us-east-1", 1), ("READ1/eu-west-1", 0), ("READ2", 0)],
)
def test_the_console_shows_an_accounts_own(guarded, document, user, count):
    """Of the region behind the user's name."""
    documents = {"TraceSegmentDocuments": [json.dumps(document())]}
    call(guarded, "WRITE1", "/TraceSegments", documents)
    answer = page(guarded, user, f"secret-of-{user.partition('/')[0]}-long")
    assert answer.status_code == 200
    assert len(answer.json()["traces"]) == count


def test_the_console_takes_signed_requests(guarded):
    """For scripts."""
    path = f"/console/api/traces?start={NOW_S - 60}&end={NOW_S + 600}"
    answer = guarded.client.get(path, headers=signed("READ1", path, method="GET"))
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/TraceSummaries", "/ServiceGraph"])
def test_an_empty_region_is_explained(guarded, document, window, path):
    """Once a minute the log names the regions that hold data; to the owner of the data alone."""
    for region in ("us-east-1", "eu-west-1"):
        documents = {"TraceSegmentDocuments": [json.dumps(document())]}
        call(guarded, "WRITE1", "/TraceSegments", documents, region=region)
    with capture_logs() as lines:
        call(guarded, "READ1", path, window)
        call(guarded, "READ1", path, {"StartTime": 1, "EndTime": 2})
        for _ in range(2):
            call(guarded, "READ1", path, window, region="eu-north-1")
        call(guarded, "READ2", path, window, region="eu-north-1")
    (line,) = [line for line in lines if line["event"] == "region_empty"]
    assert (line["account"], line["region"]) == (ONE, "eu-north-1")
    assert line["regions"] == ["eu-west-1", "us-east-1"]


@pytest.mark.parametrize("name", ["traces", "map"])
def test_the_console_says_where_the_data_is(guarded, document, name):
    """For a region without any; to the owner of the data alone."""
    for region in ("us-west-2", "us-east-1"):
        documents = {"TraceSegmentDocuments": [json.dumps(document())]}
        call(guarded, "WRITE1", "/TraceSegments", documents, region=region)

    def elsewhere(user):
        return page(guarded, user, f"secret-of-{user[:5]}-long", name).json()["elsewhere"]

    assert elsewhere("READ1/eu-west-1") == {
        "region": "eu-west-1",
        "regions": ["us-east-1", "us-west-2"],
    }
    assert elsewhere("READ1/us-west-2") is None
    assert elsewhere("READ2/eu-west-1") is None
