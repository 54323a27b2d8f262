"""GetServiceGraph and GetTraceGraph. Source: spec of the service graph, sections 7 and 8."""

from fluoro.errors import InputError
from fluoro.graph.build import build
from fluoro.model import ids
from fluoro.model.tenant import Tenant
from fluoro.server.backend import Backend
from fluoro.server.groups import traces_of
from fluoro.server.requests import full_minutes, over, time_range
from fluoro.traces.trace import Trace
from fluoro.wire.xray_api import (
    GetServiceGraphRequest,
    GetServiceGraphResult,
    GetTraceGraphRequest,
    GetTraceGraphResult,
)

NO_TOKEN = "NextToken is currently not supported"  # noqa: S105  a sentence


def get_service_graph(
    backend: Backend, tenant: Tenant, request: GetServiceGraphRequest
) -> GetServiceGraphResult:
    """Nodes and edges of what ended in [StartTime, EndTime), a long window in full minutes.

    With a group, of the traces that it holds.

    Raises:
        InputError: The range is reversed, the group unknown or too large, or a token is given.
    """
    if request.next_token is not None:
        raise InputError(NO_TOKEN)
    start_us, end_us = time_range(request.start_time, request.end_time)
    window = full_minutes(start_us, end_us)
    with over(*window):
        found = traces_of(backend.storage, tenant, request.group_name, request.group_arn, window)
        services = build(
            backend.storage.graph(tenant, *window, found, backend.beside.ask), with_times=True
        )
    if not services:
        backend.empty_regions.explain(tenant, "GetServiceGraph")
    starts = [service.start_time for service in services if service.start_time is not None]
    ends = [service.end_time for service in services if service.end_time is not None]
    return GetServiceGraphResult(
        services=services,
        contains_old_group_versions=False,
        start_time=min(starts, default=None),
        end_time=max(ends) - 1 if ends else None,
    )


def get_trace_graph(
    backend: Backend, tenant: Tenant, request: GetTraceGraphRequest
) -> GetTraceGraphResult:
    """Nodes and edges of one trace, with exact histograms and without times.

    Raises:
        InputError: Not exactly one id, a bad or unknown one, or a token is given.
    """
    if request.next_token is not None:
        raise InputError(NO_TOKEN)
    if not request.trace_ids:
        raise InputError("Zero trace ids provided")
    if len(request.trace_ids) > 1:
        raise InputError("Currently only one trace Id is supported")
    try:
        trace_id = ids.parse_trace_id(request.trace_ids[0])
    except InputError as error:
        raise InputError("Invalid traceId. ErrorCode: InvalidId") from error
    spans = backend.storage.spans(tenant, [trace_id]).get(trace_id)
    if not spans:
        raise InputError("Trace id not found")
    return GetTraceGraphResult(build(Trace(spans).graph, with_times=False))
