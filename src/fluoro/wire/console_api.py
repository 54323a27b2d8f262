"""The JSON that the console reads under `/console/api/`; its TypeScript types come from these.

Member names are snake_case as written. Times are epoch microseconds, durations microseconds.
Same reader and same meanings as the X-Ray API, in fewer bytes (spec of the console, section 7).
"""

import msgspec


class Counts(msgspec.Struct, frozen=True):
    """Finished requests by outcome, their summed time, and its distribution.

    `histogram` is a list of [upper bound of the bucket in µs, count], ascending.
    """

    ok: int
    error: int
    throttle: int
    fault: int
    total_us: int
    histogram: list[tuple[float, int]]
    p50_us: float | None
    p95_us: float | None
    p99_us: float | None


class MapNode(msgspec.Struct, frozen=True):
    """A node of the service map. `id` is `name|type|account`, stable between answers."""

    id: str
    name: str
    type: str
    """X-Ray's Type: `client`, `remote`, an origin, an AWS type, or empty."""
    kind: str
    """`client`, `service`, `aws`, `remote` or `sql`."""
    is_root: bool
    counts: Counts | None
    """Absent (null) for clients."""


class MapEdge(msgspec.Struct, frozen=True):
    """An edge of the service map, as the caller saw it."""

    source: str
    """Id of a node."""
    target: str
    aliases: list[str]
    counts: Counts


class Elsewhere(msgspec.Struct, frozen=True):
    """Where the traces of an account are, when there are none in the region that was asked."""

    region: str
    """The one that was asked."""
    regions: list[str]
    """Those with traces, in alphabetical order; at least one."""


class ServiceMap(msgspec.Struct, frozen=True):
    """Answer of `GET /console/api/map?start=&end=` (epoch seconds), `?trace=ID` for one trace's.

    With a filter expression `q` it counts the traces that begin in the range and match.
    """

    start_us: int
    end_us: int
    nodes: list[MapNode]
    edges: list[MapEdge]
    latest_us: int | None
    """Start of the newest trace there is, in or out of the range; null when there is none."""
    elsewhere: Elsewhere | None
    """Null unless there is none, and some in other regions."""
    is_part: bool
    """More traces match than a map counts; these are some of them."""
    took_ms: float


class TraceRow(msgspec.Struct, frozen=True):
    """One line of the trace list."""

    id: str
    start_us: int
    duration_us: int
    response_us: int | None
    """Null while the root is missing or in progress."""
    outcome: str
    """Of the root: `ok`, `error`, `throttle`, `fault`."""
    is_partial: bool
    method: str
    url: str
    status: int | None
    root_service: str
    """Name of the root segment, empty when it has not come."""
    services: list[str]
    """Names of the trace's nodes (no clients), in order of first start."""
    faults: int
    """Spans with the fault bit."""
    user: str
    annotations: list[tuple[str, str]]
    """At most 8 (key, value as text)."""


class TraceList(msgspec.Struct, frozen=True):
    """Answer of `GET /console/api/traces?start=&end=&q=&limit=&after=`, newest first."""

    traces: list[TraceRow]
    total: int | None
    """Exact number of traces that start in the range, before the filter; null on later pages."""
    next: str | None
    """Give it as `after` for the next page; null on the last."""
    latest_us: int | None
    """Start of the newest trace there is, for an empty page; null on all others."""
    elsewhere: Elsewhere | None
    """Null unless there is none, and some in other regions."""
    took_ms: float


class Skeleton(msgspec.Struct, frozen=True):
    """Answer of `GET /console/api/traces/{id}`: all spans of a trace as columns, in display order.

    Display order is depth first: roots by start, children by start, then id. Index i of every list
    is the same span. `parent` is the index of the parent row, -1 for a root or an orphan.
    """

    id: str
    start_us: int
    duration_us: int
    is_partial: bool
    outcome: str
    services: list[str]
    """Dictionary for `service`."""
    names: list[str]
    """Dictionary for `name`."""
    span_id: list[str]
    parent: list[int]
    depth: list[int]
    service: list[int]
    name: list[int]
    offset_us: list[int]
    """Start after the trace's start; may be negative for an orphan."""
    span_us: list[int]
    """Duration; -1 while in progress."""
    flags: list[int]
    """Sum of 1 error, 2 fault, 4 throttle, 8 in progress, 16 segment, 32 inferred, 64 orphan,
    128 call to aws, 256 remote call."""
    status: list[int]
    """HTTP status or 0."""
    detail: list[str]
    """A few words for the row: HTTP method and path, AWS operation and resource, or empty."""


class SpanDetail(msgspec.Struct, frozen=True):
    """Answer of `GET /console/api/traces/{id}/spans/{span_id}`.

    `document` is the segment or subsegment itself as sent, without its `subsegments`; the console's
    tabs (overview, resources, annotations, metadata, exceptions, SQL, raw) are read from it.
    """

    trace_id: str
    span_id: str
    service: str
    node_name: str
    node_type: str
    start_us: int
    end_us: int | None
    parent_id: str
    inferred: bool
    recorded_in: str | None
    """Id of the span that recorded the exception which this one only names; null without one."""
    document: msgspec.Raw


class Problem(msgspec.Struct, frozen=True):
    """Any answer that is not 200: one sentence, and for filters the 0-based place it is about."""

    error: str
    message: str
    offset: int | None
    request_id: str
