"""The X-Ray API's JSON: one Struct for each shape of the operations that Fluoro answers.

Names are botocore's (`xray/2016-04-12`), members in snake_case here and PascalCase on the wire.
Times are epoch seconds; requests may also write them as text (`Timestamp`). A member that is None
is left out of an answer; a list is never None, since clients iterate without looking.
Source: botocore's service model; spec of the API.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fluoro.wire.xray_members import (
    MOST_IDS,
    MOST_OF_AGENT,
    Document,
    FilterExpression,
    GroupArn,
    GroupName,
    Timestamp,
    TraceId,
)

_SPELLINGS = {
    "arn": "ARN",
    "boost_rate_ttl": "BoostRateTTL",
    "client_id": "ClientID",
    "ec2_instance_id": "EC2InstanceId",
    "group_arn": "GroupARN",
    "http_code_4xx_count": "HTTPCode4XXCount",
    "http_code_5xx_count": "HTTPCode5XXCount",
    "http_url": "HttpURL",
    "reservoir_quota_ttl": "ReservoirQuotaTTL",
    "resource_arn": "ResourceARN",
    "resource_arns": "ResourceARNs",
    "rule_arn": "RuleARN",
    "url_path": "URLPath",
}


def _member_name(field: str) -> str:
    return _SPELLINGS.get(field) or "".join(word.capitalize() for word in field.split("_"))


class Shape(msgspec.Struct, frozen=True, rename=_member_name, omit_defaults=True, gc=False):
    """Base of all shapes: PascalCase members, absent ones left out."""


# --- tags ---


class Tag(Shape, frozen=True):
    """A word on a group or a sampling rule."""

    key: Annotated[str, Meta(min_length=1, max_length=128)]
    value: Annotated[str, Meta(max_length=256)]


# --- traces ---


class PutTraceSegmentsRequest(Shape, frozen=True):
    """Documents as JSON texts; the last two members are Fluoro's own, sent by its agent."""

    trace_segment_documents: Annotated[
        list[Document], Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_OF_AGENT})
    ]
    sources: list[msgspec.Raw] | None = None
    """Pods that documents came from (JSON objects)."""
    document_sources: list[int | None] | None = None
    """For each document the index into `sources`, or null."""


class UnprocessedTraceSegment(Shape, frozen=True):
    """A refused document and why."""

    id: str | None
    error_code: str
    message: str


class PutTraceSegmentsResult(Shape, frozen=True):
    """Refused documents; empty when all were taken."""

    unprocessed_trace_segments: list[UnprocessedTraceSegment]


class BatchGetTracesRequest(Shape, frozen=True):
    """At most five trace ids."""

    trace_ids: Annotated[
        list[TraceId], Meta(extra_json_schema={"minItems": 1, "maxItems": MOST_IDS})
    ]
    next_token: str | None = None


class Segment(Shape, frozen=True):
    """A whole segment; `document` is its JSON text."""

    id: str
    document: str


class Trace(Shape, frozen=True):
    """A trace and its segments; `duration` in seconds."""

    id: str
    duration: float
    limit_exceeded: bool
    segments: list[Segment]


class BatchGetTracesResult(Shape, frozen=True):
    """Traces that were found, in the order of the request."""

    traces: list[Trace]
    unprocessed_trace_ids: list[str]


class SamplingStrategy(Shape, frozen=True):
    """How a subset of traces is chosen."""

    name: Literal["PartialScan", "FixedRate"] | None = None
    value: float | None = None


class GetTraceSummariesRequest(Shape, frozen=True):
    """A time range, a filter expression, a page."""

    start_time: Timestamp
    end_time: Timestamp
    time_range_type: Literal["TraceId", "Event", "Service"] | None = None
    sampling: bool | None = None
    sampling_strategy: SamplingStrategy | None = None
    filter_expression: FilterExpression | None = None
    next_token: str | None = None


class Http(Shape, frozen=True):
    """HTTP of the root segment."""

    http_url: str | None = None
    http_status: int | None = None
    http_method: str | None = None
    user_agent: str | None = None
    client_ip: str | None = None


class AnnotationValue(Shape, frozen=True):
    """Exactly one of the three is there."""

    number_value: float | None = None
    boolean_value: bool | None = None
    string_value: str | None = None


class ServiceId(Shape, frozen=True):
    """A node of the trace's graph."""

    name: str
    names: list[str]
    account_id: str | None = None
    type: str | None = None


class ValueWithServiceIds(Shape, frozen=True):
    """One value of an annotation and the services that set it."""

    annotation_value: AnnotationValue
    service_ids: list[ServiceId] | None = None


class TraceUser(Shape, frozen=True):
    """An end user of the trace."""

    user_name: str
    service_ids: list[ServiceId] | None = None


class ResourceARNDetail(Shape, frozen=True):
    """A resource that ran part of the trace."""

    arn: str


class InstanceIdDetail(Shape, frozen=True):
    """An EC2 instance that ran part of the trace."""

    id: str


class AvailabilityZoneDetail(Shape, frozen=True):
    """A zone that ran part of the trace."""

    name: str


class RootCauseException(Shape, frozen=True):
    """An exception on the path; `name` is its type."""

    name: str
    message: str


class RootCauseEntity(Shape, frozen=True):
    """A segment or subsegment on the path: with exceptions, or with its part of the time."""

    name: str
    remote: bool
    exceptions: list[RootCauseException] | None = None
    coverage: float | None = None


class RootCauseService(Shape, frozen=True):
    """A segment on the path; clients need name and type, which are empty when unknown."""

    name: str
    names: list[str]
    type: str
    entity_path: list[RootCauseEntity]
    inferred: bool
    account_id: str | None = None


class RootCause(Shape, frozen=True):
    """Where a fault, an error or the time came from: botocore's three shapes, nearly alike."""

    services: list[RootCauseService]
    client_impacting: bool


class TraceSummary(Shape, frozen=True):
    """One trace of a search; times and durations in seconds."""

    id: str
    start_time: float
    duration: float
    has_fault: bool
    has_error: bool
    has_throttle: bool
    is_partial: bool
    http: Http
    annotations: dict[str, list[ValueWithServiceIds]]
    users: list[TraceUser]
    service_ids: list[ServiceId]
    resource_arns: list[ResourceARNDetail]
    instance_ids: list[InstanceIdDetail]
    availability_zones: list[AvailabilityZoneDetail]
    fault_root_causes: list[RootCause]
    error_root_causes: list[RootCause]
    response_time_root_causes: list[RootCause]
    revision: int
    response_time: float | None = None
    entry_point: ServiceId | None = None
    matched_event_time: float | None = None


class GetTraceSummariesResult(Shape, frozen=True):
    """A page of summaries, newest first."""

    trace_summaries: list[TraceSummary]
    approximate_time: float
    traces_processed_count: int
    next_token: str | None = None


# --- graph ---


class GetServiceGraphRequest(Shape, frozen=True):
    """A window and a group."""

    start_time: Timestamp
    end_time: Timestamp
    group_name: GroupName | None = None
    group_arn: GroupArn | None = None
    next_token: str | None = None


class ErrorStatistics(Shape, frozen=True):
    """Client errors; `total_count` is throttled plus other."""

    throttle_count: int
    other_count: int
    total_count: int


class FaultStatistics(Shape, frozen=True):
    """Server faults."""

    other_count: int
    total_count: int


class SummaryStatistics(Shape, frozen=True):
    """Counts by outcome; botocore's EdgeStatistics and ServiceStatistics, which are alike."""

    ok_count: int
    error_statistics: ErrorStatistics
    fault_statistics: FaultStatistics
    total_count: int
    total_response_time: float


class HistogramEntry(Shape, frozen=True, gc=False):
    """`count` finished requests took about `value` seconds."""

    value: float
    count: int


class Alias(Shape, frozen=True):
    """Another name of an edge's target."""

    name: str
    names: list[str]
    type: str | None = None


class Edge(Shape, frozen=True):
    """An edge, listed under its caller; `reference_id` is the callee's."""

    reference_id: int
    summary_statistics: SummaryStatistics
    response_time_histogram: list[HistogramEntry]
    aliases: list[Alias]
    start_time: float | None = None
    end_time: float | None = None
    edge_type: str | None = None


class Service(Shape, frozen=True):
    """A node of the graph."""

    reference_id: int
    name: str
    names: list[str]
    edges: list[Edge]
    root: bool | None = None
    account_id: str | None = None
    type: str | None = None
    state: str | None = None
    start_time: float | None = None
    end_time: float | None = None
    summary_statistics: SummaryStatistics | None = None
    duration_histogram: list[HistogramEntry] | None = None
    response_time_histogram: list[HistogramEntry] | None = None


class GetServiceGraphResult(Shape, frozen=True):
    """The graph of a window; the times are absent when it is empty."""

    services: list[Service]
    contains_old_group_versions: bool
    start_time: float | None = None
    end_time: float | None = None


class GetTraceGraphRequest(Shape, frozen=True):
    """Exactly one trace id."""

    trace_ids: Annotated[list[TraceId], Meta(extra_json_schema={"minItems": 1, "maxItems": 1})]
    next_token: str | None = None


class GetTraceGraphResult(Shape, frozen=True):
    """The graph of one trace."""

    services: list[Service]


# --- every operation ---


class Empty(Shape, frozen=True):
    """Answer of operations that return nothing: `{}`."""


class ErrorAnswer(Shape, frozen=True):
    """A refusal; clients take the name from the header or from here, the text by either member."""

    name: str = msgspec.field(name="__type")
    text: str = msgspec.field(name="Message")
    message: str = msgspec.field(name="message")
    resource_name: str | None = None
    """ARN of what it is about, when that is not found or has too many tags."""
