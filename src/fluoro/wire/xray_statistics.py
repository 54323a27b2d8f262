"""Shapes of GetTimeSeriesServiceStatistics. Source: botocore's service model of X-Ray."""

from typing import Annotated

from msgspec import Meta

from fluoro.wire.xray_api import HistogramEntry, Shape, SummaryStatistics
from fluoro.wire.xray_members import GroupArn, GroupName, Timestamp

LONGEST_SELECTOR = 500
"""Characters of an EntitySelectorExpression."""

PERIODS = (60, 300)
"""Seconds of a bucket."""

_Selector = Annotated[
    str,
    Meta(
        min_length=1,
        examples=['service("web")'],
        extra_json_schema={"maxLength": LONGEST_SELECTOR},
    ),
]


class GetTimeSeriesServiceStatisticsRequest(Shape, frozen=True):
    """A window, a group, nodes or edges."""

    start_time: Timestamp
    end_time: Timestamp
    group_name: GroupName | None = None
    group_arn: GroupArn | None = None
    entity_selector_expression: _Selector | None = None
    period: Annotated[int, Meta(extra_json_schema={"enum": [*PERIODS]})] | None = None
    forecast_statistics: bool | None = None
    next_token: str | None = None


class ForecastStatistics(Shape, frozen=True):
    """Absent members: there is no forecast."""

    fault_count_high: int | None = None
    fault_count_low: int | None = None


class TimeSeriesServiceStatistics(Shape, frozen=True):
    """One bucket; `timestamp` is its end."""

    timestamp: float
    service_forecast_statistics: ForecastStatistics
    edge_summary_statistics: SummaryStatistics | None = None
    service_summary_statistics: SummaryStatistics | None = None
    response_time_histogram: list[HistogramEntry] | None = None


class GetTimeSeriesServiceStatisticsResult(Shape, frozen=True):
    """Buckets, newest first."""

    time_series_service_statistics: list[TimeSeriesServiceStatistics]
    contains_old_group_versions: bool
    next_token: str | None = None
