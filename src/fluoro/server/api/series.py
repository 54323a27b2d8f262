"""GetTimeSeriesServiceStatistics. Source: spec of the service graph, section 9."""

import base64
import binascii

import msgspec

from fluoro.errors import InputError
from fluoro.filters.selector import Selector, parse_selector
from fluoro.filters.tree import ServiceTest
from fluoro.graph.build import histogram_of, statistics_of
from fluoro.graph.rows import Statistics, total
from fluoro.model.tenant import Tenant
from fluoro.server.backend import Backend
from fluoro.server.groups import traces_of
from fluoro.server.requests import over, time_range
from fluoro.server.search import fingerprint
from fluoro.store.storage import MinuteCount
from fluoro.wire.xray_statistics import (
    PERIODS,
    ForecastStatistics,
    GetTimeSeriesServiceStatisticsRequest,
    GetTimeSeriesServiceStatisticsResult,
    TimeSeriesServiceStatistics,
)

MOST_BUCKETS = 1440
"""Buckets of one page."""

_US_PER_S = 1_000_000


class _Token(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page begins: its last bucket ends there."""

    end_s: int
    query: str


_TOKEN = msgspec.json.Decoder(_Token)


def get_time_series_service_statistics(
    backend: Backend, tenant: Tenant, request: GetTimeSeriesServiceStatisticsRequest
) -> GetTimeSeriesServiceStatisticsResult:
    """Counts by minute or five minutes, newest first, of buckets that end in [StartTime, EndTime).

    There is no forecast until there is a baseline for one.

    Raises:
        InputError: The range is reversed, the period is another, the group or the token unknown.
        FilterSyntaxError: The selector is none.
    """
    start_us, end_us = time_range(request.start_time, request.end_time)
    period = 60 if request.period is None else request.period
    if period not in PERIODS:
        raise InputError("Time period must be one of [60, 300]")
    text = request.entity_selector_expression or ""
    selector = parse_selector(text)
    query = fingerprint(start_us, end_us, f"series {period}", text)
    first_s = -(-(start_us // _US_PER_S) // period) * period
    last_s = -(-(end_us // _US_PER_S) // period) * period - period
    if request.next_token is not None:
        last_s = _read_token(request.next_token, query)
    page_s = max(first_s, last_s - (MOST_BUCKETS - 1) * period)
    if page_s > last_s:
        return GetTimeSeriesServiceStatisticsResult([], contains_old_group_versions=False)
    window = ((page_s - period) * _US_PER_S, last_s * _US_PER_S)
    with over(start_us, end_us):
        found = traces_of(backend.storage, tenant, request.group_name, request.group_arn, window)
        minutes = backend.storage.time_series(
            tenant, (page_s - period) // 60, last_s // 60, selector, found
        )
    token = _Token(page_s - period, query) if page_s > first_s else None
    return GetTimeSeriesServiceStatisticsResult(
        time_series_service_statistics=[
            _bucket(end_s, counted, selector)
            for end_s, counted in sorted(_buckets(minutes, period).items(), reverse=True)
        ],
        contains_old_group_versions=False,
        next_token=None if token is None else _spell_token(token),
    )


def _buckets(minutes: list[MinuteCount], period: int) -> dict[int, list[Statistics]]:
    """What was counted by the end of its bucket, epoch seconds; also of buckets with none of it."""
    found: dict[int, list[Statistics]] = {}
    for each in minutes:
        bucket = found.setdefault((each.minute * 60 // period + 1) * period, [])
        if each.statistics is not None:
            bucket.append(each.statistics)
    return found


def _bucket(
    end_s: int, counted: list[Statistics], selector: Selector
) -> TimeSeriesServiceStatistics:
    if not counted:
        return TimeSeriesServiceStatistics(float(end_s), ForecastStatistics())
    whole = total(counted)
    summary = statistics_of(whole)
    is_service = isinstance(selector, ServiceTest)
    return TimeSeriesServiceStatistics(
        timestamp=float(end_s),
        service_forecast_statistics=ForecastStatistics(),
        edge_summary_statistics=None if is_service else summary,
        service_summary_statistics=summary if is_service else None,
        response_time_histogram=histogram_of(whole.histogram, is_exact=False),
    )


def _spell_token(token: _Token) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode()


def _read_token(text: str, query: str) -> int:
    try:
        token = _TOKEN.decode(base64.b64decode(text, b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InputError(f"Invalid token {text}") from error
    if token.query != query:
        raise InputError(f"Invalid token {text}")
    return token.end_s
