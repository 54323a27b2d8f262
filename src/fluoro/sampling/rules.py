"""Sampling rules as values. The server never drops by rule: SDKs read the rules and decide.

Fields are named as in `wire.xray_sampling`, so `msgspec.convert(..., from_attributes=True)` makes
the API's shape of them. Source: X-Ray developer guide, "Configuring sampling rules".
"""

import msgspec

from fluoro.model.tenant import Tenant

DEFAULT = "Default"
"""Name of the rule that is always there and matches last."""

LONGEST_NAME = 32

_ANY = "*"
_KIND = ":sampling-rule/"


class SamplingRateBoost(msgspec.Struct, frozen=True):
    """How far the rate may be raised at anomalies: to `max_rate`, once in so many minutes."""

    max_rate: float
    cooldown_window_minutes: int


class SamplingRule(msgspec.Struct, frozen=True):
    """Which requests a rule is for, and how many of them are traced.

    `reservoir_size` is requests a second, all clients together; `fixed_rate` the share, 0 to 1, of
    the requests beyond it. The smallest `priority` that matches decides.
    """

    rule_name: str
    rule_arn: str
    priority: int
    fixed_rate: float
    reservoir_size: int
    resource_arn: str = _ANY
    service_name: str = _ANY
    service_type: str = _ANY
    host: str = _ANY
    http_method: str = _ANY
    url_path: str = _ANY
    version: int = 1
    attributes: dict[str, str] = {}
    sampling_rate_boost: SamplingRateBoost | None = None


class SamplingRuleRecord(msgspec.Struct, frozen=True):
    """A rule and when it was made and changed, in whole epoch seconds."""

    sampling_rule: SamplingRule
    created_at: int
    modified_at: int
    placed_us: int = 0
    """When it got its priority, epoch microseconds; the API does not show it."""


def default_rule(tenant: Tenant) -> SamplingRuleRecord:
    """The rule of every account that changed nothing: one request a second and 5 % of the rest."""
    rule = SamplingRule(
        rule_name=DEFAULT,
        rule_arn=rule_arn(tenant, DEFAULT),
        priority=10_000,
        fixed_rate=0.05,
        reservoir_size=1,
    )
    return SamplingRuleRecord(rule, created_at=0, modified_at=0)


def rule_arn(tenant: Tenant, name: str) -> str:
    """The ARN of a rule of this tenant."""
    return f"arn:aws:xray:{tenant.region}:{tenant.account}{_KIND}{name}"


def named_by(tenant: Tenant, arn: str) -> str | None:
    """The name of the rule that an ARN is of; None when it is of none of this tenant's."""
    start, _, name = arn.partition(_KIND)
    places = (f"arn:aws:xray:{tenant.region}:{account}" for account in (tenant.account, ""))
    return name if name and start in places else None
