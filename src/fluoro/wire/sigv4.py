"""AWS Signature Version 4 of requests to X-Ray: made, read, verified.

Pure: bytes, keys and the time are arguments. A signature is in the header `Authorization` or, of a
presigned request, in the query. Source: AWS's "Create a signed AWS API request"; held equal to
botocore's signers by `tests/property/test_sigv4.py`.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote

import msgspec

from fluoro.errors import InvalidSignatureError, MissingTokenError

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "xray"
UNSIGNED = "UNSIGNED-PAYLOAD"
"""In place of the body's hash: the signature says nothing of the body."""

WINDOW_S = 300
"""How far a request's time and ours may be apart."""

_TERMINATOR = "aws4_request"
_DATE, _HASH = "x-amz-date", "x-amz-content-sha256"
_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z\Z")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_SIGNATURE = re.compile(r"[0-9a-f]{64}\Z")
_DIGITS = re.compile(r"[0-9]{1,9}\Z")
_OF_QUERY = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature")
_UNRESERVED = "-_.~"
_WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. Consult the service documentation for details."
)


class Head(msgspec.Struct, frozen=True):
    """A request without its body, as it is on the wire."""

    method: str
    path: str
    """Percent-encoded, without the query."""
    query: str
    """Percent-encoded, without its `?`; empty without one."""
    headers: Sequence[tuple[str, str]]
    """In order; a name may come twice, in any case of letters."""


@dataclass(frozen=True)
class Credentials:
    """What a client signs with. Not a Struct, whose text would show the secret."""

    key_id: str
    secret: str = field(repr=False)
    region: str
    """Whose data requests are about, with the key's account."""


class Claim(msgspec.Struct, frozen=True):
    """What a signed request says of itself; nothing of it is proven."""

    key_id: str
    region: str
    time: str
    """As in X-Amz-Date: 20260102T030405Z."""
    signed_headers: tuple[str, ...]
    """Lower case, ascending."""
    signature: str
    expires_s: int
    """Seconds after `time` in which it counts, `WINDOW_S` at most."""
    is_presigned: bool
    """The signature is in the query."""


def sign(head: Head, body: bytes, credentials: Credentials, now_s: float) -> dict[str, str]:
    """Headers that make a request a signed one: X-Amz-Date and Authorization.

    Args:
        head: With a header Host and all others that are to be signed.
        body: As it is sent, after compression.
        credentials: Of whom, and for which region.
        now_s: Epoch seconds.
    """
    time = datetime.fromtimestamp(now_s, UTC).strftime(_TIME_FORMAT)
    dated = msgspec.structs.replace(head, headers=[*head.headers, (_DATE, time)])
    names = tuple(sorted(_by_name(dated.headers)))
    claim = Claim(
        credentials.key_id, credentials.region, time, names, "", WINDOW_S, is_presigned=False
    )
    signature = _signature(claim, dated, hashlib.sha256(body).hexdigest(), credentials.secret)
    authorization = (
        f"{ALGORITHM} Credential={credentials.key_id}/{_scope(claim)},"
        f" SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return {"X-Amz-Date": time, "Authorization": authorization}


def read(head: Head) -> Claim:
    """What a request claims.

    Raises:
        MissingTokenError: It is not signed.
        InvalidSignatureError: It is not signed as AWS's clients do, or for another service.
    """
    headers = _by_name(head.headers)
    authorization = headers.get("authorization", "")
    if authorization.split(" ", 1)[0] == ALGORITHM:
        return _of_header(authorization, headers)
    query = dict(_pairs(head.query))
    if "X-Amz-Algorithm" in query or "X-Amz-Signature" in query:
        return _of_query(query)
    raise MissingTokenError("Missing Authentication Token")


def is_region(text: str) -> bool:
    """Whether a text could be a region's name; it leads the keys of the store."""
    return bool(_REGION.match(text))


def verify(claim: Claim, head: Head, body: bytes, secret: str, now_s: float) -> None:
    """Return when the owner of a secret made a request, and made it now.

    Equal requests pass as often as they come in time, since clients retry.

    Args:
        claim: What `read` made of the head.
        head: As it came.
        body: As it came, before decompression.
        secret: Of the key that the claim names.
        now_s: Epoch seconds.

    Raises:
        InvalidSignatureError: Somebody else did, or something was changed on the way, or it is too
            old or ahead.
    """
    actual = hashlib.sha256(body).hexdigest()
    stated = _stated_hash(head)
    signature = _signature(claim, head, actual if stated is None else stated, secret)
    if not hmac.compare_digest(signature, claim.signature):
        raise InvalidSignatureError(_WRONG)
    if stated not in {None, UNSIGNED, actual}:
        raise InvalidSignatureError(
            f"The provided '{_HASH}' header does not match what was computed."
        )
    _check_time(claim, now_s)


def _of_header(authorization: str, headers: Mapping[str, str]) -> Claim:
    fields: dict[str, str] = {}
    for part in authorization[len(ALGORITHM) :].split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name in fields:
            raise InvalidSignatureError("Authorization header is not 'name=value' pairs.")
        fields[name] = value
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not fields.get(name):
            raise InvalidSignatureError(f"Authorization header requires '{name}' parameter.")
    return _claim(
        fields["Credential"],
        fields["SignedHeaders"],
        fields["Signature"],
        _time(headers),
        WINDOW_S,
        is_presigned=False,
    )


def _of_query(query: Mapping[str, str]) -> Claim:
    for name in _OF_QUERY:
        if not query.get(name):
            raise InvalidSignatureError(f"AWS query-string parameters must include '{name}'.")
    if query["X-Amz-Algorithm"] != ALGORITHM:
        raise InvalidSignatureError(f"'X-Amz-Algorithm' must be '{ALGORITHM}'.")
    expires = query.get("X-Amz-Expires", "")
    if not _DIGITS.match(expires):
        raise InvalidSignatureError("'X-Amz-Expires' must be a number of seconds.")
    return _claim(
        query["X-Amz-Credential"],
        query["X-Amz-SignedHeaders"],
        query["X-Amz-Signature"],
        query.get("X-Amz-Date", ""),
        min(int(expires), WINDOW_S),
        is_presigned=True,
    )


def _claim(  # noqa: PLR0913  what both forms have
    credential: str,
    signed_headers: str,
    signature: str,
    time: str,
    expires_s: int,
    *,
    is_presigned: bool,
) -> Claim:
    key_id, *scope = credential.rsplit("/", 4)
    if len(scope) != 4 or scope[3] != _TERMINATOR:  # noqa: PLR2004  date, region, service, end
        raise InvalidSignatureError(
            f"Credential must be of the form 'key/date/region/{SERVICE}/{_TERMINATOR}'."
        )
    date, region, service, _ = scope
    if service != SERVICE:
        raise InvalidSignatureError(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if not is_region(region):
        raise InvalidSignatureError("Credential should be scoped to a valid region.")
    if not _TIME.match(time):
        raise InvalidSignatureError("Date must be in ISO-8601 'basic format'.")
    if date != time[:8]:
        raise InvalidSignatureError("Date in Credential scope does not match the request's date.")
    if not _SIGNATURE.match(signature):
        raise InvalidSignatureError(_WRONG)
    names = tuple(signed_headers.split(";"))
    if list(names) != sorted({name.lower() for name in names}):
        raise InvalidSignatureError("SignedHeaders must be lower case, ascending, each once.")
    if "host" not in names:
        raise InvalidSignatureError("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    return Claim(key_id, region, time, names, signature, expires_s, is_presigned)


def _time(headers: Mapping[str, str]) -> str:
    """X-Amz-Date, or the header Date in the same form, or nothing that passes."""
    if _DATE in headers:
        return headers[_DATE]
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return ""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime(_TIME_FORMAT)


def _check_time(claim: Claim, now_s: float) -> None:
    try:
        made_s = datetime.strptime(claim.time, _TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise InvalidSignatureError("Date must be in ISO-8601 'basic format'.") from error
    now = datetime.fromtimestamp(now_s, UTC).strftime(_TIME_FORMAT)
    if now_s > made_s + claim.expires_s:
        raise InvalidSignatureError(
            f"Signature expired: {claim.time} is now earlier than {now} - {claim.expires_s} s."
        )
    if now_s < made_s - WINDOW_S:
        raise InvalidSignatureError(
            f"Signature not yet current: {claim.time} is still later than {now} + {WINDOW_S} s."
        )


def _signature(claim: Claim, head: Head, body_hash: str, secret: str) -> str:
    canonical = _canonical(claim, head, body_hash)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{claim.time}\n{_scope(claim)}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (*_scope(claim).split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


def _scope(claim: Claim) -> str:
    return f"{claim.time[:8]}/{claim.region}/{SERVICE}/{_TERMINATOR}"


def _canonical(claim: Claim, head: Head, body_hash: str) -> str:
    headers = _by_name(head.headers)
    if missing := [name for name in claim.signed_headers if name not in headers]:
        raise InvalidSignatureError(f"Signed header '{missing[0]}' is not in the request.")
    lines = [f"{name}:{headers[name]}\n" for name in claim.signed_headers]
    pairs = sorted(
        (quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED))
        for name, value in _pairs(head.query)
        if not (claim.is_presigned and name == "X-Amz-Signature")
    )
    return "\n".join(
        [
            head.method,
            quote(_without_dots(head.path), safe="/" + _UNRESERVED),
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(lines),
            ";".join(claim.signed_headers),
            body_hash,
        ]
    )


def _by_name(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Values by lower-case name: spaces made single, several of a name joined."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.lower(), " ".join(value.split())
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def _pairs(query: str) -> list[tuple[str, str]]:
    """Names and values of a query, decoded; a plus is a plus."""
    if not query:
        return []
    parts = [part.partition("=") for part in query.split("&")]
    return [(unquote(name), unquote(value)) for name, _, value in parts]


def _without_dots(path: str) -> str:
    """A path without `.`, `..` and empty parts, as every service but S3 signs it."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in {"", "."}:
            kept.append(part)
    slash = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + slash


def _stated_hash(head: Head) -> str | None:
    """What the signature says of the body; None where it is the body's own hash."""
    return _by_name(head.headers).get(_HASH)
