import pytest

from fluoro.errors import InvalidSignatureError, MissingTokenError
from fluoro.wire import sigv4
from fluoro.wire.sigv4 import Credentials, Head

NOW_S = 1_790_000_000
KEY, SECRET = "AKIDEXAMPLE", "secret"
SIGNATURE = "0" * 64
SIGNED = {
    "Credential": f"{KEY}/20260921/us-east-1/xray/aws4_request",
    "SignedHeaders": "host;x-amz-date",
    "Signature": SIGNATURE,
}
PRESIGNED = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": SIGNED["Credential"],
    "X-Amz-Date": "20260921T131320Z",
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": SIGNATURE,
}


def head(authorization=None, date="20260921T131320Z", query=""):
    headers = [("Host", "server")]
    if date is not None:
        headers.append(("X-Amz-Date", date))
    if authorization is not None:
        headers.append(("Authorization", authorization))
    return Head("POST", "/Traces", query, headers)


def spelled(fields):
    parts = ", ".join(f"{name}={value}" for name, value in fields.items())
    return f"AWS4-HMAC-SHA256 {parts}"


def query(fields):
    return "&".join(f"{name}={value}" for name, value in fields.items())


def test_what_a_request_claims():
    """Key, region, time and signature of the header."""
    claim = sigv4.read(head(spelled(SIGNED)))
    assert (claim.key_id, claim.region, claim.time) == (KEY, "us-east-1", "20260921T131320Z")
    assert (claim.signed_headers, claim.signature) == (("host", "x-amz-date"), SIGNATURE)


def test_no_spaces_between_the_fields():
    """Some clients write none."""
    assert sigv4.read(head(spelled(SIGNED).replace(", ", ","))).key_id == KEY


@pytest.mark.parametrize("authorization", [None, "", "Basic YTpi", "Bearer AWS4-HMAC-SHA256", "x"])
def test_what_is_not_signed(authorization):
    """Another scheme is as good as none."""
    with pytest.raises(MissingTokenError, match="Missing Authentication Token"):
        sigv4.read(head(authorization))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("Credential", "", "requires 'Credential'"),
        ("SignedHeaders", "", "requires 'SignedHeaders'"),
        ("Signature", "", "requires 'Signature'"),
        ("Signature", "0" * 63 + "G", "does not match"),
        ("Credential", "AKID/us-east-1", "must be of the form"),
        ("Credential", f"{KEY}/20260921/us-east-1/xray/aws5_request", "must be of the form"),
        ("Credential", f"{KEY}/20260921/us-east-1/s3/aws4_request", "correct service: 'xray'"),
        ("Credential", f"{KEY}/20260920/us-east-1/xray/aws4_request", "does not match the req"),
        ("Credential", f"{KEY}/20260921/us\teast/xray/aws4_request", "valid region"),
        ("Credential", f"{KEY}/20260921//xray/aws4_request", "valid region"),
        ("SignedHeaders", "x-amz-date", "'Host' must be"),
        ("SignedHeaders", "host;Host", "lower case"),
        ("SignedHeaders", "x-amz-date;host", "ascending"),
    ],
)
def test_a_header_that_is_wrong(field, value, words):
    """Refused with the part at fault."""
    with pytest.raises(InvalidSignatureError, match=words):
        sigv4.read(head(spelled(SIGNED | {field: value})))


@pytest.mark.parametrize("text", ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 a=1, a=2"])
def test_fields_that_are_none(text):
    """A name with one value each."""
    with pytest.raises(InvalidSignatureError, match="'name=value'"):
        sigv4.read(head(text))


@pytest.mark.parametrize("date", [None, "", "2026-09-21T13:13:20Z", "20260921"])
def test_a_time_that_is_none(date):
    """Nor is there a header Date."""
    with pytest.raises(InvalidSignatureError, match="ISO-8601"):
        sigv4.read(head(spelled(SIGNED), date))


def test_a_day_that_is_none():
    """The digits are there, the day is not."""
    fields = SIGNED | {"Credential": f"{KEY}/20261341/us-east-1/xray/aws4_request"}
    asked = head(spelled(fields), "20261341T000000Z")
    claim = sigv4.read(asked)
    right = sigv4._signature(claim, asked, sigv4.hashlib.sha256(b"").hexdigest(), SECRET)
    fields["Signature"] = right
    asked = head(spelled(fields), "20261341T000000Z")
    with pytest.raises(InvalidSignatureError, match="ISO-8601"):
        sigv4.verify(sigv4.read(asked), asked, b"", SECRET, NOW_S)


def test_what_a_presigned_request_claims():
    """It counts as long as it says, five minutes at most."""
    claim = sigv4.read(head(query=query(PRESIGNED)))
    assert (claim.key_id, claim.expires_s, claim.is_presigned) == (KEY, 60, True)
    longer = sigv4.read(head(query=query(PRESIGNED | {"X-Amz-Expires": "604800"})))
    assert longer.expires_s == 300


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256", "must be 'AWS4-HMAC-SHA256'"),
        ("X-Amz-Credential", "", "include 'X-Amz-Credential'"),
        ("X-Amz-SignedHeaders", "", "include 'X-Amz-SignedHeaders'"),
        ("X-Amz-Signature", "", "include 'X-Amz-Signature'"),
        ("X-Amz-Expires", "-1", "number of seconds"),
        ("X-Amz-Expires", "", "number of seconds"),
        ("X-Amz-Date", "", "ISO-8601"),
    ],
)
def test_a_query_that_is_wrong(field, value, words):
    """Refused with the parameter at fault."""
    with pytest.raises(InvalidSignatureError, match=words):
        sigv4.read(head(query=query(PRESIGNED | {field: value})))


def test_a_signed_header_that_did_not_come():
    """Taken away on the way."""
    asked = head(spelled(SIGNED | {"SignedHeaders": "host;x-amz-date;x-more"}))
    with pytest.raises(InvalidSignatureError, match="'x-more' is not in the request"):
        sigv4.verify(sigv4.read(asked), asked, b"", SECRET, NOW_S)


def test_equal_requests_pass():
    """Clients retry with what they sent."""
    asked = Head("POST", "/Traces", "", [("Host", "server")])
    signed = sigv4.sign(asked, b"{}", Credentials(KEY, SECRET, "us-east-1"), NOW_S)
    sent = Head("POST", "/Traces", "", [("Host", "server"), *signed.items()])
    for later_s in (0, 1, 300):
        sigv4.verify(sigv4.read(sent), sent, b"{}", SECRET, NOW_S + later_s)


def test_no_text_shows_the_secret():
    """As Python prints what a client signs with."""
    assert "hunter2" not in repr(Credentials(KEY, "hunter2", "us-east-1"))
