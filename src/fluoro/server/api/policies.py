"""PutResourcePolicy, ListResourcePolicies and DeleteResourcePolicy.

Policies are kept and given back; they permit and forbid nothing here, keys and their roles do.
Source: spec of the API, section 6; botocore's service model.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from fluoro.errors import (
    InputError,
    MalformedPolicyError,
    PolicyCountError,
    PolicyLockoutError,
    PolicyRevisionError,
    PolicySizeError,
    ResourceChangedError,
)
from fluoro.model.tenant import Tenant
from fluoro.server.api.graph import NO_TOKEN
from fluoro.server.backend import Backend
from fluoro.wire.xray_account import (
    DeleteResourcePolicyRequest,
    ListResourcePoliciesRequest,
    ListResourcePoliciesResult,
    PutResourcePolicyRequest,
    PutResourcePolicyResult,
    ResourcePolicy,
)
from fluoro.wire.xray_api import Empty

KIND = "policy"
"""Of the resources."""

MOST_POLICIES = 5
MOST_BYTES = 5 * 1024

_US_PER_S = 1_000_000
_OPERATION = "xray:putresourcepolicy"
_NONE = "0"
"""The revision id of a policy that is not there."""

_Texts = str | list[str] | None


class _Statement(msgspec.Struct, frozen=True, rename="pascal"):
    """What of a statement may lock somebody out."""

    effect: Literal["Allow", "Deny"]
    principal: str | dict[str, str | list[str]] | None = None
    action: _Texts = None
    condition: dict[str, msgspec.Raw] | None = None


class _Document(msgspec.Struct, frozen=True, rename="pascal"):
    """A policy's JSON."""

    statement: list[_Statement] | _Statement = []


_DOCUMENT = msgspec.json.Decoder(_Document)
_POLICY = msgspec.json.Decoder(ResourcePolicy)


def put_resource_policy(
    backend: Backend, tenant: Tenant, request: PutResourcePolicyRequest
) -> PutResourcePolicyResult:
    """Keep up to 5 policies of 5 KiB with revision ids, without effect: keys and roles decide.

    Raises:
        PolicySizeError: It is longer than 5 KiB.
        MalformedPolicyError: It is not the JSON of a policy.
        PolicyLockoutError: It would forbid the caller to put another.
        PolicyRevisionError: The revision id is not that of the policy that is there.
        PolicyCountError: There are five others.
    """
    name = request.policy_name
    if len(request.policy_document.encode()) > MOST_BYTES:
        raise PolicySizeError(f"A policy document can have at most {MOST_BYTES} bytes.")
    document = _read_document(request.policy_document)
    if not request.bypass_policy_lockout_check and _locks_out(document, tenant.account):
        raise PolicyLockoutError(
            f"The resource policy {name} would prevent its caller from calling PutResourcePolicy."
        )
    found = _all(backend, tenant)
    revision, before = found.get(name, (0, None))
    wanted = request.policy_revision_id
    if wanted is not None and wanted != (before.policy_revision_id if before else _NONE):
        raise _changed(name, "modified")
    if before is None and len(found) >= MOST_POLICIES:
        raise PolicyCountError(f"There can be at most {MOST_POLICIES} resource policies.")
    policy = ResourcePolicy(
        policy_name=name,
        policy_document=request.policy_document,
        policy_revision_id=str(int(before.policy_revision_id) + 1) if before else "1",
        last_updated_time=backend.clock_us() // _US_PER_S,
    )
    try:
        backend.storage.write_resource(
            tenant, KIND, name, msgspec.json.encode(policy).decode(), revision
        )
    except ResourceChangedError as error:
        raise _changed(name, "modified") from error
    return PutResourcePolicyResult(policy)


def list_resource_policies(
    backend: Backend, tenant: Tenant, request: ListResourcePoliciesRequest
) -> ListResourcePoliciesResult:
    """All policies by name.

    Raises:
        InputError: A token is given.
    """
    if request.next_token is not None:
        raise InputError(NO_TOKEN)
    return ListResourcePoliciesResult(
        [policy for _, (_, policy) in sorted(_all(backend, tenant).items())]
    )


def delete_resource_policy(
    backend: Backend, tenant: Tenant, request: DeleteResourcePolicyRequest
) -> Empty:
    """Delete a policy.

    Raises:
        InputError: It does not exist.
        PolicyRevisionError: The revision id is not that of the policy that is there.
    """
    name = request.policy_name
    found = _all(backend, tenant).get(name)
    if found is None:
        raise InputError(f"The resource policy {name} does not exist.")
    revision, policy = found
    if request.policy_revision_id not in (None, policy.policy_revision_id):
        raise _changed(name, "modified or deleted")
    try:
        backend.storage.write_resource(tenant, KIND, name, None, revision)
    except ResourceChangedError as error:
        raise _changed(name, "modified or deleted") from error
    return Empty()


def _all(backend: Backend, tenant: Tenant) -> dict[str, tuple[int, ResourcePolicy]]:
    """The store's revision and the policy, by name."""
    return {
        resource.name: (resource.revision, _POLICY.decode(resource.body))
        for resource in backend.storage.resources(tenant, KIND)
    }


def _changed(name: str, how: str) -> PolicyRevisionError:
    return PolicyRevisionError(f"Another concurrent request has {how} the resource policy {name}")


def _read_document(text: str) -> _Document:
    try:
        return _DOCUMENT.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedPolicyError(f"The resource policy is not valid: {error}") from error


def _locks_out(document: _Document, account: str) -> bool:
    """Whether a statement forbids the account, always, to put policies."""
    found = document.statement
    return any(
        statement.effect == "Deny"
        and not statement.condition
        and any(fnmatchcase(_OPERATION, action.lower()) for action in _texts(statement.action))
        and any(_is_of(principal, account) for principal in _principals(statement))
        for statement in ([found] if isinstance(found, _Statement) else found)
    )


def _principals(statement: _Statement) -> Iterator[str]:
    principal = statement.principal
    if isinstance(principal, dict):
        yield from _texts(principal.get("AWS"))
    else:
        yield from _texts(principal)


def _texts(value: _Texts) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _is_of(principal: str, account: str) -> bool:
    return principal in ("*", account) or principal == f"arn:aws:iam::{account}:root"
