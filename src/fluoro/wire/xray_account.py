"""Shapes of an account's settings and policies. Source: botocore's service model of X-Ray."""

from typing import Annotated, Literal

from msgspec import Meta

from fluoro.wire.xray_api import Shape

PolicyName = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_+=,.@-]+\Z")]
EncryptionType = Literal["NONE", "KMS"]
Destination = Literal["XRay", "CloudWatchLogs"]


# --- encryption ---


class GetEncryptionConfigRequest(Shape, frozen=True):
    """Nothing to say."""


class EncryptionConfig(Shape, frozen=True):
    """How the account's traces are to be encrypted; `key_id` with type KMS alone."""

    status: Literal["UPDATING", "ACTIVE"]
    type: EncryptionType
    key_id: str | None = None


class GetEncryptionConfigResult(Shape, frozen=True):
    """What is set."""

    encryption_config: EncryptionConfig


class PutEncryptionConfigRequest(Shape, frozen=True):
    """A type, and the key that KMS needs."""

    type: EncryptionType
    key_id: Annotated[str, Meta(min_length=1, max_length=3000)] | None = None


class PutEncryptionConfigResult(Shape, frozen=True):
    """What is set now."""

    encryption_config: EncryptionConfig


# --- destination ---


class GetTraceSegmentDestinationRequest(Shape, frozen=True):
    """Nothing to say."""


class CloudWatchLogsConfiguration(Shape, frozen=True):
    """Of the log groups that spans would go to."""

    spans_log_group_kms_key_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None


class UpdateTraceSegmentDestinationRequest(Shape, frozen=True):
    """Where segments are to go."""

    destination: Destination | None = None
    cloud_watch_logs_configuration: CloudWatchLogsConfiguration | None = None


class TraceSegmentDestinationResult(Shape, frozen=True):
    """Where segments go: what both operations answer."""

    destination: Destination
    status: Literal["PENDING", "ACTIVE"]


# --- indexing ---


class GetIndexingRulesRequest(Shape, frozen=True):
    """Everything is optional."""

    next_token: str | None = None


class ProbabilisticRuleValue(Shape, frozen=True):
    """How many percent of spans are to be found by search, and how many are."""

    desired_sampling_percentage: float
    actual_sampling_percentage: float


class IndexingRuleValue(Shape, frozen=True):
    """The one kind of rule that there is."""

    probabilistic: ProbabilisticRuleValue


class IndexingRule(Shape, frozen=True):
    """A rule and when it was changed (whole epoch seconds)."""

    name: str
    modified_at: float
    rule: IndexingRuleValue


class GetIndexingRulesResult(Shape, frozen=True):
    """All rules; never a NextToken."""

    indexing_rules: list[IndexingRule]


class ProbabilisticRuleValueUpdate(Shape, frozen=True):
    """How many percent are wanted."""

    desired_sampling_percentage: Annotated[float, Meta(ge=0, le=100)]


class IndexingRuleValueUpdate(Shape, frozen=True):
    """A union of one member, which must be there."""

    probabilistic: ProbabilisticRuleValueUpdate | None = None


class UpdateIndexingRuleRequest(Shape, frozen=True):
    """A rule by name, and what it is to be."""

    name: Annotated[str, Meta(examples=["Default"])]
    rule: IndexingRuleValueUpdate


class UpdateIndexingRuleResult(Shape, frozen=True):
    """The rule as it is now."""

    indexing_rule: IndexingRule


# --- policies ---


class PutResourcePolicyRequest(Shape, frozen=True):
    """A policy; with a revision id it must be the one that is there, `0` for none."""

    policy_name: PolicyName
    policy_document: Annotated[str, Meta(examples=['{"Version": "2012-10-17", "Statement": []}'])]
    policy_revision_id: str | None = None
    bypass_policy_lockout_check: bool = False


class ResourcePolicy(Shape, frozen=True):
    """A policy as it was put; `last_updated_time` in whole epoch seconds."""

    policy_name: str
    policy_document: str
    policy_revision_id: str
    last_updated_time: float


class PutResourcePolicyResult(Shape, frozen=True):
    """The policy as it is now."""

    resource_policy: ResourcePolicy


class ListResourcePoliciesRequest(Shape, frozen=True):
    """Everything is optional."""

    next_token: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class ListResourcePoliciesResult(Shape, frozen=True):
    """All policies; never a NextToken."""

    resource_policies: list[ResourcePolicy]


class DeleteResourcePolicyRequest(Shape, frozen=True):
    """A policy by name; with a revision id it must be the one that is there."""

    policy_name: PolicyName
    policy_revision_id: str | None = None
