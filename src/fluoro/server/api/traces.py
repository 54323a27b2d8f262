"""BatchGetTraces and GetTraceSummaries. Source: spec of trace queries, sections 1 and 2."""

import hashlib
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from fluoro.errors import InputError
from fluoro.model import ids
from fluoro.model.tenant import Tenant
from fluoro.model.times import to_seconds
from fluoro.server.api.graph import NO_TOKEN
from fluoro.server.backend import Backend
from fluoro.server.groups import read_filter
from fluoro.server.requests import over, time_range
from fluoro.server.search import (
    Token,
    fingerprint,
    matches,
    read_first_page,
    read_page,
    read_token,
    spell_token,
)
from fluoro.store.flatten import spans_of_documents
from fluoro.store.storage import Search, Stored
from fluoro.traces.assemble import assemble
from fluoro.traces.summary import summarize
from fluoro.traces.trace import Trace
from fluoro.wire import xray_api
from fluoro.wire.xray_api import (
    BatchGetTracesRequest,
    BatchGetTracesResult,
    GetTraceSummariesRequest,
    GetTraceSummariesResult,
)
from fluoro.wire.xray_members import MOST_IDS

PAGE = 1_000
"""Summaries on one page."""

_US_PER_S = 1_000_000
_SERVICE_MARGIN_S = 60


def batch_get_traces(
    backend: Backend, tenant: Tenant, request: BatchGetTracesRequest
) -> BatchGetTracesResult:
    """Up to 5 traces by id, in the order asked for, with whole segments; unknown ones are left out.

    Raises:
        InputError: No ids, too many, a bad one, one twice, or a token is given.
    """
    if request.next_token is not None:
        raise InputError(NO_TOKEN)
    if not request.trace_ids:
        raise InputError("Zero trace ids provided")
    if len(request.trace_ids) > MOST_IDS:
        raise InputError(f"Exceeding maximum query size: {MOST_IDS}")
    trace_ids = [ids.parse_trace_id(text) for text in request.trace_ids]
    if len(set(trace_ids)) < len(trace_ids):
        raise InputError("Containing duplicate trace ids")
    documents = backend.storage.documents(tenant, trace_ids)
    limit = backend.settings.trace_read_bytes
    return BatchGetTracesResult(
        traces=[
            _trace(trace_id, documents[trace_id], limit)
            for trace_id in trace_ids
            if documents.get(trace_id)
        ],
        unprocessed_trace_ids=[],
    )


def _trace(trace_id: str, documents: Sequence[Stored], limit: int) -> xray_api.Trace:
    """A trace put together from as many documents as the limit (bytes) admits, oldest first."""
    trace = Trace(spans_of_documents(documents))
    in_order = sorted(documents, key=lambda stored: stored.receipt_us)
    sizes = accumulate(len(stored.document) for stored in in_order)
    admitted = [
        (stored.id, stored.document)
        for stored, size in zip(in_order, sizes, strict=True)
        if size <= limit
    ]
    return xray_api.Trace(
        id=trace_id,
        duration=round(to_seconds(trace.duration_us), 3),
        limit_exceeded=len(admitted) < len(in_order),
        segments=[
            xray_api.Segment(id_, document.decode())
            for id_, document in assemble(trace_id, admitted)
        ],
    )


def get_trace_summaries(
    backend: Backend, tenant: Tenant, request: GetTraceSummariesRequest
) -> GetTraceSummariesResult:
    """Traces by time and filter expression, newest first, in pages.

    Type TraceId goes by the start of a trace, Event by its last receipt and Service by the ends of
    its segments, however long ago it began. TracesProcessedCount is the exact number of traces in
    the range, whether they match or not.

    Raises:
        InputError: The range, the sampling, the filter or the token is not valid.
    """
    start_us, end_us = time_range(request.start_time, request.end_time)
    kind = request.time_range_type or "TraceId"
    share = _share(request, kind)
    expression = read_filter(backend.storage, tenant, request.filter_expression or "")
    query = fingerprint(start_us, end_us, kind, request.filter_expression)
    token = read_token(request.next_token, query) if request.next_token else None
    is_by_start = kind == "TraceId"
    search = Search(
        start_us=start_us,
        end_us=end_us,
        expression=expression,
        after=token.after if token else None,
        limit=PAGE,
        kind=kind,
    )

    def accepts(trace: Trace) -> bool:
        if not is_by_start and _moment_us(trace, kind, start_us, end_us) is None:
            return False
        if share is not None and not is_kept(trace.id, share):
            return False
        return matches(expression, trace, (start_us, end_us) if kind == "Service" else None)

    with over(start_us, end_us):
        if token:
            count, page = token.count, read_page(backend.storage, tenant, search, accepts)
        else:
            count, page = read_first_page(backend.storage, backend.beside, tenant, search, accepts)
    if not count:
        backend.empty_regions.explain(tenant, "GetTraceSummaries")
    traces = page.traces
    moments = {trace.id: _moment_us(trace, kind, start_us, end_us) or 0 for trace in traces}
    if not is_by_start:
        traces = sorted(traces, key=lambda trace: (moments[trace.id], trace.id), reverse=True)
    last_s = start_us // _US_PER_S - (_SERVICE_MARGIN_S if kind == "Service" else 0)
    return GetTraceSummariesResult(
        trace_summaries=[
            summarize(trace) if is_by_start else _matched(trace, moments[trace.id])
            for trace in traces
        ],
        approximate_time=to_seconds(page.after.start_us) if page.after else last_s,
        traces_processed_count=count,
        next_token=spell_token(Token(page.after, count, query)) if page.after else None,
    )


def _share(request: GetTraceSummariesRequest, kind: str) -> float | None:
    """The share of traces that FixedRate asks for; None without it."""
    strategy = request.sampling_strategy
    if not request.sampling or strategy is None or strategy.name != "FixedRate":
        return None
    if strategy.value is None or not 0 <= strategy.value <= 1:
        raise InputError("sampling rate must be specified and its value must be between [0, 1]")
    if kind == "TraceId":
        raise InputError(
            "Cannot use FixedRate with input time range type: TraceId."
            " Please try using time range type: Event"
        )
    return strategy.value


def is_kept(trace_id: str, share: float) -> bool:
    """Whether a trace is in the share that FixedRate keeps: the same traces at every call."""
    digest = hashlib.md5(bytes.fromhex(ids.trace_id_hex(trace_id)), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8]) < share * 2**64


def _moment_us(trace: Trace, kind: str, start_us: int, end_us: int) -> int | None:
    """The time by which a trace is in a range of this type, None when it is not."""
    match kind:
        case "Event":
            last_us = max(span.receipt_us for span in trace.spans)
            return last_us if start_us <= last_us <= end_us else None
        case "Service":
            ends = (span.end_us for span in trace.spans if span.is_segment and span.is_finished)
            return max((end for end in ends if start_us <= end <= end_us), default=None)
        case _:
            return trace.start_us


def _matched(trace: Trace, moment_us: int) -> xray_api.TraceSummary:
    return msgspec.structs.replace(summarize(trace), matched_event_time=moment_us // _US_PER_S)
