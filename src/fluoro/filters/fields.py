"""The values of a field: of a trace, of an entity of a node, of a call.

Source: spec of filter expressions, section 3.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from fluoro.filters.metadata import everything, values_at
from fluoro.filters.scopes import Crossing, Scopes, Visit
from fluoro.filters.tree import WORKLOADS, Field, Value
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.span import Span
from fluoro.model.times import to_seconds

Values = Iterable[Value | None]
"""None is a value that no literal fits: an object in metadata."""

_OWN: Mapping[str, Callable[[Span], Values]] = {
    "ok": lambda span: (not span.flags & (ERROR | FAULT | THROTTLE),),
    "error": lambda span: (bool(span.flags & ERROR),),
    "throttle": lambda span: (bool(span.flags & THROTTLE),),
    "fault": lambda span: (bool(span.flags & FAULT),),
    "responsetime": lambda span: (to_seconds(span.duration_us),) if span.is_finished else (),
    "http.status": lambda span: (float(span.status),) if span.status else (),
    "http.url": lambda span: _given(span.url),
    "http.method": lambda span: _given(span.method),
    "http.useragent": lambda span: _given(span.user_agent),
    "http.clientip": lambda span: _given(span.client_ip),
}
"""What is asked of one span: the root, the segment or the call."""

_ANY: Mapping[str, Callable[[Span], str]] = {
    "user": lambda span: span.user,
    "availabilityzone": lambda span: span.availability_zone,
    "instance.id": lambda span: span.instance_id,
    "resource.arn": lambda span: span.resource_arn,
    "operation": lambda span: span.operation if span.namespace == "aws" else "",
    "sql": lambda span: "" if span.namespace == "aws" else span.operation,
}
"""Texts of whichever span has one; an empty text is no value."""


_OF_TRACE: Mapping[str, Callable[[Scopes], Values]] = {
    "partial": lambda scopes: (scopes.trace.is_partial,),
    "inferred": lambda scopes: (scopes.has_inferred,),
    "duration": lambda scopes: (to_seconds(scopes.trace.duration_us),),
    "account.id": lambda scopes: [node.account for node in scopes.trace.nodes if node.account],
}

_OF_VISIT: Mapping[str, Callable[[Visit], Values]] = {
    "partial": lambda visit: (not all(each.is_finished for each in visit.inside.spans),),
    "inferred": lambda visit: (visit.is_inferred,),
    "root": lambda visit: (visit.is_root,),
    "duration": lambda visit: (to_seconds(visit.duration_us),) if visit.span.is_finished else (),
    "name": lambda visit: _given(visit.node.name),
    "type": lambda visit: _given(visit.node.type),
    "account.id": lambda visit: _given(visit.node.account),
}


def of_trace(scopes: Scopes, field: Field) -> Values:
    """Outcome, HTTP and response time are the root segment's, the rest is of any span."""
    root = scopes.trace.root
    keyword = field.keyword
    if keyword in _OF_TRACE:
        return _OF_TRACE[keyword](scopes)
    if keyword not in _OWN:
        return _of_any(scopes, field, scopes.trace.spans)
    if root is None:
        return ()
    if keyword == "error" and root.flags & THROTTLE:
        return (False,)  # as in the summary
    return _OWN[keyword](root)


def of_visit(visit: Visit, scopes: Scopes, field: Field) -> Values:
    """Outcome, HTTP and response time are the entity's own, the rest is of any span inside."""
    keyword = field.keyword
    if keyword in _OF_VISIT:
        return _OF_VISIT[keyword](visit)
    if keyword in _OWN:
        return _OWN[keyword](visit.span)
    if keyword == "annotation":
        return visit.inside.annotations.get(field.key, ())
    return _of_any(scopes, field, visit.inside.spans)


def of_crossing(crossing: Crossing, scopes: Scopes, field: Field) -> Values:
    """Everything is of the call alone; the annotations of its ends are asked of `Inside`."""
    if field.keyword in _OWN:
        return _OWN[field.keyword](crossing.span)
    return _of_any(scopes, field, (crossing.span,))


def _of_any(scopes: Scopes, field: Field, spans: Sequence[Span]) -> Values:
    match field.keyword:
        case "annotation":
            return [span.annotations[field.key] for span in spans if field.key in span.annotations]
        case "metadata":
            return _metadata(field.key, spans, scopes.trace.metadata)
        case "k8s":
            return _of_pods(scopes, (field.key,), spans)
        case "workload":
            return _of_pods(scopes, WORKLOADS, spans)
        case keyword:
            return [text for span in spans if (text := _ANY[keyword](span))]


def _given(text: str) -> Values:
    return (text,) if text else ()


def _metadata(
    key: str, spans: Sequence[Span], metadata: Mapping[str, object]
) -> Iterator[Value | None]:
    """A key's values, or every key and value when there is none."""
    read = partial(values_at, path=key) if key else everything
    for span in spans:
        if span.id in metadata:
            yield from read(metadata[span.id])


def _of_pods(scopes: Scopes, names: Sequence[str], spans: Sequence[Span]) -> Iterator[str]:
    """Members of what is known of the pods that sent the spans."""
    for source in dict.fromkeys(span.source for span in spans if span.source):
        pod = scopes.pod(source)
        for name in names:
            value = pod.get(name)
            if isinstance(value, str) and value:
                yield value
