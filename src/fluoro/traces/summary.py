"""What a search answers of a trace: the TraceSummary of the X-Ray API.

Source: spec of trace queries, section 1.4, from answers of AWS.
"""

from collections.abc import Iterable, Mapping

from fluoro.graph.edges import node_of
from fluoro.graph.rows import Node
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.span import Span
from fluoro.model.times import to_seconds
from fluoro.traces.root_causes import Cause, CauseEntity
from fluoro.traces.trace import Trace
from fluoro.wire import xray_api

_Value = str | float | bool
_Names = Mapping[Node, xray_api.ServiceId]


def summarize(trace: Trace) -> xray_api.TraceSummary:
    """Sum up a trace.

    Outcome and Http are the root segment's alone; annotations, users and places are those of all
    spans.
    """
    spans = trace.spans
    names = {node: service_id(node) for node in trace.nodes}
    causes = trace.root_causes
    root = trace.root
    flags = 0 if root is None else root.flags
    return xray_api.TraceSummary(
        id=trace.id,
        start_time=to_seconds(trace.start_us),
        duration=_seconds(trace.duration_us),
        response_time=None if trace.response_us is None else _seconds(trace.response_us),
        has_fault=bool(flags & FAULT),
        has_error=bool(flags & ERROR) and not flags & THROTTLE,
        has_throttle=bool(flags & THROTTLE),
        is_partial=trace.is_partial,
        http=xray_api.Http() if root is None else _http(root),
        annotations=_annotations(trace, names),
        users=_users(trace, names),
        service_ids=list(names.values()),
        resource_arns=[
            xray_api.ResourceARNDetail(arn) for arn in distinct(span.resource_arn for span in spans)
        ],
        instance_ids=[
            xray_api.InstanceIdDetail(id_) for id_ in distinct(span.instance_id for span in spans)
        ],
        availability_zones=[
            xray_api.AvailabilityZoneDetail(zone)
            for zone in distinct(span.availability_zone for span in spans)
        ],
        fault_root_causes=[_root_cause(cause) for cause in causes.fault],
        error_root_causes=[_root_cause(cause) for cause in causes.error],
        response_time_root_causes=[_root_cause(cause) for cause in causes.response_time],
        revision=trace.revision,
        entry_point=None if root is None else service_id(node_of(root)),
    )


def service_id(node: Node) -> xray_api.ServiceId:
    """A node as summaries name it."""
    return xray_api.ServiceId(
        name=node.name,
        names=[node.name],
        account_id=node.account or None,
        type=node.type or None,
    )


def distinct(texts: Iterable[str]) -> list[str]:
    """The texts that are not empty, each once, in the order they first come."""
    return list(dict.fromkeys(text for text in texts if text))


def _root_cause(cause: Cause) -> xray_api.RootCause:
    return xray_api.RootCause(
        services=[
            xray_api.RootCauseService(
                name=service.name,
                names=[service.name],
                type=service.type,
                entity_path=[_entity(entity) for entity in service.entities],
                inferred=service.is_inferred,
                account_id=service.account or None,
            )
            for service in cause.services
        ],
        client_impacting=cause.is_client_impacting,
    )


def _entity(entity: CauseEntity) -> xray_api.RootCauseEntity:
    if entity.coverage is not None:
        return xray_api.RootCauseEntity(entity.name, entity.is_remote, coverage=entity.coverage)
    exceptions = [
        xray_api.RootCauseException(each.name, each.message) for each in entity.exceptions
    ]
    return xray_api.RootCauseEntity(entity.name, entity.is_remote, exceptions)


def _seconds(us: int) -> float:
    return round(to_seconds(us), 3)


def _http(root: Span) -> xray_api.Http:
    return xray_api.Http(
        http_url=root.url or None,
        http_status=root.status or None,
        http_method=root.method or None,
        user_agent=root.user_agent or None,
        client_ip=root.client_ip or None,
    )


def _annotations(trace: Trace, names: _Names) -> dict[str, list[xray_api.ValueWithServiceIds]]:
    """For each key its values, each once (true is not 1), and who set it."""
    setters: dict[str, dict[tuple[bool, _Value], list[Span]]] = {}
    for span in trace.spans:
        for key, value in span.annotations.items():
            values = setters.setdefault(key, {})
            values.setdefault((isinstance(value, bool), value), []).append(span)
    return {
        key: [
            xray_api.ValueWithServiceIds(
                _annotation_value(value), _service_ids(trace, spans, names)
            )
            for (_, value), spans in values.items()
        ]
        for key, values in setters.items()
    }


def _annotation_value(value: _Value) -> xray_api.AnnotationValue:
    match value:
        case bool():
            return xray_api.AnnotationValue(boolean_value=value)
        case str():
            return xray_api.AnnotationValue(string_value=value)
        case _:
            return xray_api.AnnotationValue(number_value=value)


def _users(trace: Trace, names: _Names) -> list[xray_api.TraceUser]:
    users: dict[str, list[Span]] = {}
    for span in trace.spans:
        if span.user:
            users.setdefault(span.user, []).append(span)
    return [
        xray_api.TraceUser(user, _service_ids(trace, spans, names)) for user, spans in users.items()
    ]


def _service_ids(trace: Trace, spans: Iterable[Span], names: _Names) -> list[xray_api.ServiceId]:
    """The services whose segments hold the spans, in the order they first come."""
    around = (trace.segment_of.get(span.id) for span in spans)
    nodes = dict.fromkeys(node_of(segment) for segment in around if segment is not None)
    return [names[node] for node in nodes]
