"""The X-Ray API's operations: the table, and what every one of them has in common.

Source: botocore's service model; spec of the API, sections 1 to 4.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
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
from fluoro.server.backend import Asker, Backend
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


class Blocking(msgspec.Struct, frozen=True):
    """The same as a function that asks the store, so it takes turns, in worker threads."""

    function: Callable[[Backend, Tenant, Any], Shape]


_ENCODER = msgspec.json.Encoder()


class Operation(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    path: str
    """Case counts; one slash behind it is accepted."""
    request: type[Shape]
    handler: Handler | Blocking
    roles: Collection[Role]
    """Whose keys may; admin's always."""

    @property
    def function(self) -> Callable[..., object]:
        """The handler, whose docstring says what it answers and refuses."""
        return self.handler.function if isinstance(self.handler, Blocking) else self.handler


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
        Blocking(traces.batch_get_traces),
        {"read"},
    ),
    Operation(
        "GetTraceSummaries",
        "/TraceSummaries",
        xray_api.GetTraceSummariesRequest,
        Blocking(traces.get_trace_summaries),
        {"read"},
    ),
    Operation(
        "GetServiceGraph",
        "/ServiceGraph",
        xray_api.GetServiceGraphRequest,
        Blocking(graph.get_service_graph),
        {"read"},
    ),
    Operation(
        "GetTimeSeriesServiceStatistics",
        "/TimeSeriesServiceStatistics",
        xray_statistics.GetTimeSeriesServiceStatisticsRequest,
        Blocking(series.get_time_series_service_statistics),
        {"read"},
    ),
    Operation(
        "GetTraceGraph",
        "/TraceGraph",
        xray_api.GetTraceGraphRequest,
        Blocking(graph.get_trace_graph),
        {"read"},
    ),
    Operation(
        "GetSamplingRules",
        "/GetSamplingRules",
        xray_sampling.GetSamplingRulesRequest,
        Blocking(sampling_rules.get_sampling_rules),
        {"read", "write"},
    ),
    Operation(
        "CreateSamplingRule",
        "/CreateSamplingRule",
        xray_sampling.CreateSamplingRuleRequest,
        Blocking(sampling_rules.create_sampling_rule),
        {"admin"},
    ),
    Operation(
        "UpdateSamplingRule",
        "/UpdateSamplingRule",
        xray_sampling.UpdateSamplingRuleRequest,
        Blocking(sampling_rules.update_sampling_rule),
        {"admin"},
    ),
    Operation(
        "DeleteSamplingRule",
        "/DeleteSamplingRule",
        xray_sampling.DeleteSamplingRuleRequest,
        Blocking(sampling_rules.delete_sampling_rule),
        {"admin"},
    ),
    Operation(
        "GetSamplingTargets",
        "/SamplingTargets",
        xray_sampling.GetSamplingTargetsRequest,
        Blocking(sampling_targets.get_sampling_targets),
        {"write"},
    ),
    Operation(
        "GetSamplingStatisticSummaries",
        "/SamplingStatisticSummaries",
        xray_sampling.GetSamplingStatisticSummariesRequest,
        Blocking(sampling_targets.get_sampling_statistic_summaries),
        {"read"},
    ),
    Operation(
        "PutTelemetryRecords",
        "/TelemetryRecords",
        xray_telemetry.PutTelemetryRecordsRequest,
        Blocking(telemetry.put_telemetry_records),
        {"write"},
    ),
    Operation(
        "CreateGroup",
        "/CreateGroup",
        xray_groups.CreateGroupRequest,
        Blocking(groups.create_group),
        {"admin"},
    ),
    Operation(
        "UpdateGroup",
        "/UpdateGroup",
        xray_groups.UpdateGroupRequest,
        Blocking(groups.update_group),
        {"admin"},
    ),
    Operation(
        "DeleteGroup",
        "/DeleteGroup",
        xray_groups.NamedGroupRequest,
        Blocking(groups.delete_group),
        {"admin"},
    ),
    Operation(
        "GetGroup",
        "/GetGroup",
        xray_groups.NamedGroupRequest,
        Blocking(groups.get_group),
        {"read"},
    ),
    Operation(
        "GetGroups",
        "/Groups",
        xray_groups.GetGroupsRequest,
        Blocking(groups.get_groups),
        {"read"},
    ),
    Operation(
        "TagResource",
        "/TagResource",
        xray_groups.TagResourceRequest,
        Blocking(tags.tag_resource),
        {"admin"},
    ),
    Operation(
        "UntagResource",
        "/UntagResource",
        xray_groups.UntagResourceRequest,
        Blocking(tags.untag_resource),
        {"admin"},
    ),
    Operation(
        "ListTagsForResource",
        "/ListTagsForResource",
        xray_groups.ListTagsForResourceRequest,
        Blocking(tags.list_tags_for_resource),
        {"read"},
    ),
    Operation(
        "GetInsight",
        "/Insight",
        xray_insights.GetInsightRequest,
        Blocking(insights.get_insight),
        {"read"},
    ),
    Operation(
        "GetInsightSummaries",
        "/InsightSummaries",
        xray_insights.GetInsightSummariesRequest,
        Blocking(insights.get_insight_summaries),
        {"read"},
    ),
    Operation(
        "GetInsightEvents",
        "/InsightEvents",
        xray_insights.GetInsightEventsRequest,
        Blocking(insights.get_insight_events),
        {"read"},
    ),
    Operation(
        "GetInsightImpactGraph",
        "/InsightImpactGraph",
        xray_insights.GetInsightImpactGraphRequest,
        Blocking(insights.get_insight_impact_graph),
        {"read"},
    ),
    Operation(
        "StartTraceRetrieval",
        "/StartTraceRetrieval",
        xray_retrieval.StartTraceRetrievalRequest,
        Blocking(retrieval.start_trace_retrieval),
        {"read"},
    ),
    Operation(
        "ListRetrievedTraces",
        "/ListRetrievedTraces",
        xray_retrieval.ListRetrievedTracesRequest,
        Blocking(retrieval.list_retrieved_traces),
        {"read"},
    ),
    Operation(
        "GetRetrievedTracesGraph",
        "/GetRetrievedTracesGraph",
        xray_retrieval.GetRetrievedTracesGraphRequest,
        Blocking(retrieval.get_retrieved_traces_graph),
        {"read"},
    ),
    Operation(
        "CancelTraceRetrieval",
        "/CancelTraceRetrieval",
        xray_retrieval.CancelTraceRetrievalRequest,
        Blocking(retrieval.cancel_trace_retrieval),
        {"read"},
    ),
    Operation(
        "GetEncryptionConfig",
        "/EncryptionConfig",
        xray_account.GetEncryptionConfigRequest,
        Blocking(account.get_encryption_config),
        {"read"},
    ),
    Operation(
        "PutEncryptionConfig",
        "/PutEncryptionConfig",
        xray_account.PutEncryptionConfigRequest,
        Blocking(account.put_encryption_config),
        {"admin"},
    ),
    Operation(
        "GetTraceSegmentDestination",
        "/GetTraceSegmentDestination",
        xray_account.GetTraceSegmentDestinationRequest,
        Blocking(account.get_trace_segment_destination),
        {"read"},
    ),
    Operation(
        "UpdateTraceSegmentDestination",
        "/UpdateTraceSegmentDestination",
        xray_account.UpdateTraceSegmentDestinationRequest,
        Blocking(account.update_trace_segment_destination),
        {"admin"},
    ),
    Operation(
        "GetIndexingRules",
        "/GetIndexingRules",
        xray_account.GetIndexingRulesRequest,
        Blocking(account.get_indexing_rules),
        {"read"},
    ),
    Operation(
        "UpdateIndexingRule",
        "/UpdateIndexingRule",
        xray_account.UpdateIndexingRuleRequest,
        Blocking(account.update_indexing_rule),
        {"admin"},
    ),
    Operation(
        "PutResourcePolicy",
        "/PutResourcePolicy",
        xray_account.PutResourcePolicyRequest,
        Blocking(policies.put_resource_policy),
        {"admin"},
    ),
    Operation(
        "ListResourcePolicies",
        "/ListResourcePolicies",
        xray_account.ListResourcePoliciesRequest,
        Blocking(policies.list_resource_policies),
        {"read"},
    ),
    Operation(
        "DeleteResourcePolicy",
        "/DeleteResourcePolicy",
        xray_account.DeleteResourcePolicyRequest,
        Blocking(policies.delete_resource_policy),
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
        with backend.bodies.held() as take:
            sent = await body.read(request.stream(), request.headers, limit, take)
            action = f"xray:{operation.name}"
            tenant = backend.identity.admit(caller, sent, operation.roles, action)
            with backend.fairness.under_way(tenant.account):
                text = body.decompress(sent, request.headers, limit)
                if text is not sent:
                    take(len(text))
                answer = await self._answer(tenant, text, request)
                await answer(scope, receive, send)

    async def _answer(self, tenant: Tenant, text: bytes, request: Request) -> Response:
        backend, handler = self._backend, self._operation.handler
        shape = requests.decode(text, self._decoder)
        if isinstance(handler, Blocking):
            asker = Asker(tenant.account, request.is_disconnected)
            result = await backend.run(asker, handler.function, backend, tenant, shape)
        else:
            result = await handler(backend, tenant, shape)
        return await body.answer(_ENCODER.encode(result), request.headers)


def routes(backend: Backend) -> list[Route]:
    """Every operation, with and without a slash behind its path."""
    return [
        Route(path, Endpoint(backend, operation), methods=["POST"])
        for operation in OPERATIONS
        for path in (operation.path, operation.path + "/")
    ]
