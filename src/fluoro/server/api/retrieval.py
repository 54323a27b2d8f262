"""StartTraceRetrieval, ListRetrievedTraces, GetRetrievedTracesGraph and CancelTraceRetrieval.

A retrieval is done when it is started: which traces it found is kept as a resource, so that every
replica answers it, and for an hour, as long as X-Ray lets one live. What it found is read when it
is asked for. Source: spec of trace queries, section 3.
"""

import base64
import binascii
import contextlib
import uuid
from collections.abc import Iterator, Sequence

import msgspec

from fluoro.errors import InputError, NotFoundError, ResourceChangedError
from fluoro.graph.build import build
from fluoro.graph.edges import observe
from fluoro.graph.rows import Node
from fluoro.model import ids
from fluoro.model.span import Span
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.server.api.traces import batch_get_traces
from fluoro.server.backend import Backend
from fluoro.server.requests import time_range
from fluoro.store.resources import Resource
from fluoro.traces.trace import Trace
from fluoro.wire import otel_spans, xray_api
from fluoro.wire.segment import decode
from fluoro.wire.trace_links import links_of
from fluoro.wire.xray_api import BatchGetTracesRequest, Empty
from fluoro.wire.xray_members import MOST_IDS
from fluoro.wire.xray_retrieval import (
    CancelTraceRetrievalRequest,
    GetRetrievedTracesGraphRequest,
    GetRetrievedTracesGraphResult,
    GraphLink,
    ListRetrievedTracesRequest,
    ListRetrievedTracesResult,
    RetrievalStatus,
    RetrievedService,
    RetrievedTrace,
    StartTraceRetrievalRequest,
    StartTraceRetrievalResult,
    TraceFormat,
)
from fluoro.wire.xray_retrieval import Span as RetrievedSpan

KIND = "retrieval"
"""Of the resources."""

LIFE_US = 3_600_000_000
MOST_SPANS = 100
MOST_SERVICES = 1_000
MOST_LINKS = 100


class _Retrieval(msgspec.Struct, frozen=True):
    """What is kept of one."""

    started_us: int
    trace_ids: list[str]
    """Of the traces that were found, in the order of the request."""
    status: RetrievalStatus = "COMPLETE"


class _Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: the trace by its number, the span of it; or the node by its number."""

    of: str
    number: int
    span: int = 0


_RETRIEVAL = msgspec.json.Decoder(_Retrieval)
_PLACE = msgspec.json.Decoder(_Place)


def start_trace_retrieval(
    backend: Backend, tenant: Tenant, request: StartTraceRetrievalRequest
) -> StartTraceRetrievalResult:
    """Find up to 100 traces by id that ran in the range, even in part; the token holds for an hour.

    Raises:
        InputError: The range is reversed, an id is none or there twice.
    """
    start_us, end_us = time_range(request.start_time, request.end_time)
    trace_ids = [ids.parse_trace_id(text) for text in request.trace_ids]
    if len(set(trace_ids)) < len(trace_ids):
        raise InputError("Containing duplicate trace ids")
    found = [
        trace.id
        for trace in (Trace(spans) for spans in _spans(backend, tenant, trace_ids))
        if trace.start_us <= end_us and trace.start_us + trace.duration_us >= start_us
    ]
    now_us = backend.clock_us()
    _forget(backend, tenant, now_us - LIFE_US)
    token = str(uuid.uuid4())
    _write(backend, tenant, token, _Retrieval(now_us, found), 0)
    return StartTraceRetrievalResult(token)


def list_retrieved_traces(
    backend: Backend, tenant: Tenant, request: ListRetrievedTracesRequest
) -> ListRetrievedTracesResult:
    """A page of five traces that were found: documents (`XRAY`) or OTLP's JSON spans (`OTEL`).

    Raises:
        NotFoundError: There is no such retrieval, or not any more.
        InputError: There is no such page.
    """
    format_ = request.trace_format or "XRAY"
    retrieval = _read(backend, tenant, request.retrieval_token)[1]
    of = f"{request.retrieval_token} {format_}"
    place = _read_place(request.next_token, of)
    if retrieval.status == "CANCELLED":
        return ListRetrievedTracesResult(retrieval.status, format_, [])
    trace_ids = retrieval.trace_ids[place.number : place.number + MOST_IDS]
    page: list[RetrievedTrace] = []
    following: _Place | None = None
    for number, trace in enumerate(_traces(backend, tenant, trace_ids), place.number):
        skipped = place.span if number == place.number else 0
        if trace is None:
            continue
        spans = _documents(trace, format_)
        part = spans[skipped : skipped + MOST_SPANS]
        page.append(RetrievedTrace(trace.id, trace.duration, part))
        if skipped + len(part) < len(spans):
            following = _Place(of, number, skipped + len(part))
            break
    else:
        if place.number + MOST_IDS < len(retrieval.trace_ids):
            following = _Place(of, place.number + MOST_IDS)
    return ListRetrievedTracesResult(retrieval.status, format_, page, _spell_place(following))


def get_retrieved_traces_graph(
    backend: Backend, tenant: Tenant, request: GetRetrievedTracesGraphRequest
) -> GetRetrievedTracesGraphResult:
    """A page of the graph of all traces of a retrieval, with exact histograms and with links.

    Raises:
        NotFoundError: There is no such retrieval, or not any more.
        InputError: There is no such page.
    """
    retrieval = _read(backend, tenant, request.retrieval_token)[1]
    of = f"{request.retrieval_token} graph"
    first = _read_place(request.next_token, of).number
    if retrieval.status == "CANCELLED":
        return GetRetrievedTracesGraphResult(retrieval.status, [])
    rows = observe(_spans(backend, tenant, retrieval.trace_ids), 0, LAST_US + 1, exact=True)
    services = build(rows, with_times=True)
    links = _links(backend, tenant, retrieval.trace_ids)
    last = first + MOST_SERVICES
    return GetRetrievedTracesGraphResult(
        retrieval.status,
        [
            RetrievedService(service, links.get(_node(service), []))
            for service in services[first:last]
        ],
        _spell_place(_Place(of, last) if last < len(services) else None),
    )


def cancel_trace_retrieval(
    backend: Backend, tenant: Tenant, request: CancelTraceRetrievalRequest
) -> Empty:
    """From now on the retrieval is CANCELLED and answers nothing.

    Raises:
        NotFoundError: There is no such retrieval, or not any more.
    """
    resource, retrieval = _read(backend, tenant, request.retrieval_token)
    cancelled = msgspec.structs.replace(retrieval, status="CANCELLED")
    if cancelled != retrieval:
        _write(backend, tenant, resource.name, cancelled, resource.revision)
    return Empty()


def _spans(backend: Backend, tenant: Tenant, trace_ids: Sequence[str]) -> Iterator[list[Span]]:
    """The spans of each trace that is there, read a few traces at a time."""
    for first in range(0, len(trace_ids), MOST_IDS):
        some = trace_ids[first : first + MOST_IDS]
        found = backend.storage.spans(tenant, some)
        yield from (found[trace_id] for trace_id in some if found.get(trace_id))


def _links(
    backend: Backend, tenant: Tenant, trace_ids: Sequence[str]
) -> dict[Node, list[GraphLink]]:
    """Links of the traces to others, at most a hundred a node."""
    found: dict[Node, dict[tuple[str, str], set[str]]] = {}
    for first in range(0, len(trace_ids), MOST_IDS):
        documents = backend.storage.documents(tenant, trace_ids[first : first + MOST_IDS])
        for trace_id, stored in documents.items():
            for document in (each.document for each in stored):
                links = links_of(document)
                if not links:
                    continue
                root = decode(document)
                of_node = found.setdefault(Node(root.name, root.origin, root.account_id), {})
                for link in links:
                    of_node.setdefault((link.reference_type, trace_id), set()).add(link.trace_id)
    return {
        node: [
            GraphLink(source, sorted(others), type_ or None)
            for (type_, source), others in sorted(links.items())
        ][:MOST_LINKS]
        for node, links in found.items()
    }


def _node(service: xray_api.Service) -> Node:
    return Node(service.name, service.type or "", service.account_id or "")


def _traces(
    backend: Backend, tenant: Tenant, trace_ids: Sequence[str]
) -> list[xray_api.Trace | None]:
    """What BatchGetTraces answers for each id; None for a trace that was deleted meanwhile."""
    if not trace_ids:
        return []
    request = BatchGetTracesRequest(list(trace_ids))
    found = {trace.id: trace for trace in batch_get_traces(backend, tenant, request).traces}
    return [found.get(trace_id) for trace_id in trace_ids]


def _documents(trace: xray_api.Trace, format_: TraceFormat) -> list[RetrievedSpan]:
    if format_ == "XRAY":
        return [RetrievedSpan(each.id, each.document) for each in trace.segments]
    return [
        RetrievedSpan(span.span_id, msgspec.json.encode(span).decode())
        for segment in trace.segments
        for span in otel_spans.spans_of(trace.id, segment.document.encode())
    ]


def _read(backend: Backend, tenant: Tenant, token: str) -> tuple[Resource, _Retrieval]:
    oldest_us = backend.clock_us() - LIFE_US
    for resource, retrieval in _all(backend, tenant):
        if resource.name == token and retrieval.started_us > oldest_us:
            return resource, retrieval
    raise NotFoundError(f"Retrieval {token} not found")


def _all(backend: Backend, tenant: Tenant) -> Iterator[tuple[Resource, _Retrieval]]:
    for resource in backend.storage.resources(tenant, KIND):
        yield resource, _RETRIEVAL.decode(resource.body)


def _write(backend: Backend, tenant: Tenant, token: str, retrieval: _Retrieval, after: int) -> None:
    body = msgspec.json.encode(retrieval).decode()
    backend.storage.write_resource(tenant, KIND, token, body, after)


def _forget(backend: Backend, tenant: Tenant, oldest_us: int) -> None:
    """Delete the retrievals that were started before a time."""
    for resource, retrieval in list(_all(backend, tenant)):
        if retrieval.started_us <= oldest_us:
            with contextlib.suppress(ResourceChangedError):  # another replica was first
                backend.storage.write_resource(tenant, KIND, resource.name, None, resource.revision)


def _spell_place(place: _Place | None) -> str | None:
    if place is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _read_place(text: str | None, of: str) -> _Place:
    """The begin of the page that a token is of.

    Raises:
        InputError: It is none, or of another request.
    """
    if text is None:
        return _Place(of, 0)
    try:
        place = _PLACE.decode(base64.b64decode(text, b"-_", validate=True))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InputError(f"Invalid token {text}") from error
    if place.of != of or place.number < 0 or place.span < 0:
        raise InputError(f"Invalid token {text}")
    return place
