"""Laws of AWS's signatures: ours against botocore's signers."""

import hashlib
from urllib.parse import quote, urlsplit

import botocore.credentials
import pytest
import time_machine
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from hypothesis import assume, given
from hypothesis import strategies as st

from fluoro.errors import InvalidSignatureError
from fluoro.wire import sigv4
from fluoro.wire.sigv4 import Credentials, Head

NOW_S = 1_790_000_000
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # noqa: S105  a key of AWS's documentation
REGIONS = st.sampled_from(["us-east-1", "eu-central-1", "us-gov-west-1"])
SECRETS = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
KEY_IDS = st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=4, max_size=20)
WORDS = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
PATHS = st.lists(
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=6).map(quote)
    | st.sampled_from([".", "..", ""]),
    max_size=4,
).map(lambda parts: "/" + "/".join(parts))
QUERIES = st.lists(st.tuples(WORDS.filter(bool), WORDS), max_size=3, unique_by=lambda pair: pair[0])
HEADERS = st.dictionaries(
    st.text(alphabet="abcdefghij-", min_size=1, max_size=6).map(lambda name: f"X-{name}"),
    WORDS,
    max_size=3,
)
BODIES = st.binary(max_size=64)


@st.composite
def requests(draw, bodies=BODIES):
    query = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in draw(QUERIES))
    path = draw(PATHS)
    return AWSRequest(
        method=draw(st.sampled_from(["POST", "GET"])),
        url=f"http://server:8080{path}{'?' if query else ''}{query}",
        data=draw(bodies),
        headers=draw(HEADERS),
    )


def on_the_wire(request):
    """A request of botocore's as a server sees it."""
    url = urlsplit(request.url)
    headers = [(name, str(value)) for name, value in request.headers.items()]
    return Head(request.method, url.path, url.query, [("Host", url.netloc), *headers])


def by_botocore(signer, request, key_id, secret, region, **options):
    with time_machine.travel(NOW_S, tick=False):
        signer(
            botocore.credentials.Credentials(key_id, secret), "xray", region, **options
        ).add_auth(request)
    return on_the_wire(request)


@pytest.mark.parametrize("has_date", [False, True])
@given(requests(), KEY_IDS, SECRETS, REGIONS)
def test_what_botocore_signs_verifies(has_date, request, key_id, secret, region):
    """In the header form, with the time in X-Amz-Date or in Date."""
    if has_date:
        request.headers["Date"] = "any"
    head = by_botocore(SigV4Auth, request, key_id, secret, region)
    claim = sigv4.read(head)
    assert (claim.key_id, claim.region, claim.is_presigned) == (key_id, region, False)
    sigv4.verify(claim, head, request.data, secret, NOW_S)


@given(requests(bodies=st.just(b"")), KEY_IDS, SECRETS, REGIONS, st.integers(1, 604_800))
def test_what_botocore_presigns_verifies(request, key_id, secret, region, expires):
    """In the query form, in which botocore sends no body."""
    head = by_botocore(SigV4QueryAuth, request, key_id, secret, region, expires=expires)
    claim = sigv4.read(head)
    assert (claim.key_id, claim.region, claim.is_presigned) == (key_id, region, True)
    sigv4.verify(claim, head, b"", secret, NOW_S)


@given(requests(), KEY_IDS, SECRETS, REGIONS)
def test_we_sign_as_botocore_does(request, key_id, secret, region):
    """The same headers, letter by letter."""
    head = on_the_wire(request)
    ours = sigv4.sign(head, request.data, Credentials(key_id, secret, region), NOW_S)
    by_botocore(SigV4Auth, request, key_id, secret, region)
    assert ours == {name: request.headers[name] for name in ("X-Amz-Date", "Authorization")}


@given(requests(), BODIES)
def test_an_unsigned_body_may_be_any(request, other):
    """UNSIGNED-PAYLOAD in the place of its hash."""
    request.context["payload_signing_enabled"] = False
    head = by_botocore(SigV4Auth, request, "AKIA", SECRET, "us-east-1")
    sigv4.verify(sigv4.read(head), head, other, SECRET, NOW_S)


@given(requests(), BODIES)
def test_a_stated_hash_must_be_the_bodys(request, other):
    """Even when the signature over the stated hash is right."""
    assume(other != request.data)
    request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(request.data).hexdigest()
    head = by_botocore(SigV4Auth, request, "AKIA", SECRET, "us-east-1")
    claim = sigv4.read(head)
    sigv4.verify(claim, head, request.data, SECRET, NOW_S)
    with pytest.raises(InvalidSignatureError, match="does not match what was computed"):
        sigv4.verify(claim, head, other, SECRET, NOW_S)


def changed(data, head, body):
    """The request with one thing changed that the signature is over."""
    what = data.draw(st.sampled_from(["method", "path", "query", "header", "body"]))
    match what:
        case "method":
            return Head("PUT", head.path, head.query, head.headers), body
        case "path":
            return Head(head.method, head.path + "x", head.query, head.headers), body
        case "query":
            query = f"{head.query}&more=1" if head.query else "more=1"
            return Head(head.method, head.path, query, head.headers), body
        case "header":
            signed = sigv4.read(head).signed_headers
            name = data.draw(st.sampled_from(signed))
            headers = [
                (each, (value + "0") if each.lower() == name else value)
                for each, value in head.headers
            ]
            return Head(head.method, head.path, head.query, headers), body
        case _:
            return head, body + b"0"


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
@given(st.data())
def test_any_change_refuses(signer, data):
    """Of method, path, query, a signed header or the body."""
    request = data.draw(requests(bodies=BODIES if signer is SigV4Auth else st.just(b"")))
    head = by_botocore(signer, request, "AKIA", SECRET, "us-east-1")
    body = request.data or b""
    sigv4.verify(sigv4.read(head), head, body, SECRET, NOW_S)
    with pytest.raises(InvalidSignatureError):
        verify_whole(*changed(data, head, body))


def verify_whole(head, body):
    sigv4.verify(sigv4.read(head), head, body, SECRET, NOW_S)


@given(requests(), SECRETS)
def test_another_secret_refuses(request, secret):
    """Whatever was signed with it."""
    assume(secret != SECRET)
    head = by_botocore(SigV4Auth, request, "AKIA", SECRET, "us-east-1")
    with pytest.raises(InvalidSignatureError, match="does not match the signature you provided"):
        sigv4.verify(sigv4.read(head), head, request.data, secret, NOW_S)


@given(requests(), st.integers(-1000, 1000), st.integers(1, 1000))
def test_only_five_minutes_either_way(request, late_s, expires):
    """A presigned request not even as long as that when it says so itself."""
    request.data = b""
    is_presigned = late_s % 2 == 0
    signer, options = (SigV4QueryAuth, {"expires": expires}) if is_presigned else (SigV4Auth, {})
    head = by_botocore(signer, request, "AKIA", SECRET, "us-east-1", **options)
    longest_s = min(expires, 300) if is_presigned else 300
    claim = sigv4.read(head)
    if -300 <= late_s <= longest_s:
        sigv4.verify(claim, head, b"", SECRET, NOW_S + late_s)
    else:
        with pytest.raises(InvalidSignatureError, match="expired" if late_s > 0 else "not yet"):
            sigv4.verify(claim, head, b"", SECRET, NOW_S + late_s)
