"""The X-Ray API's operations: the table, and what every one of them has in common.

Source: botocore's service model; spec of the API, sections 1 to 4.
"""

import functools
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fluoro.model.keys import Role
from fluoro.model.tenant import Tenant
from fluoro.server import body, requests
from fluoro.server.api import (
    account,
    graph,
    groups,
    insights,
    policies,
    retrieval,
    sampling_rules,
    sampling_targets,
    segments,
    series,
    tags,
    telemetry,
    traces,
)
from fluoro.server.backend import Backend
from fluoro.wire import (
    xray_account,
    xray_api,
    xray_groups,
    xray_insights,
    xray_retrieval,
    xray_sampling,
    xray_statistics,
    xray_telemetry,
)
from fluoro.wire.xray_api import Shape

Handler = Callable[[Backend, Tenant, Any], Awaitable[Shape]]
"""Answers one request; the third argument is the operation's own shape."""

_ENCODER = msgspec.json.Encoder()


class Operation(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    path: str
    """Case counts; one slash behind it is accepted."""
    request: type[Shape]
    handler: Handler
    roles: Collection[Role]
    """Whose keys may; admin's always."""


def _blocking(function: Callable[[Backend, Tenant, Any], Shape]) -> Handler:
    """A handler of a function that asks the store and so runs in a worker thread."""

    @functools.wraps(function)
    async def handler(backend: Backend, tenant: Tenant, request: Any) -> Shape:
        return await backend.run(function, backend, tenant, request)

    return handler


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "PutTraceSegments",
        "/TraceSegments",
        xray_api.PutTraceSegmentsRequest,
        segments.put_trace_segments,
        {"write"},
    ),
    Operation(
        "BatchGetTraces",
        "/Traces",
        xray_api.BatchGetTracesRequest,
        _blocking(traces.batch_get_traces),
        {"read"},
    ),
    Operation(
        "GetTraceSummaries",
        "/TraceSummaries",
        xray_api.GetTraceSummariesRequest,
        _blocking(traces.get_trace_summaries),
        {"read"},
    ),
    Operation(
        "GetServiceGraph",
        "/ServiceGraph",
        xray_api.GetServiceGraphRequest,
        _blocking(graph.get_service_graph),
        {"read"},
    ),
    Operation(
        "GetTimeSeriesServiceStatistics",
        "/TimeSeriesServiceStatistics",
        xray_statistics.GetTimeSeriesServiceStatisticsRequest,
        _blocking(series.get_time_series_service_statistics),
        {"read"},
    ),
    Operation(
        "GetTraceGraph",
        "/TraceGraph",
        xray_api.GetTraceGraphRequest,
        _blocking(graph.get_trace_graph),
        {"read"},
    ),
    Operation(
        "GetSamplingRules",
        "/GetSamplingRules",
        xray_sampling.GetSamplingRulesRequest,
        _blocking(sampling_rules.get_sampling_rules),
        {"read", "write"},
    ),
    Operation(
        "CreateSamplingRule",
        "/CreateSamplingRule",
        xray_sampling.CreateSamplingRuleRequest,
        _blocking(sampling_rules.create_sampling_rule),
        {"admin"},
    ),
    Operation(
        "UpdateSamplingRule",
        "/UpdateSamplingRule",
        xray_sampling.UpdateSamplingRuleRequest,
        _blocking(sampling_rules.update_sampling_rule),
        {"admin"},
    ),
    Operation(
        "DeleteSamplingRule",
        "/DeleteSamplingRule",
        xray_sampling.DeleteSamplingRuleRequest,
        _blocking(sampling_rules.delete_sampling_rule),
        {"admin"},
    ),
    Operation(
        "GetSamplingTargets",
        "/SamplingTargets",
        xray_sampling.GetSamplingTargetsRequest,
        _blocking(sampling_targets.get_sampling_targets),
        {"write"},
    ),
    Operation(
        "GetSamplingStatisticSummaries",
        "/SamplingStatisticSummaries",
        xray_sampling.GetSamplingStatisticSummariesRequest,
        _blocking(sampling_targets.get_sampling_statistic_summaries),
        {"read"},
    ),
    Operation(
        "PutTelemetryRecords",
        "/TelemetryRecords",
        xray_telemetry.PutTelemetryRecordsRequest,
        _blocking(telemetry.put_telemetry_records),
        {"write"},
    ),
    Operation(
        "CreateGroup",
        "/CreateGroup",
        xray_groups.CreateGroupRequest,
        _blocking(groups.create_group),
        {"admin"},
    ),
    Operation(
        "UpdateGroup",
        "/UpdateGroup",
        xray_groups.UpdateGroupRequest,
        _blocking(groups.update_group),
        {"admin"},
    ),
    Operation(
        "DeleteGroup",
        "/DeleteGroup",
        xray_groups.NamedGroupRequest,
        _blocking(groups.delete_group),
        {"admin"},
    ),
    Operation(
        "GetGroup",
        "/GetGroup",
        xray_groups.NamedGroupRequest,
        _blocking(groups.get_group),
        {"read"},
    ),
    Operation(
        "GetGroups",
        "/Groups",
        xray_groups.GetGroupsRequest,
        _blocking(groups.get_groups),
        {"read"},
    ),
    Operation(
        "TagResource",
        "/TagResource",
        xray_groups.TagResourceRequest,
        _blocking(tags.tag_resource),
        {"admin"},
    ),
    Operation(
        "UntagResource",
        "/UntagResource",
        xray_groups.UntagResourceRequest,
        _blocking(tags.untag_resource),
        {"admin"},
    ),
    Operation(
        "ListTagsForResource",
        "/ListTagsForResource",
        xray_groups.ListTagsForResourceRequest,
        _blocking(tags.list_tags_for_resource),
        {"read"},
    ),
    Operation(
        "GetInsight",
        "/Insight",
        xray_insights.GetInsightRequest,
        _blocking(insights.get_insight),
        {"read"},
    ),
    Operation(
        "GetInsightSummaries",
        "/InsightSummaries",
        xray_insights.GetInsightSummariesRequest,
        _blocking(insights.get_insight_summaries),
        {"read"},
    ),
    Operation(
        "GetInsightEvents",
        "/InsightEvents",
        xray_insights.GetInsightEventsRequest,
        _blocking(insights.get_insight_events),
        {"read"},
    ),
    Operation(
        "GetInsightImpactGraph",
        "/InsightImpactGraph",
        xray_insights.GetInsightImpactGraphRequest,
        _blocking(insights.get_insight_impact_graph),
        {"read"},
    ),
    Operation(
        "StartTraceRetrieval",
        "/StartTraceRetrieval",
        xray_retrieval.StartTraceRetrievalRequest,
        _blocking(retrieval.start_trace_retrieval),
        {"read"},
    ),
    Operation(
        "ListRetrievedTraces",
        "/ListRetrievedTraces",
        xray_retrieval.ListRetrievedTracesRequest,
        _blocking(retrieval.list_retrieved_traces),
        {"read"},
    ),
    Operation(
        "GetRetrievedTracesGraph",
        "/GetRetrievedTracesGraph",
        xray_retrieval.GetRetrievedTracesGraphRequest,
        _blocking(retrieval.get_retrieved_traces_graph),
        {"read"},
    ),
    Operation(
        "CancelTraceRetrieval",
        "/CancelTraceRetrieval",
        xray_retrieval.CancelTraceRetrievalRequest,
        _blocking(retrieval.cancel_trace_retrieval),
        {"read"},
    ),
    Operation(
        "GetEncryptionConfig",
        "/EncryptionConfig",
        xray_account.GetEncryptionConfigRequest,
        _blocking(account.get_encryption_config),
        {"read"},
    ),
    Operation(
        "PutEncryptionConfig",
        "/PutEncryptionConfig",
        xray_account.PutEncryptionConfigRequest,
        _blocking(account.put_encryption_config),
        {"admin"},
    ),
    Operation(
        "GetTraceSegmentDestination",
        "/GetTraceSegmentDestination",
        xray_account.GetTraceSegmentDestinationRequest,
        _blocking(account.get_trace_segment_destination),
        {"read"},
    ),
    Operation(
        "UpdateTraceSegmentDestination",
        "/UpdateTraceSegmentDestination",
        xray_account.UpdateTraceSegmentDestinationRequest,
        _blocking(account.update_trace_segment_destination),
        {"admin"},
    ),
    Operation(
        "GetIndexingRules",
        "/GetIndexingRules",
        xray_account.GetIndexingRulesRequest,
        _blocking(account.get_indexing_rules),
        {"read"},
    ),
    Operation(
        "UpdateIndexingRule",
        "/UpdateIndexingRule",
        xray_account.UpdateIndexingRuleRequest,
        _blocking(account.update_indexing_rule),
        {"admin"},
    ),
    Operation(
        "PutResourcePolicy",
        "/PutResourcePolicy",
        xray_account.PutResourcePolicyRequest,
        _blocking(policies.put_resource_policy),
        {"admin"},
    ),
    Operation(
        "ListResourcePolicies",
        "/ListResourcePolicies",
        xray_account.ListResourcePoliciesRequest,
        _blocking(policies.list_resource_policies),
        {"read"},
    ),
    Operation(
        "DeleteResourcePolicy",
        "/DeleteResourcePolicy",
        xray_account.DeleteResourcePolicyRequest,
        _blocking(policies.delete_resource_policy),
        {"admin"},
    ),
)


class Endpoint:
    """Serves one operation as a bare ASGI application; errors are left to the framework."""

    def __init__(self, backend: Backend, operation: Operation) -> None:
        self._backend = backend
        self._operation = operation
        self._decoder: msgspec.json.Decoder[Shape] = msgspec.json.Decoder(operation.request)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, read, decode, handle, encode."""
        backend, operation = self._backend, self._operation
        scope["state"]["operation"] = operation.name
        backend.admit()
        caller = backend.identity.expects(scope)
        request = Request(scope, receive)
        limit = backend.settings.body_bytes
        sent = await body.read(request.stream(), request.headers, limit)
        action = f"xray:{operation.name}"
        tenant = backend.identity.admit(caller, sent, operation.roles, action)
        text = body.decompress(sent, request.headers, limit)
        shape = requests.decode(text, self._decoder)
        result = await operation.handler(backend, tenant, shape)
        answer = await body.answer(_ENCODER.encode(result), request.headers)
        await answer(scope, receive, send)


def routes(backend: Backend) -> list[Route]:
    """Every operation, with and without a slash behind its path."""
    return [
        Route(path, Endpoint(backend, operation), methods=["POST"])
        for operation in OPERATIONS
        for path in (operation.path, operation.path + "/")
    ]
