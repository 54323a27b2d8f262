// Written by scripts/console_types.py from src/fluoro/wire/console_api.py: change that.

/**
 * Finished requests by outcome, their summed time, and its distribution.
 *
 * `histogram` is a list of [upper bound of the bucket in µs, count], ascending.
 */
export interface Counts {
  ok: number;
  error: number;
  throttle: number;
  fault: number;
  total_us: number;
  histogram: [number, number][];
  p50_us: number | null;
  p95_us: number | null;
  p99_us: number | null;
}

/** A node of the service map. `id` is `name|type|account`, stable between answers. */
export interface MapNode {
  id: string;
  name: string;
  /** X-Ray's Type: `client`, `remote`, an origin, an AWS type, or empty. */
  type: string;
  /** `client`, `service`, `aws`, `remote` or `sql`. */
  kind: string;
  is_root: boolean;
  /** Absent (null) for clients. */
  counts: Counts | null;
}

/** An edge of the service map, as the caller saw it. */
export interface MapEdge {
  /** Id of a node. */
  source: string;
  target: string;
  aliases: string[];
  counts: Counts;
}

/** Where the traces of an account are, when there are none in the region that was asked. */
export interface Elsewhere {
  /** The one that was asked. */
  region: string;
  /** Those with traces, in alphabetical order; at least one. */
  regions: string[];
}

/**
 * Answer of `GET /console/api/map?start=&end=` (epoch seconds), `?trace=ID` for one trace's.
 *
 * With a filter expression `q` it counts the traces that begin in the range and match.
 */
export interface ServiceMap {
  start_us: number;
  end_us: number;
  nodes: MapNode[];
  edges: MapEdge[];
  /** Start of the newest trace there is, in or out of the range; null when there is none. */
  latest_us: number | null;
  /** Null unless there is none, and some in other regions. */
  elsewhere: Elsewhere | null;
  /** More traces match than a map counts; these are some of them. */
  is_part: boolean;
  took_ms: number;
}

/** One line of the trace list. */
export interface TraceRow {
  id: string;
  start_us: number;
  duration_us: number;
  /** Null while the root is missing or in progress. */
  response_us: number | null;
  /** Of the root: `ok`, `error`, `throttle`, `fault`. */
  outcome: string;
  is_partial: boolean;
  method: string;
  url: string;
  status: number | null;
  /** Name of the root segment, empty when it has not come. */
  root_service: string;
  /** Names of the trace's nodes (no clients), in order of first start. */
  services: string[];
  /** Spans with the fault bit. */
  faults: number;
  user: string;
  /** At most 8 (key, value as text). */
  annotations: [string, string][];
}

/** Answer of `GET /console/api/traces?start=&end=&q=&limit=&after=`, newest first. */
export interface TraceList {
  traces: TraceRow[];
  /** Exact number of traces that start in the range, before the filter; null on later pages. */
  total: number | null;
  /** Give it as `after` for the next page; null on the last. */
  next: string | null;
  /** Start of the newest trace there is, for an empty page; null on all others. */
  latest_us: number | null;
  /** Null unless there is none, and some in other regions. */
  elsewhere: Elsewhere | null;
  took_ms: number;
}

/**
 * Answer of `GET /console/api/traces/{id}`: all spans of a trace as columns, in display order.
 *
 * Display order is depth first: roots by start, children by start, then id. Index i of every list
 * is the same span. `parent` is the index of the parent row, -1 for a root or an orphan.
 */
export interface Skeleton {
  id: string;
  start_us: number;
  duration_us: number;
  is_partial: boolean;
  outcome: string;
  /** Dictionary for `service`. */
  services: string[];
  /** Dictionary for `name`. */
  names: string[];
  span_id: string[];
  parent: number[];
  depth: number[];
  service: number[];
  name: number[];
  /** Start after the trace's start; may be negative for an orphan. */
  offset_us: number[];
  /** Duration; -1 while in progress. */
  span_us: number[];
  /**
   * Sum of 1 error, 2 fault, 4 throttle, 8 in progress, 16 segment, 32 inferred, 64 orphan,
   * 128 call to aws, 256 remote call.
   */
  flags: number[];
  /** HTTP status or 0. */
  status: number[];
  /** A few words for the row: HTTP method and path, AWS operation and resource, or empty. */
  detail: string[];
}

/**
 * Answer of `GET /console/api/traces/{id}/spans/{span_id}`.
 *
 * `document` is the segment or subsegment itself as sent, without its `subsegments`; the console's
 * tabs (overview, resources, annotations, metadata, exceptions, SQL, raw) are read from it.
 */
export interface SpanDetail {
  trace_id: string;
  span_id: string;
  service: string;
  node_name: string;
  node_type: string;
  start_us: number;
  end_us: number | null;
  parent_id: string;
  inferred: boolean;
  /** Id of the span that recorded the exception which this one only names; null without one. */
  recorded_in: string | null;
  document: unknown;
}

/** Any answer that is not 200: one sentence, and for filters the 0-based place it is about. */
export interface Problem {
  error: string;
  message: string;
  offset: number | null;
  request_id: string;
}
