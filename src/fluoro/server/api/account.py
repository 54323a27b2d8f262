"""Encryption, destination of segments, indexing rules: settings of an account.

They are kept and given back, and change nothing here: the store is not encrypted by a KMS key,
segments stay in it, and all of them are found by search. So a destination in CloudWatch stays
PENDING, and the share that is indexed is 100 %. Source: spec of the API, section 6, and of trace
queries, section 4.
"""

import contextlib
from typing import TypeVar

import msgspec

from fluoro.errors import InputError, NotFoundError, ResourceChangedError, ThrottledError
from fluoro.model.tenant import Tenant
from fluoro.server.api.graph import NO_TOKEN
from fluoro.server.backend import Backend
from fluoro.server.requests import invalid
from fluoro.wire.xray_account import (
    Destination,
    EncryptionConfig,
    EncryptionType,
    GetEncryptionConfigRequest,
    GetEncryptionConfigResult,
    GetIndexingRulesRequest,
    GetIndexingRulesResult,
    GetTraceSegmentDestinationRequest,
    IndexingRule,
    IndexingRuleValue,
    ProbabilisticRuleValue,
    PutEncryptionConfigRequest,
    PutEncryptionConfigResult,
    TraceSegmentDestinationResult,
    UpdateIndexingRuleRequest,
    UpdateIndexingRuleResult,
    UpdateTraceSegmentDestinationRequest,
)

KIND = "setting"
"""Of the resources."""

_RULE = "Default"
_US_PER_S = 1_000_000
_ALL = 100.0
_ATTEMPTS = 10


class _Encryption(msgspec.Struct, frozen=True):
    type: EncryptionType = "NONE"
    key_id: str | None = None


class _Destination(msgspec.Struct, frozen=True):
    destination: Destination = "XRay"
    key_id: str | None = None
    """Of the log groups."""


class _Indexing(msgspec.Struct, frozen=True):
    percentage: float = _ALL
    modified_at: int = 0


_Setting = TypeVar("_Setting", _Encryption, _Destination, _Indexing)


def get_encryption_config(
    backend: Backend,
    tenant: Tenant,
    request: GetEncryptionConfigRequest,  # noqa: ARG001  as all handlers
) -> GetEncryptionConfigResult:
    """What was put last; type `NONE` at first."""
    return GetEncryptionConfigResult(_encryption(_read(backend, tenant, _Encryption())[0]))


def put_encryption_config(
    backend: Backend, tenant: Tenant, request: PutEncryptionConfigRequest
) -> PutEncryptionConfigResult:
    """Keep it, `ACTIVE` at once, without effect: the store's volume is what can be encrypted.

    Raises:
        InputError: Type KMS has no key, or NONE has one.
    """
    if (request.type == "KMS") is (request.key_id is None):
        raise invalid(
            "KeyId", "Member must not be null with type KMS, and must be null with type NONE"
        )
    setting = _write(backend, tenant, _Encryption(request.type, request.key_id))
    return PutEncryptionConfigResult(_encryption(setting))


def _encryption(setting: _Encryption) -> EncryptionConfig:
    return EncryptionConfig("ACTIVE", setting.type, setting.key_id)


def get_trace_segment_destination(
    backend: Backend,
    tenant: Tenant,
    request: GetTraceSegmentDestinationRequest,  # noqa: ARG001  as all handlers
) -> TraceSegmentDestinationResult:
    """What was set last; `XRay` and `ACTIVE` at first."""
    return _destination(_read(backend, tenant, _Destination())[0])


def update_trace_segment_destination(
    backend: Backend, tenant: Tenant, request: UpdateTraceSegmentDestinationRequest
) -> TraceSegmentDestinationResult:
    """Keep it; `CloudWatchLogs` stays `PENDING`, since segments stay here.

    Without a destination the one that is set stays.

    Raises:
        InputError: A configuration of CloudWatch Logs comes with another destination.
    """
    setting, _ = _read(backend, tenant, _Destination())
    destination = request.destination or setting.destination
    logs = request.cloud_watch_logs_configuration
    if logs is not None and destination != "CloudWatchLogs":
        raise invalid(
            "CloudWatchLogsConfiguration",
            "Member must be null unless the destination is CloudWatchLogs",
        )
    if request.destination is not None or logs is not None:
        key_id = None if logs is None else logs.spans_log_group_kms_key_id
        setting = _write(backend, tenant, _Destination(destination, key_id))
    return _destination(setting)


def _destination(setting: _Destination) -> TraceSegmentDestinationResult:
    return TraceSegmentDestinationResult(
        setting.destination, "ACTIVE" if setting.destination == "XRay" else "PENDING"
    )


def get_indexing_rules(
    backend: Backend, tenant: Tenant, request: GetIndexingRulesRequest
) -> GetIndexingRulesResult:
    """The rule `Default`: what is wanted, and that 100 % are found by search.

    Raises:
        InputError: A token is given.
    """
    if request.next_token is not None:
        raise InputError(NO_TOKEN)
    return GetIndexingRulesResult([_rule(_read(backend, tenant, _Indexing())[0])])


def update_indexing_rule(
    backend: Backend, tenant: Tenant, request: UpdateIndexingRuleRequest
) -> UpdateIndexingRuleResult:
    """Keep how many percent are wanted, 0 to 100.

    Raises:
        NotFoundError: The rule is not Default.
        InputError: The rule has no member.
    """
    value = request.rule.probabilistic
    if value is None:
        raise invalid("Rule", "Member must have exactly one member set")
    if request.name != _RULE:
        raise NotFoundError(f"Indexing rule {request.name} not found")
    now_s = backend.clock_us() // _US_PER_S
    setting = _Indexing(value.desired_sampling_percentage, now_s)
    return UpdateIndexingRuleResult(_rule(_write(backend, tenant, setting)))


def _rule(setting: _Indexing) -> IndexingRule:
    value = ProbabilisticRuleValue(
        desired_sampling_percentage=setting.percentage, actual_sampling_percentage=_ALL
    )
    return IndexingRule(_RULE, setting.modified_at, IndexingRuleValue(value))


def _read(backend: Backend, tenant: Tenant, first: _Setting) -> tuple[_Setting, int]:
    """A setting and the store's revision of it; `first` and 0 before it was ever written."""
    for resource in backend.storage.resources(tenant, KIND):
        if resource.name == _name(first):
            return msgspec.json.decode(resource.body, type=type(first)), resource.revision
    return first, 0


def _write(backend: Backend, tenant: Tenant, setting: _Setting) -> _Setting:
    """Keep a setting; of several callers the last one counts."""
    body = msgspec.json.encode(setting).decode()
    for _ in range(_ATTEMPTS):
        _, revision = _read(backend, tenant, setting)
        with contextlib.suppress(ResourceChangedError):
            backend.storage.write_resource(tenant, KIND, _name(setting), body, revision)
            return setting
    raise ThrottledError("the setting is being changed by many; try again")


def _name(setting: msgspec.Struct) -> str:
    return type(setting).__name__.strip("_").lower()
