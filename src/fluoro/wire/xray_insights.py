"""Shapes of the insight operations. Source: botocore's service model of X-Ray."""

from typing import Annotated, Literal

from msgspec import Meta

from fluoro.wire.xray_api import ServiceId, Shape
from fluoro.wire.xray_members import GroupArn, GroupName, Timestamp

InsightId = Annotated[
    str,
    Meta(
        examples=["12345678-1234-4234-8234-1234567890ab"],
        pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}"
        r"-[0-9a-fA-F]{12}\Z",
    ),
]
Token = Annotated[str, Meta(min_length=1, max_length=2000)]
State = Literal["ACTIVE", "CLOSED"]


class RequestImpactStatistics(Shape, frozen=True, omit_defaults=False):
    """Requests that an insight's faults touched."""

    fault_count: int
    ok_count: int
    total_count: int


class AnomalousService(Shape, frozen=True):
    """A node with more faults than expected."""

    service_id: ServiceId


class Insight(Shape, frozen=True):
    """One issue of a group; `end_time` is absent while it is active."""

    insight_id: str
    group_arn: str
    group_name: str
    root_cause_service_id: ServiceId
    categories: list[Literal["FAULT"]]
    state: State
    start_time: float
    summary: str
    client_request_impact_statistics: RequestImpactStatistics
    root_cause_service_request_impact_statistics: RequestImpactStatistics
    top_anomalous_services: list[AnomalousService]
    end_time: float | None = None


class InsightSummary(Insight, frozen=True):
    """An insight in a list, and when it was last looked at."""

    last_update_time: float | None = None


class InsightEvent(Shape, frozen=True):
    """A change of an insight."""

    summary: str
    event_time: float
    client_request_impact_statistics: RequestImpactStatistics
    root_cause_service_request_impact_statistics: RequestImpactStatistics
    top_anomalous_services: list[AnomalousService]


class InsightImpactGraphEdge(Shape, frozen=True):
    """An edge, listed under its caller."""

    reference_id: int


class InsightImpactGraphService(Shape, frozen=True):
    """A node of an impact graph."""

    reference_id: int
    name: str
    names: list[str]
    edges: list[InsightImpactGraphEdge]
    type: str | None = None
    account_id: str | None = None


class GetInsightRequest(Shape, frozen=True):
    """One insight."""

    insight_id: InsightId


class GetInsightResult(Shape, frozen=True):
    """The insight."""

    insight: Insight


class GetInsightSummariesRequest(Shape, frozen=True):
    """A group, a window, a state."""

    start_time: Timestamp
    end_time: Timestamp
    states: Annotated[list[State], Meta(max_length=1)] | None = None
    group_arn: GroupArn | None = None
    group_name: GroupName | None = None
    max_results: Annotated[int, Meta(ge=1, le=100)] | None = None
    next_token: Token | None = None


class GetInsightSummariesResult(Shape, frozen=True):
    """Insights that were open in the window."""

    insight_summaries: list[InsightSummary]
    next_token: str | None = None


class GetInsightEventsRequest(Shape, frozen=True):
    """One insight, a page."""

    insight_id: InsightId
    max_results: Annotated[int, Meta(ge=1, le=50)] | None = None
    next_token: Token | None = None


class GetInsightEventsResult(Shape, frozen=True):
    """What happened to the insight."""

    insight_events: list[InsightEvent]
    next_token: str | None = None


class GetInsightImpactGraphRequest(Shape, frozen=True):
    """One insight, a window of at most six hours."""

    insight_id: InsightId
    start_time: Timestamp
    end_time: Timestamp
    next_token: Token | None = None


class GetInsightImpactGraphResult(Shape, frozen=True):
    """The nodes that the insight touches."""

    insight_id: str
    start_time: float
    end_time: float
    service_graph_start_time: float
    service_graph_end_time: float
    services: list[InsightImpactGraphService]
    next_token: str | None = None
