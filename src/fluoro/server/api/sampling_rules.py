"""CreateSamplingRule, UpdateSamplingRule, DeleteSamplingRule and GetSamplingRules.

Source: spec of sampling, section 3; botocore's service model.
"""

import contextlib
from collections.abc import Mapping

import msgspec

from fluoro.errors import InputError, ResourceChangedError, RuleLimitError, ThrottledError
from fluoro.model.tenant import Tenant
from fluoro.sampling import rules
from fluoro.sampling.rules import DEFAULT, SamplingRule, SamplingRuleRecord
from fluoro.server import tags
from fluoro.server.backend import Backend
from fluoro.server.requests import invalid
from fluoro.wire import xray_sampling as wire

KIND = "sampling_rule"
"""Of the resources."""

MOST_RULES = 25
"""Besides Default; SDKs read one page alone."""

_US_PER_S = 1_000_000
_ATTEMPTS = 10
_PRIORITIES = range(1, 10_000)
_OF_DEFAULT = ("fixed_rate", "reservoir_size")
"""What of the rule Default can be changed."""

_RECORD = msgspec.json.Decoder(SamplingRuleRecord)


class Kept(msgspec.Struct, frozen=True):
    """A rule in the store, and its revision there: 0 for a Default that nobody changed."""

    record: SamplingRuleRecord
    revision: int = 0
    written_us: int = 0


def kept_rules(backend: Backend, tenant: Tenant) -> Mapping[str, Kept]:
    """All rules by name, Default last."""
    found = {
        resource.name: Kept(_RECORD.decode(resource.body), resource.revision, resource.written_us)
        for resource in backend.storage.resources(tenant, KIND)
    }
    default = found.pop(DEFAULT, Kept(rules.default_rule(tenant)))
    return {**found, DEFAULT: default}


def get_sampling_rules(
    backend: Backend,
    tenant: Tenant,
    request: wire.GetSamplingRulesRequest,  # noqa: ARG001  as all handlers
) -> wire.GetSamplingRulesResult:
    """All rules as they got their priorities, Default last, on one page whatever the token.

    No SDK asks for a second page. A running Java SDK learns of a new rule or priority from the last
    one alone (`CentralizedManifest.putRules`, 2.21.0), hence the order.
    """
    *others, default = (kept.record for kept in kept_rules(backend, tenant).values())
    others.sort(key=lambda record: record.placed_us)
    return wire.GetSamplingRulesResult([_shape(record) for record in (*others, default)])


def create_sampling_rule(
    backend: Backend, tenant: Tenant, request: wire.CreateSamplingRuleRequest
) -> wire.SamplingRuleResult:
    """Make a rule, one of 25 besides Default; SDKs hear of it with their next report.

    Raises:
        InputError: It has no name, or the name is taken.
        RuleLimitError: There are 25 others.
        TooManyTagsError: It has more than 50 tags.
    """
    new = request.sampling_rule
    name = _name(tenant, "SamplingRule", new.rule_name, new.rule_arn)
    if len(name) > rules.LONGEST_NAME:
        raise invalid(
            "SamplingRule.RuleARN",
            f"Member must end with a name of at most {rules.LONGEST_NAME} characters",
        )
    kept = kept_rules(backend, tenant)
    if name in kept:
        raise _taken(name)
    if len(kept) > MOST_RULES:
        raise RuleLimitError(f"There can be at most {MOST_RULES} sampling rules besides {DEFAULT}.")
    rule = SamplingRule(
        **{
            **msgspec.structs.asdict(new),
            "rule_name": name,
            "rule_arn": rules.rule_arn(tenant, name),
            "attributes": new.attributes or {},
            "sampling_rate_boost": _boost(new.sampling_rate_boost),
        }
    )
    given = tags.read(rule.rule_arn, request.tags or [])
    now_us = backend.clock_us()
    now_s = now_us // _US_PER_S
    record = SamplingRuleRecord(rule, created_at=now_s, modified_at=now_s, placed_us=now_us)
    try:
        _write(backend, tenant, record, after=0)
    except ResourceChangedError as error:
        raise _taken(name) from error
    tags.replace(backend.storage, tenant, rule.rule_arn, given)
    return wire.SamplingRuleResult(_shape(record))


def update_sampling_rule(
    backend: Backend, tenant: Tenant, request: wire.UpdateSamplingRuleRequest
) -> wire.SamplingRuleResult:
    """Change the members that are there, of Default FixedRate and ReservoirSize.

    An absent boost is taken away.

    Raises:
        InputError: There is no such rule, or it cannot be so.
        ThrottledError: Too many change it at the same time.
    """
    update = request.sampling_rule_update
    name = _name(tenant, "SamplingRuleUpdate", update.rule_name, update.rule_arn)
    changes = {
        field: value
        for field, value in msgspec.structs.asdict(update).items()
        if value is not None and field not in ("rule_name", "rule_arn")
    } | {"sampling_rate_boost": _boost(update.sampling_rate_boost)}
    for _ in range(_ATTEMPTS):
        before = _find(backend, tenant, name)
        old = before.record.sampling_rule
        rule = msgspec.structs.replace(old, **changes)
        _check(old, rule)
        now_us = backend.clock_us()
        record = SamplingRuleRecord(
            rule,
            created_at=before.record.created_at,
            modified_at=now_us // _US_PER_S,
            placed_us=before.record.placed_us if rule.priority == old.priority else now_us,
        )
        with contextlib.suppress(ResourceChangedError):
            _write(backend, tenant, record, before.revision)
            return wire.SamplingRuleResult(_shape(record))
    raise ThrottledError(f"the sampling rule {name} is being changed by many; try again")


def delete_sampling_rule(
    backend: Backend, tenant: Tenant, request: wire.DeleteSamplingRuleRequest
) -> wire.SamplingRuleResult:
    """Delete a rule by name or ARN and answer what it was; Default stays.

    Raises:
        InputError: There is no such rule, or it is Default.
    """
    name = _name(tenant, "", request.rule_name, request.rule_arn)
    found = _find(backend, tenant, name)
    if name == DEFAULT:
        raise InputError(f"The sampling rule {DEFAULT} cannot be deleted.")
    try:
        backend.storage.write_resource(tenant, KIND, name, None, found.revision)
    except ResourceChangedError as error:
        raise InputError(f"The sampling rule {name} was changed meanwhile; try again.") from error
    tags.replace(backend.storage, tenant, found.record.sampling_rule.rule_arn, {})
    return wire.SamplingRuleResult(_shape(found.record))


def _name(tenant: Tenant, path: str, name: str | None, arn: str | None) -> str:
    """The one name that a request gives, itself or as the end of an ARN."""
    prefix = f"{path}." if path else ""
    if (name is None) is (arn is None):
        raise InputError("Either RuleName or RuleARN must be given, and not both.")
    if name is not None:
        return name
    found = rules.named_by(tenant, arn or "")
    if found is None:
        raise invalid(
            f"{prefix}RuleARN", "Member must be the ARN of a sampling rule of this region"
        )
    return found


def _find(backend: Backend, tenant: Tenant, name: str) -> Kept:
    found = kept_rules(backend, tenant).get(name)
    if found is None:
        raise InputError(f"The sampling rule {name} does not exist.")
    return found


def _check(before: SamplingRule, rule: SamplingRule) -> None:
    """Refuse a change that this rule cannot have."""
    if rule.rule_name != DEFAULT:
        if rule.priority not in _PRIORITIES:
            raise invalid("SamplingRuleUpdate.Priority", "Member must be between 1 and 9999")
        return
    allowed = {field: getattr(rule, field) for field in _OF_DEFAULT}
    if msgspec.structs.replace(before, **allowed) != rule:
        raise InputError(
            f"Of the sampling rule {DEFAULT} only FixedRate and ReservoirSize can be changed."
        )


def _boost(boost: wire.SamplingRateBoost | None) -> rules.SamplingRateBoost | None:
    if boost is None:
        return None
    return rules.SamplingRateBoost(boost.max_rate, boost.cooldown_window_minutes)


def _write(backend: Backend, tenant: Tenant, record: SamplingRuleRecord, after: int) -> None:
    body = msgspec.json.encode(record).decode()
    backend.storage.write_resource(tenant, KIND, record.sampling_rule.rule_name, body, after)


def _taken(name: str) -> InputError:
    return InputError(f"A sampling rule named {name} already exists.")


def _shape(record: SamplingRuleRecord) -> wire.SamplingRuleRecord:
    return msgspec.convert(record, wire.SamplingRuleRecord, from_attributes=True)
