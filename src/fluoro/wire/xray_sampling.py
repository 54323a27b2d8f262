"""Shapes of sampling rules and targets. Source: botocore's service model of X-Ray."""

from typing import Annotated

import msgspec
from msgspec import Meta

from fluoro.wire.xray_api import Shape, Tag
from fluoro.wire.xray_members import Count, Integer, Timestamp

RuleName = Annotated[str, Meta(min_length=1, max_length=32, examples=["Default"])]
ClientId = Annotated[str, Meta(min_length=24, max_length=24)]
"""Any 24 characters; SDKs send hex digits."""

_Rate = Annotated[float, Meta(ge=0, le=1)]
_Priority = Annotated[int, Meta(ge=1, le=9999)]
_UpTo10 = Annotated[str, Meta(max_length=10)]
_UpTo64 = Annotated[str, Meta(max_length=64)]
_UpTo128 = Annotated[str, Meta(max_length=128)]
_UpTo500 = Annotated[str, Meta(max_length=500)]
_Attribute = Annotated[str, Meta(min_length=1, max_length=32)]
_Attributes = Annotated[dict[_Attribute, _Attribute], Meta(max_length=5)]


# --- rules ---


class SamplingRateBoost(Shape, frozen=True):
    """How far a rule's rate may be raised, and how seldom."""

    max_rate: _Rate
    cooldown_window_minutes: Count


class SamplingRule(Shape, frozen=True):
    """A rule; SDKs need each of these members, not null, and no other but for a boost."""

    rule_name: str
    rule_arn: str
    resource_arn: str
    priority: int
    fixed_rate: float
    reservoir_size: int
    service_name: str
    service_type: str
    host: str
    url_path: str
    version: int
    attributes: dict[str, str]
    http_method: str = msgspec.field(name="HTTPMethod")
    sampling_rate_boost: SamplingRateBoost | None = None


class SamplingRuleRecord(Shape, frozen=True):
    """A rule and when it was made and changed (whole epoch seconds)."""

    sampling_rule: SamplingRule
    created_at: float
    modified_at: float


class GetSamplingRulesRequest(Shape, frozen=True):
    """Everything is optional; SDKs send nothing at all."""

    next_token: str | None = None


class GetSamplingRulesResult(Shape, frozen=True):
    """All rules; never a NextToken, which no SDK follows."""

    sampling_rule_records: list[SamplingRuleRecord]


class NewSamplingRule(Shape, frozen=True, kw_only=True):
    """A rule that is to be, under a name or an ARN that ends with one."""

    rule_name: RuleName | None = None
    rule_arn: str | None = None
    resource_arn: _UpTo500
    priority: _Priority
    fixed_rate: _Rate
    reservoir_size: Count
    service_name: _UpTo64
    service_type: _UpTo64
    host: _UpTo64
    http_method: _UpTo10 = msgspec.field(name="HTTPMethod")
    url_path: _UpTo128
    version: Annotated[int, Meta(ge=1, le=1)]
    attributes: _Attributes | None = None
    sampling_rate_boost: SamplingRateBoost | None = None


class CreateSamplingRuleRequest(Shape, frozen=True):
    """A rule and its tags."""

    sampling_rule: NewSamplingRule
    tags: Annotated[list[Tag], Meta(max_length=200)] | None = None


class SamplingRuleUpdate(Shape, frozen=True, kw_only=True):
    """What is to change; absent members stay, but an absent boost goes."""

    rule_name: RuleName | None = None
    rule_arn: str | None = None
    resource_arn: _UpTo500 | None = None
    priority: Integer | None = None
    fixed_rate: _Rate | None = None
    reservoir_size: Count | None = None
    service_name: _UpTo64 | None = None
    service_type: _UpTo64 | None = None
    host: _UpTo64 | None = None
    http_method: _UpTo10 | None = msgspec.field(default=None, name="HTTPMethod")
    url_path: _UpTo128 | None = None
    attributes: _Attributes | None = None
    sampling_rate_boost: SamplingRateBoost | None = None


class UpdateSamplingRuleRequest(Shape, frozen=True):
    """A rule by name or ARN, and what is to change."""

    sampling_rule_update: SamplingRuleUpdate


class DeleteSamplingRuleRequest(Shape, frozen=True):
    """A rule by name or ARN."""

    rule_name: str | None = None
    rule_arn: str | None = None


class SamplingRuleResult(Shape, frozen=True):
    """The rule that was made, changed or deleted."""

    sampling_rule_record: SamplingRuleRecord


# --- targets ---


class SamplingStatisticsDocument(Shape, frozen=True):
    """What one client did for one rule since its last report."""

    rule_name: RuleName
    client_id: ClientId
    timestamp: Timestamp
    request_count: Count = 0
    sampled_count: Count = 0
    borrow_count: Count = 0


class SamplingBoostStatisticsDocument(Shape, frozen=True):
    """What a service saw of anomalies among a rule's requests since its last report."""

    rule_name: RuleName
    service_name: _UpTo64
    timestamp: Timestamp
    anomaly_count: Count
    total_count: Count
    sampled_anomaly_count: Count


class GetSamplingTargetsRequest(Shape, frozen=True):
    """Reports of one client."""

    sampling_statistics_documents: Annotated[list[SamplingStatisticsDocument], Meta(max_length=26)]
    """Of 25 rules and Default; the model has 25, but no SDK splits its report."""
    sampling_boost_statistics_documents: (
        Annotated[list[SamplingBoostStatisticsDocument], Meta(max_length=25)] | None
    ) = None


class SamplingTargetDocument(Shape, frozen=True):
    """What a client may record of one rule until `reservoir_quota_ttl` (epoch seconds)."""

    rule_name: str
    fixed_rate: float
    reservoir_quota: int
    reservoir_quota_ttl: float
    interval: int


class UnprocessedStatistics(Shape, frozen=True):
    """A report that was not taken."""

    rule_name: str
    error_code: str
    message: str


class GetSamplingTargetsResult(Shape, frozen=True):
    """One target for each report that was taken."""

    sampling_target_documents: list[SamplingTargetDocument]
    last_rule_modification: float
    unprocessed_statistics: list[UnprocessedStatistics]
    unprocessed_boost_statistics: list[UnprocessedStatistics] | None = None


# --- statistics ---


class GetSamplingStatisticSummariesRequest(Shape, frozen=True):
    """Everything is optional."""

    next_token: str | None = None


class SamplingStatisticSummary(Shape, frozen=True, omit_defaults=False):
    """What all clients did for one rule in ten seconds from `timestamp` (epoch seconds) on."""

    rule_name: str
    timestamp: float
    request_count: int
    borrow_count: int
    sampled_count: int


class GetSamplingStatisticSummariesResult(Shape, frozen=True):
    """One summary for each rule; never a NextToken."""

    sampling_statistic_summaries: list[SamplingStatisticSummary]
