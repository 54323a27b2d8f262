"""Who asks: signatures and passwords become a tenant, or one of AWS's refusals.

While there are no keys everybody is `LOCAL`. Source: architecture, section 4; AWS's error names:
spec of the API, section 2.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Collection

import msgspec
from starlette.types import Scope

from fluoro.errors import AccessDeniedError, MissingTokenError, UnknownKeyError
from fluoro.model.keys import AccessKey, Keys, Role
from fluoro.model.tenant import LOCAL, Tenant
from fluoro.server.throttle import Throttle
from fluoro.wire import sigv4
from fluoro.wire.sigv4 import Claim, Head

_BASIC = "basic "
_UNKNOWN = "The security token included in the request is invalid."


class Caller(msgspec.Struct, frozen=True):
    """Who says to ask, before the body is there to prove it."""

    key: AccessKey
    claim: Claim
    head: Head


class Identity:
    """Knows who may ask what, and how often.

    Attributes:
        throttle: Counts the requests of each key.
    """

    def __init__(
        self,
        keys: Callable[[], Keys | None],
        clock_us: Callable[[], int],
        region: str,
        throttle: Throttle,
    ) -> None:
        """Prepare.

        Args:
            keys: The keys as they are now; None while nobody has to sign.
            clock_us: Now, epoch microseconds.
            region: Whose data a password reads which names no region.
            throttle: Counts the requests of each key.
        """
        self._keys = keys
        self._clock_us = clock_us
        self._region = region
        self.throttle = throttle

    @property
    def is_shared(self) -> bool:
        """Whether several accounts may ask now: keys that are valid name more than one."""
        keys = self._keys() or {}
        return len({key.account for key in keys.values() if not key.revoked}) > 1

    def expects(self, scope: Scope) -> Caller | None:
        """Whom a request names; None when everybody may ask.

        No body is read for a stranger, nor for a key that has asked enough.

        Raises:
            AuthenticationError: It names nobody, or a key that is not valid, or is badly signed.
            ThrottledError: The key has to wait.
        """
        keys = self._keys()
        if keys is None:
            return None
        head = _head(scope)
        claim = sigv4.read(head)
        key = _valid(keys, claim.key_id)
        self.throttle.check(key.id)
        return Caller(key, claim, head)

    def admit(
        self, caller: Caller | None, body: bytes, roles: Collection[Role], action: str
    ) -> Tenant:
        """Whose data a request may use. It counts once the signature is the key's, not before.

        Args:
            caller: What `expects` said.
            body: As it was sent.
            roles: Whose keys may, besides admin's.
            action: What it asks for, to name in a refusal.

        Raises:
            InvalidSignatureError: The signature is not the key's, or not over this body.
            AccessDeniedError: The key may not do this.
            ThrottledError: The key has to wait.
        """
        if caller is None:
            return LOCAL
        now_s = self._clock_us() / 1_000_000
        sigv4.verify(caller.claim, caller.head, body, caller.key.secret, now_s)
        self.throttle.take(caller.key.id)
        return _allowed(caller.key, caller.claim.region, roles, action)

    def admit_person(self, scope: Scope, action: str) -> Tenant:
        """Whose data a page of the console shows: to a signed GET, or to a password.

        The password is HTTP Basic with a key's id and secret; `ID/eu-west-1` as the user's name
        asks for another region than the server's own.

        Raises:
            AuthenticationError: Neither is there, or it is wrong, or the key may not read.
            ThrottledError: The key has to wait.
        """
        keys = self._keys()
        if keys is None:
            return LOCAL
        header = dict(_head(scope).headers).get("authorization", "")
        if not header.lower().startswith(_BASIC):
            return self.admit(self.expects(scope), b"", {"read"}, action)
        user, secret = _password(header)
        key_id, _, region = user.partition("/")
        key = _valid(keys, key_id)
        if not hmac.compare_digest(key.secret.encode(), secret.encode()):
            raise UnknownKeyError(_UNKNOWN)
        self.throttle.take(key.id)
        if region and not sigv4.is_region(region):
            raise UnknownKeyError(f"{region!r} is no region")
        return _allowed(key, region or self._region, {"read"}, action)


def _head(scope: Scope) -> Head:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    path = scope.get("raw_path") or scope["path"].encode()
    return Head(
        scope["method"], path.decode("latin-1"), scope["query_string"].decode("latin-1"), headers
    )


def _valid(keys: Keys, key_id: str) -> AccessKey:
    key = keys.get(key_id)
    if key is None or key.revoked:
        raise UnknownKeyError(_UNKNOWN)
    return key


def _allowed(key: AccessKey, region: str, roles: Collection[Role], action: str) -> Tenant:
    if not key.may(roles):
        raise AccessDeniedError(
            f"User: {key.id} is not authorized to perform: {action}: its role is {key.role}, and"
            f" this needs {' or '.join(sorted(roles))}"
        )
    return Tenant(key.account, region)


def _password(header: str) -> tuple[str, str]:
    """User and password of HTTP Basic."""
    try:
        text = base64.b64decode(header[len(_BASIC) :], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise MissingTokenError("Missing Authentication Token") from error
    user, _, password = text.partition(":")
    return user, password
