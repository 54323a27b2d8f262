"""PutTraceSegments: documents in, each checked by itself, answered when they are durable.

Source: spec of segment documents, section 10; architecture, section 5.
"""

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Future

import msgspec
import structlog
from anyio import lowlevel

from fluoro.errors import InputError, InvalidDocumentError, StoreUnavailableError, ThrottledError
from fluoro.model.tenant import Tenant
from fluoro.server.backend import Backend
from fluoro.store.storage import Accepted
from fluoro.wire.segment import check
from fluoro.wire.xray_api import (
    PutTraceSegmentsRequest,
    PutTraceSegmentsResult,
    UnprocessedTraceSegment,
)
from fluoro.wire.xray_members import MOST_DOCUMENTS, MOST_OF_AGENT

_DURABLE_S = 50.0
"""Longest wait for the store; AWS's clients wait a minute for an answer."""

_AT_A_TIME = 200
"""Documents that are checked before others may run."""

_LOG = structlog.get_logger()


async def put_trace_segments(
    backend: Backend, tenant: Tenant, request: PutTraceSegmentsRequest
) -> PutTraceSegmentsResult:
    """Take up to 50 documents; those refused come back in `UnprocessedTraceSegments` with a code.

    Raises:
        InputError: No documents, or too many.
        ThrottledError: The queue is full; nothing was taken.
        StoreUnavailableError: The store failed or is too slow; the caller sends all again.
    """
    texts = request.trace_segment_documents
    if not texts:
        raise InputError("Segments can not be empty")
    most = MOST_DOCUMENTS if request.sources is None else MOST_OF_AGENT
    if len(texts) > most:
        raise InputError(f"Exceeding maximum segment count: {most}")
    sources = _sources(request)
    accepted: list[Accepted] = []
    refused: list[InvalidDocumentError] = []
    for place, text in enumerate(texts):
        if place % _AT_A_TIME == _AT_A_TIME - 1:
            await lowlevel.checkpoint()
        document = text.encode()
        try:
            checked = check(document)
        except InvalidDocumentError as error:
            refused.append(error)
            continue
        accepted.append(
            Accepted(
                tenant,
                checked.trace_id,
                checked.id,
                document,
                checked.depth,
                checked.is_finished,
                checked.start_us,
                sources[place] if sources else "",
            )
        )
    backend.admit()
    try:
        stored = backend.writer.put(accepted)
    except ThrottledError:
        backend.counters.throttled += len(texts)
        raise
    _count(backend, refused)
    if backend.settings.acknowledge == "durable":
        await _durable(stored)
    return PutTraceSegmentsResult(
        [UnprocessedTraceSegment(each.segment_id, each.reason, each.message) for each in refused]
    )


async def _durable(stored: Future[None]) -> None:
    """Return once documents are stored; they may still be when it has taken too long."""
    try:
        async with asyncio.timeout(_DURABLE_S):
            await asyncio.wrap_future(stored)
    except TimeoutError as error:
        raise StoreUnavailableError("the store takes too long to store documents") from error


def _sources(request: PutTraceSegmentsRequest) -> Sequence[str]:
    """The pod of each document as JSON; empty when nothing is said about pods."""
    if not request.document_sources:
        return ()
    if len(request.document_sources) != len(request.trace_segment_documents):
        raise InputError("DocumentSources must have one item for each document")
    return [*_named(request.sources or [], request.document_sources)]


def _named(sources: Sequence[msgspec.Raw], places: Sequence[int | None]) -> Iterator[str]:
    texts = [bytes(source).decode() for source in sources]
    for place in places:
        if place is None:
            yield ""
        elif 0 <= place < len(texts):
            yield texts[place]
        else:
            raise InputError(f"DocumentSources names source {place}, there are {len(texts)}")


def _count(backend: Backend, refused: Sequence[InvalidDocumentError]) -> None:
    """Count refusals by reason; the first, second, fourth, eighth ... of a reason is logged."""
    rejected = backend.counters.rejected
    for error in refused:
        rejected[error.reason] += 1
        count = rejected[error.reason]
        if not count & (count - 1):
            _LOG.warning(
                "document_rejected",
                reason=error.reason,
                field=error.field,
                segment_id=error.segment_id,
                count=count,
            )
