"""The questions of the console: `GET /console/api/...`. Source: spec of the console, section 7."""

import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fluoro.errors import InputError, NotFoundError
from fluoro.graph.edges import node_of, observe
from fluoro.graph.nodes import CLIENT
from fluoro.model import ids
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.server import body
from fluoro.server.backend import Asker, Backend
from fluoro.server.console.service_map import map_edges, map_nodes
from fluoro.server.console.skeleton import inferred_call, outcome_of, skeleton
from fluoro.server.groups import read_filter
from fluoro.server.requests import full_minutes, over, time_range
from fluoro.server.search import (
    Token,
    fingerprint,
    matches,
    read_first_page,
    read_page,
    read_token,
    spell_token,
)
from fluoro.store.beside import Beside
from fluoro.store.storage import Search, Storage
from fluoro.traces.assemble import assemble
from fluoro.traces.summary import distinct
from fluoro.traces.trace import Trace
from fluoro.wire import coerce
from fluoro.wire.console_api import (
    Elsewhere,
    ServiceMap,
    Skeleton,
    SpanDetail,
    TraceList,
    TraceRow,
)
from fluoro.wire.document import subsegment

PREFIX = "/console/api/"

_PAGE, _LARGEST_PAGE = 100, 1_000
_MOST_ON_MAP = 5_000
"""Traces that a map with a filter counts: all of their ids travel to the store."""

_ANNOTATIONS = 8
_ENCODER = msgspec.json.Encoder()


class _Question(NamedTuple):
    """What a page is asked, and whom it asks."""

    storage: Storage
    beside: Beside
    tenant: Tenant
    parameters: dict[str, str]
    """Of the path and of the query."""
    began: float

    def took_ms(self) -> float:
        return round((time.perf_counter() - self.began) * 1000, 1)

    def range(self) -> tuple[int, int]:
        """Both ends, epoch microseconds.

        Raises:
            InputError: One is missing or is no time.
        """
        return time_range(self.parameters.get("start", ""), self.parameters.get("end", ""))

    def trace(self, text: str) -> Trace:
        """The trace with an id.

        Raises:
            InputError: It is no id.
            NotFoundError: There is no such trace.
        """
        trace_id = ids.parse_trace_id(text)
        spans = self.storage.spans(self.tenant, [trace_id]).get(trace_id)
        if not spans:
            raise NotFoundError(f"There is no trace {trace_id}, or not any more")
        return Trace(spans)


_Page = Callable[[_Question], msgspec.Struct]


def routes(backend: Backend) -> list[Route]:
    """All pages; what they raise is answered as a Problem."""
    pages: dict[str, _Page] = {
        "map": _service_map,
        "traces": _traces,
        "traces/{trace_id}": _trace,
        "traces/{trace_id}/spans/{span_id}": _span,
    }
    return [Route(PREFIX + path, _endpoint(backend, page)) for path, page in pages.items()]


def _endpoint(backend: Backend, page: _Page) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        request.state.operation = f"console{page.__name__}"
        backend.admit()
        tenant = backend.identity.admit_person(request.scope, "the console")
        question = _Question(
            backend.storage,
            backend.beside,
            tenant,
            {**request.query_params, **request.path_params},
            time.perf_counter(),
        )
        with backend.fairness.under_way(tenant.account):
            asker = Asker(tenant.account, request.is_disconnected)
            found = await backend.run(asker, page, question)
            return await body.answer(
                _ENCODER.encode(found), request.headers, headers={"Cache-Control": "no-store"}
            )

    return endpoint


def _service_map(question: _Question) -> ServiceMap:
    trace_id = question.parameters.get("trace")
    is_part = False
    if trace_id is not None:
        trace = question.trace(trace_id)
        start_us, end_us = trace.start_us, trace.start_us + trace.duration_us
        rows = observe([trace.spans], 0, LAST_US + 1, exact=False)
    else:
        start_us, end_us = question.range()
        with over(start_us, end_us):
            found, is_part = _matching(question, start_us, end_us)
            window = full_minutes(start_us, end_us) if found is None else (start_us, end_us)
            rows = question.storage.graph(question.tenant, *window, found, question.beside.ask)
    latest_us = question.storage.latest_us(question.tenant)
    return ServiceMap(
        start_us=start_us,
        end_us=end_us,
        nodes=map_nodes(rows),
        edges=map_edges(rows),
        latest_us=latest_us,
        elsewhere=_elsewhere(question) if latest_us is None else None,
        is_part=is_part,
        took_ms=question.took_ms(),
    )


def _elsewhere(question: _Question) -> Elsewhere | None:
    """Where there are traces, for a region without any."""
    tenant = question.tenant
    regions = [
        region for region in question.storage.regions(tenant.account) if region != tenant.region
    ]
    return Elsewhere(tenant.region, regions) if regions else None


def _matching(question: _Question, start_us: int, end_us: int) -> tuple[list[str] | None, bool]:
    """Traces that the filter holds for, None without one; and whether there are more of them."""
    expression = read_filter(question.storage, question.tenant, question.parameters.get("q", ""))
    if expression is None:
        return None, False
    found: set[str] = set()
    for some in question.storage.matching(question.tenant, Search(start_us, end_us, expression)):
        found.update(some)
        if len(found) > _MOST_ON_MAP:
            return sorted(found)[:_MOST_ON_MAP], True
    return sorted(found), False


def _traces(question: _Question) -> TraceList:
    start_us, end_us = question.range()
    text = question.parameters.get("q", "")
    expression = read_filter(question.storage, question.tenant, text)
    query = fingerprint(start_us, end_us, "console", text)
    after = question.parameters.get("after")
    token = read_token(after, query) if after else None
    search = Search(
        start_us=start_us,
        end_us=end_us,
        expression=expression,
        after=token.after if token else None,
        limit=_limit(question.parameters.get("limit")),
    )

    def accepts(trace: Trace) -> bool:
        return matches(expression, trace)

    with over(start_us, end_us):
        storage, tenant = question.storage, question.tenant
        total: int | None = None
        if token:
            page = read_page(storage, tenant, search, accepts)
        else:
            total, page = read_first_page(storage, question.beside, tenant, search, accepts)
    latest_us = None if page.traces else question.storage.latest_us(question.tenant)
    is_empty = not page.traces and latest_us is None
    return TraceList(
        traces=[_row(trace) for trace in page.traces],
        total=total,
        next=spell_token(Token(page.after, 0, query)) if page.after else None,
        latest_us=latest_us,
        elsewhere=_elsewhere(question) if is_empty else None,
        took_ms=question.took_ms(),
    )


def _limit(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _LARGEST_PAGE):
        raise InputError(f"limit must be a number from 1 to {_LARGEST_PAGE}")
    return int(text)


def _row(trace: Trace) -> TraceRow:
    root = trace.root
    annotations = {key: value for span in trace.spans for key, value in span.annotations.items()}
    return TraceRow(
        id=trace.id,
        start_us=trace.start_us,
        duration_us=trace.duration_us,
        response_us=trace.response_us,
        outcome=outcome_of(trace),
        is_partial=trace.is_partial,
        method=root.method if root else "",
        url=root.url if root else "",
        status=(root.status or None) if root else None,
        root_service=root.name if root else "",
        services=distinct(node.name for node in trace.nodes if node.type != CLIENT),
        faults=trace.faults,
        user=next((span.user for span in trace.spans if span.user), ""),
        annotations=[
            (key, coerce.text(annotations[key])) for key in sorted(annotations)[:_ANNOTATIONS]
        ],
    )


def _trace(question: _Question) -> Skeleton:
    return skeleton(question.trace(question.parameters["trace_id"]))


def _span(question: _Question) -> SpanDetail:
    trace = question.trace(question.parameters["trace_id"])
    span_id = question.parameters["span_id"].lower()
    missing = NotFoundError(f"There is no segment {span_id} in trace {trace.id}")
    span = next((span for span in trace.spans if span.id == span_id), None)
    call = None if span else inferred_call(trace, span_id)
    shown = span or call
    if shown is None:
        raise missing
    document = _document(question, trace.id, span_id, shown.document_id)
    if document is None:
        raise missing
    node = node_of(shown)
    recorder = trace.recorder_of(span) if span else None
    return SpanDetail(
        trace_id=trace.id,
        span_id=span_id,
        service=node.name if call else shown.service,
        node_name=node.name,
        node_type=node.type,
        start_us=shown.start_us,
        end_us=shown.end_us if shown.is_finished else None,
        parent_id=call.id if call else shown.parent_id,
        inferred=call is not None,
        recorded_in=recorder.id if recorder else None,
        document=msgspec.Raw(document),
    )


def _document(question: _Question, trace_id: str, span_id: str, document_id: str) -> bytes | None:
    """The segment or subsegment as it was sent, or as it was inferred, without `subsegments`."""
    stored = sorted(
        question.storage.documents(question.tenant, [trace_id]).get(trace_id, ()),
        key=lambda each: each.receipt_us,
    )
    for each in stored:
        if each.id == document_id:
            found = subsegment(each.document, span_id)
            if found is not None:
                return found
    segments = dict(assemble(trace_id, [(each.id, each.document) for each in stored]))
    document = segments.get(span_id)
    return None if document is None else subsegment(document, span_id)
