"""The SQL that counts nodes and edges of a window; `graph.edges.observe` says what it means.

A row counts in the window it ended in, or, while unfinished, in the one it began in. What it is
joined with is looked for around the window, in the traces that count there alone. The steps share
temporary tables: as one statement the engine would plan, and read, each of them many times.
"""

from fluoro.graph.edges import APART_US
from fluoro.graph.histogram import STEPS_PER_DOUBLING
from fluoro.model import outcome
from fluoro.store.keys import OWNER, TRACES

SEGMENTS, ANSWERED, UNANSWERED, BELOW = KINDS = "segments", "answered", "unanswered", "below"
"""Kinds: segments of a service (source, its roots apart); calls that a segment answered; calls that
none did; segments below a segment or local work, as their callers' edge."""

COUNTED = (
    "minute, kind, is_root, source, target, ok, error, throttle, fault, total_us, buckets,"
    " outliving, aliases, first_us, last_us, first_finished_us, last_finished_us"
)
"""Columns of the answer; `kind` is a place in `KINDS`, `buckets` are those of `graph.histogram` of
each finished row, `outliving` the pairs of a duration's and the response's where they differ; the
last two are times of finished rows alone."""

_FINISHED = f"bitAnd(flags, {outcome.IN_PROGRESS}) = 0"
ENDED = (
    f"{_FINISHED} AND start_us + dur_us >= {{start:Int64}} AND start_us + dur_us < {{end:Int64}}"
)
"""Rows that count by their end; the expression is the index's."""
BEGAN = f"NOT ({_FINISHED}) AND start_us >= {{start:Int64}} AND start_us < {{end:Int64}}"
RECEIVED = "received >= toDate({since:UInt16})"
"""Nothing is received a day before it ends, which spares a read most of the data."""
AROUND = "bucket BETWEEN toDateTime({first:UInt32}, 'UTC') AND toDateTime({last:UInt32}, 'UTC')"

_OWN = "service, service_type, service_account"
_NODE = "node_name, node_type, node_account"
_US_PER_MINUTE = 60_000_000
_UNFINISHED = len(outcome.OUTCOMES)
_COUNTS = f"outcome != {_UNFINISHED}"
_SETTINGS = "SETTINGS query_plan_optimize_join_order_limit = 0"
"""Joins in the order in which they stand: guessing at another took minutes now and then."""


SLICE = (
    "trace_id BETWEEN toFixedString(unhex({first_trace:String}), 16)"
    " AND toFixedString(unhex({last_trace:String}), 16)"
)
"""Traces that are counted together: what is joined is of one trace, so the slices add up. In each
bucket they are neighbours, so a slice reads little of another one's."""


def counting_traces(spans: str, condition: str = "1") -> str:
    """Traces with rows that count in the window; in two parts, so that each can use an index."""
    where = f"{OWNER} AND {RECEIVED} AND {SLICE} AND {condition}"
    return (
        f"SELECT trace_id FROM {spans} WHERE {where} AND {ENDED}"
        f" UNION DISTINCT SELECT trace_id FROM {spans} WHERE {where} AND {AROUND} AND {BEGAN}"
    )


def _outcome() -> str:
    """The place in `model.outcome.OUTCOMES` of `model.outcome.bucket`; `_UNFINISHED` for others."""
    bits = {outcome.THROTTLE: "throttle", outcome.FAULT: "fault", outcome.ERROR: "error"}
    cases = "".join(
        f"bitAnd(flags, {bit}) != 0, {outcome.OUTCOMES.index(name)}, " for bit, name in bits.items()
    )
    return f"multiIf(NOT ({_FINISHED}), {_UNFINISHED}, {cases}{outcome.OUTCOMES.index('ok')})"


def _bucket(us: str) -> str:
    """`graph.histogram.bucket_of`."""
    return f"toInt16(floor({STEPS_PER_DOUBLING} * log2(greatest({us}, 1))))"


def _number(columns: str) -> str:
    """A number for a node, 0 for none; each hash is made once for a word, not for a row."""
    name, type_, account = (
        f"CAST(cityHash64({column}), 'UInt64')" for column in columns.split(", ")
    )
    is_none = f"CAST({columns.partition(',')[0]} = '', 'UInt8')"
    mixed = f"bitXor(bitXor({name}, bitRotateLeft({type_}, 21)), bitRotateLeft({account}, 42))"
    return f"if({is_none}, 0, {mixed})"


def _mixed(id_: str) -> str:
    return f"bitXor(cityHash64(trace_id), {id_})"


def rows_around(spans: str, *, of_traces: bool = False) -> str:
    """Select of everything the window needs, for the temporary table `rows`.

    Nodes are numbers there (0 for none), as are the minutes in which a row counts. An id is mixed
    with its trace: within a trace ids stay as distinct as they are, between two of them they are as
    distinct as hashes of 64 bits, and what is joined needs no second key. 0 stays no id.

    Args:
        spans: The table.
        of_traces: Only the traces in parameter `traces` count.
    """
    chosen = TRACES if of_traces else "1"
    return f"""
SELECT {_mixed("id")} AS span, if(parent_id = 0, 0, {_mixed("parent_id")}) AS parent,
    {_mixed("document_id")} AS document, is_segment, start_us, dur_us, start_us + dur_us AS end_us,
    flags, {_outcome()} AS outcome, {_bucket("dur_us")} AS in_bucket, name, {_OWN}, {_NODE},
    CAST(NOT is_segment AND namespace IN ('aws', 'remote'), 'UInt8') AS is_call,
    {_number(_OWN)} AS own, {_number(_NODE)} AS node,
    intDiv(if({_FINISHED}, end_us, start_us), {_US_PER_MINUTE}) AS minute
FROM {spans} FINAL PREWHERE {SLICE} AND trace_id IN ({counting_traces(spans, chosen)})
WHERE {OWNER} AND {RECEIVED} AND {AROUND}"""


def nodes() -> str:
    """Select of what the numbers in `rows` stand for: number, name, type, account."""
    return " UNION ALL ".join(
        f"SELECT {number} AS number, {', '.join(f'any({each})' for each in columns.split(', '))}"
        f" FROM rows WHERE {number} != 0 GROUP BY {number}"
        for number, columns in (("node", _NODE), ("own", _OWN))
    )


def links() -> str:
    """Select of the first links, for a temporary table: where a document sent alone hangs.

    `up` is the document that holds its root's parent, or the root itself, which may have been sent
    in another one too. Once that is a segment's, the link `is_found`, and `own` is the segment's
    node as that document says.
    """
    alone = "SELECT DISTINCT document FROM rows WHERE own = 0"
    is_elsewhere = "r.own != 0 OR r.document != a.document"
    return f"""
SELECT a.document AS document, if({is_elsewhere}, r.document, p.document) AS up,
    if({is_elsewhere}, r.own, p.own) AS own, own != 0 AS is_found
FROM ({alone}) AS a
ANY INNER JOIN (SELECT span, parent, document, own FROM rows WHERE span IN ({alone})) AS r
    ON a.document = r.span
ANY LEFT JOIN (SELECT span, document, own FROM rows
    WHERE span IN (SELECT parent FROM rows WHERE own = 0)) AS p
    ON r.parent = p.span
{_SETTINGS}"""


def further_links(before: str) -> str:
    """Select of links that know twice as many documents upwards as those before."""
    columns = ", ".join(
        f"if(a.is_found, a.{column}, b.{column}) AS {column}" for column in ("up", "own")
    )
    return f"""
SELECT a.document AS document, {columns}, a.is_found OR b.is_found AS is_found
FROM {before} AS a ANY LEFT JOIN {before} AS b ON a.up = b.document"""


def shapes() -> str:
    """Select of how many rows need links, and how many segments may hang below no call."""
    return """
SELECT countIf(own = 0), countIf(is_segment AND parent != 0
    AND parent NOT IN (SELECT span FROM rows WHERE is_call))
FROM rows"""


def counts(links_name: str | None, *, has_below: bool, by_minute: bool) -> list[str]:
    """Selects whose rows (`COUNTED`) are the answer together.

    Planning is most of what a small window costs, so what it has not is left out.

    Args:
        links_name: Table of the links; None when no row needs any.
        has_below: Segments may hang below no call.
        by_minute: Rows of each minute (since 1970) are apart; else it is 0.
    """
    found = None if links_name is None else f"SELECT * FROM {links_name} WHERE is_found"
    outliving = f"groupArrayIf([lasting, in_bucket], {_COUNTS} AND lasting != in_bucket)"
    named = f"arraySort(groupUniqArrayIf(toString(name), kind = {_place(ANSWERED)}))"
    parts = [(_segments(found), outliving, ""), (_calls(found), "", named)]
    if has_below:
        parts.append((_below(found), "", ""))
    return [
        _counted(
            rows if by_minute else f"SELECT * REPLACE (0 AS minute) FROM ({rows})",
            outliving or "CAST([], 'Array(Array(Int16))')",
            aliases or "CAST([], 'Array(String)')",
        )
        for rows, outliving, aliases in parts
    ]


def _counted(rows: str, outliving: str, aliases: str) -> str:
    """What every kind of row has: counts by outcome, times, buckets.

    Rows are grouped by numbers alone, and their buckets are left to be counted afterwards: as maps
    that the engine adds up they cost three times as much.
    """
    outcomes = ", ".join(
        f"countIf(outcome = {place}) AS {name}" for place, name in enumerate(outcome.OUTCOMES)
    )
    return f"""
SELECT minute, kind, is_root, source, target, {outcomes},
    toUInt64(sumIf(dur_us, {_COUNTS})) AS total_us, groupArrayIf(in_bucket, {_COUNTS}) AS buckets,
    {outliving} AS outliving, {aliases} AS aliases,
    min(start_us) AS first_us, max(end_us) AS last_us,
    minIf(start_us, {_COUNTS}) AS first_finished_us, maxIf(end_us, {_COUNTS}) AS last_finished_us
FROM ({rows}) GROUP BY minute, kind, is_root, source, target
{_SETTINGS}"""


def _place(kind: str) -> str:
    """A kind, as rows have it."""
    return f"toUInt8({KINDS.index(kind)})"


_TAKEN = "start_us, end_us, dur_us, outcome, in_bucket, name, minute"


def _segments(found: str | None) -> str:
    """Segments of each service, its roots apart.

    Durations reach to the last end of what is attached to a segment inside its service.
    """
    around, linked, is_inside = "r.document", "", "r.own != 0"
    if found:
        around = "if(r.own != 0, r.document, l.up)"
        linked = f"LEFT JOIN ({found}) AS l ON r.document = l.document"
        is_inside = "(r.own != 0 OR l.is_found)"
    inside = f"""
SELECT {around} AS around, groupArray((r.start_us, r.end_us)) AS ends
FROM rows AS r {linked}
WHERE NOT r.is_segment AND {_FINISHED} AND {is_inside} GROUP BY around"""
    near = f"arrayMap(x -> x.2, arrayFilter(x -> x.1 <= end_us + {APART_US}, ends))"
    lasting_us = f"arrayMax(arrayPushBack({near}, end_us)) - start_us"
    return f"""
SELECT {_place(SEGMENTS)} AS kind, parent = 0 AS is_root, node AS source, toUInt64(0) AS target,
    {_TAKEN}, {_bucket(lasting_us)} AS lasting
FROM (SELECT * FROM rows WHERE is_segment AND (({ENDED}) OR ({BEGAN}))) AS s
LEFT JOIN ({inside}) AS i ON s.span = i.around"""


def _with_caller(found: str | None) -> tuple[str, str]:
    """Node of the segment around a row `c`, 0 for orphans, and the joins that it needs.

    It is that of the document that counts, if it is there: the row may be from another one, such as
    one sent while its segment was in progress.
    """
    own = "SELECT span, node FROM rows WHERE is_segment"
    if not found:
        return "if(o.node != 0, o.node, c.own)", (
            f"ANY LEFT JOIN ({own}) AS o ON c.document = o.span"
        )
    return (
        "multiIf(o.node != 0, o.node, c.own != 0, c.own, l.own)",
        f"""
LEFT JOIN ({found}) AS l ON c.document = l.document
ANY LEFT JOIN ({own}) AS o ON if(c.own != 0, c.document, l.up) = o.span""",
    )


def _calls(found: str | None) -> str:
    """Calls by caller and by whom they reached, whether or not a segment answered."""
    calls = f"SELECT * FROM rows WHERE is_call AND {ENDED}"
    answers = f"""
SELECT DISTINCT a.parent AS called, a.node AS node
FROM (SELECT * FROM rows WHERE is_segment AND parent != 0) AS a
INNER JOIN ({calls}) AS c ON a.parent = c.span
WHERE a.start_us <= c.end_us + {APART_US}"""
    columns = ", ".join(f"c.{column} AS {column}" for column in _TAKEN.split(", "))
    caller, joins = _with_caller(found)
    return f"""
SELECT if(a.called != 0, {_place(ANSWERED)}, {_place(UNANSWERED)}) AS kind, 0 AS is_root,
    {caller} AS source, if(a.called != 0, a.node, c.node) AS target, {columns}
FROM ({calls}) AS c {joins}
LEFT JOIN ({answers}) AS a ON c.span = a.called"""


def _below(found: str | None) -> str:
    """Segments whose parent is a segment or local work, by its service."""
    below = f"SELECT * FROM rows WHERE is_segment AND parent != 0 AND {ENDED}"
    columns = ", ".join(f"b.{column} AS {column}" for column in _TAKEN.split(", "))
    caller, joins = _with_caller(found)
    return f"""
SELECT {_place(BELOW)} AS kind, 0 AS is_root, {caller} AS source, b.node AS target,
    {columns}
FROM ({below}) AS b
INNER JOIN (SELECT * FROM rows WHERE NOT is_call) AS c
    ON b.parent = c.span {joins}
WHERE source != 0 AND abs(b.start_us - c.start_us) <= {APART_US}"""
