"""GetInsight, GetInsightSummaries, GetInsightEvents and GetInsightImpactGraph.

Nothing detects insights yet, so none exists and every id is unknown; that is what is answered, once
the request itself is valid. Source: spec of groups and insights, section 3.
"""

from typing import NoReturn

from fluoro.errors import InputError
from fluoro.model.tenant import Tenant
from fluoro.server.backend import Backend
from fluoro.server.groups import DEFAULT, find
from fluoro.server.requests import invalid, time_range
from fluoro.wire.xray_insights import (
    GetInsightEventsRequest,
    GetInsightEventsResult,
    GetInsightImpactGraphRequest,
    GetInsightImpactGraphResult,
    GetInsightRequest,
    GetInsightResult,
    GetInsightSummariesRequest,
    GetInsightSummariesResult,
)
from fluoro.wire.xray_members import Timestamp

_US_PER_S = 1_000_000
_OLDEST_US = 30 * 86_400 * _US_PER_S
_CLOCKS_US = 300 * _US_PER_S
"""How far a client's clock and ours may differ: "the last 30 days" is a valid window."""
_LONGEST_US = 6 * 3_600 * _US_PER_S


def get_insight(
    backend: Backend,  # noqa: ARG001  as all handlers
    tenant: Tenant,  # noqa: ARG001  the same
    request: GetInsightRequest,  # noqa: ARG001  the same
) -> GetInsightResult:
    """The insight of an id; nothing detects insights yet, so every id is unknown.

    Raises:
        InputError: There is none.
    """
    _unknown()


def get_insight_summaries(
    backend: Backend,
    tenant: Tenant,
    request: GetInsightSummariesRequest,
) -> GetInsightSummariesResult:
    """The insights that were open in a window of the last 30 days; none yet.

    Those of the group Default when none is named.

    Raises:
        InputError: The window is reversed or begins more than 30 days ago, the group or the token
            is unknown.
    """
    _window(backend, request.start_time, request.end_time)
    name = request.group_name
    if name is None and request.group_arn is None:
        name = DEFAULT
    find(backend.storage, tenant, name, request.group_arn)
    _no_page(request.next_token)
    return GetInsightSummariesResult(insight_summaries=[])


def get_insight_events(
    backend: Backend,  # noqa: ARG001  as all handlers
    tenant: Tenant,  # noqa: ARG001  the same
    request: GetInsightEventsRequest,
) -> GetInsightEventsResult:
    """What happened to an insight; every id is unknown yet.

    Raises:
        InputError: There is no such insight, or no such page.
    """
    _no_page(request.next_token)
    _unknown()


def get_insight_impact_graph(
    backend: Backend,
    tenant: Tenant,  # noqa: ARG001  as all handlers
    request: GetInsightImpactGraphRequest,
) -> GetInsightImpactGraphResult:
    """The nodes that an insight touches, in at most 6 hours; every id is unknown yet.

    Raises:
        InputError: The window is reversed, too long or too old, or there is no such insight.
    """
    start_us, end_us = _window(backend, request.start_time, request.end_time)
    if end_us - start_us > _LONGEST_US:
        raise invalid("EndTime", "Member must be at most 6 hours after startTime")
    _no_page(request.next_token)
    _unknown()


def _window(backend: Backend, start: Timestamp, end: Timestamp) -> tuple[int, int]:
    start_us, end_us = time_range(start, end)
    if start_us < backend.clock_us() - _OLDEST_US - _CLOCKS_US:
        raise invalid("StartTime", "Member must not be more than 30 days old")
    return start_us, end_us


def _no_page(token: str | None) -> None:
    """Refuse a token: no answer ever had one."""
    if token is not None:
        raise InputError(f"Invalid token {token}")


def _unknown() -> NoReturn:
    raise InputError("Insight not found.")
