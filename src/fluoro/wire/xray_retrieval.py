"""Shapes of the retrieval operations. Source: botocore's service model of X-Ray."""

from typing import Annotated, Literal

from msgspec import Meta

from fluoro.wire import xray_members
from fluoro.wire.xray_api import Service, Shape
from fluoro.wire.xray_members import Timestamp

TraceId = Annotated[xray_members.TraceId, Meta(min_length=1, max_length=35)]
RetrievalToken = Annotated[str, Meta(max_length=1020)]
RetrievalStatus = Literal["SCHEDULED", "RUNNING", "COMPLETE", "FAILED", "CANCELLED", "TIMEOUT"]
TraceFormat = Literal["XRAY", "OTEL"]


class StartTraceRetrievalRequest(Shape, frozen=True):
    """At most a hundred trace ids, and when the traces ran."""

    trace_ids: Annotated[list[TraceId], Meta(max_length=100)]
    start_time: Timestamp
    end_time: Timestamp


class StartTraceRetrievalResult(Shape, frozen=True):
    """What the other operations ask by."""

    retrieval_token: str


class ListRetrievedTracesRequest(Shape, frozen=True):
    """A retrieval, a format, a page."""

    retrieval_token: RetrievalToken
    trace_format: TraceFormat | None = None
    next_token: str | None = None


class Span(Shape, frozen=True):
    """A segment with everything below it (XRAY), or one span (OTEL); `document` is JSON text."""

    id: str
    document: str


class RetrievedTrace(Shape, frozen=True):
    """At most a hundred spans of a trace; `duration` in seconds."""

    id: str
    duration: float
    spans: list[Span]


class ListRetrievedTracesResult(Shape, frozen=True):
    """At most five traces; one of more spans goes on, under its id, on the next page."""

    retrieval_status: RetrievalStatus
    trace_format: TraceFormat
    traces: list[RetrievedTrace]
    next_token: str | None = None


class GetRetrievedTracesGraphRequest(Shape, frozen=True):
    """A retrieval, a page."""

    retrieval_token: RetrievalToken
    next_token: str | None = None


class GraphLink(Shape, frozen=True):
    """A trace that hangs together with others, and what they are to it: `parent` or `child`."""

    source_trace_id: str
    destination_trace_ids: list[str]
    reference_type: str | None = None


class RetrievedService(Shape, frozen=True):
    """A node of the graph."""

    service: Service
    links: list[GraphLink]


class GetRetrievedTracesGraphResult(Shape, frozen=True):
    """At most a thousand nodes of the graph of all traces of a retrieval."""

    retrieval_status: RetrievalStatus
    services: list[RetrievedService]
    next_token: str | None = None


class CancelTraceRetrievalRequest(Shape, frozen=True):
    """A retrieval."""

    retrieval_token: RetrievalToken
