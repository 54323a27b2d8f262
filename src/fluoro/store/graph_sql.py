"""The SQL that counts nodes and edges of a window; `graph.edges.observe` says what it means.

A row counts in the window it ended in, or, while unfinished, in the one it began in. What it is
joined with is looked for around the window, in the traces that count there alone. The steps share
temporary tables: as one statement the engine would plan, and read, each of them many times.
"""

from fluoro.graph.edges import APART_US
from fluoro.graph.histogram import STEPS_PER_DOUBLING
from fluoro.model import outcome
from fluoro.store.keys import OWNER, TRACES

SEGMENTS, ANSWERED, UNANSWERED, BELOW = "segments", "answered", "unanswered", "below"
"""Values of `kind`: segments of a service (source, its roots apart); calls that a segment answered;
calls that none did; segments below a segment or local work, as their callers' edge."""

COUNTED = (
    "minute, kind, is_root, source, target, ok, error, throttle, fault, total_us, histogram,"
    " durations, aliases, first_us, last_us, first_finished_us, last_finished_us"
)
"""Columns of the answer; the last two are those of finished rows alone."""

_TROUBLE = outcome.ERROR | outcome.FAULT | outcome.THROTTLE
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
_SETTINGS = "SETTINGS query_plan_optimize_join_order_limit = 0"
"""Joins in the order in which they stand: guessing at another took minutes now and then."""


SLICE = "cityHash64(trace_id) % {slices:UInt32} = {slice:UInt32}"
"""Traces that are counted together: what is joined is of one trace, so the slices add up."""


def counting_traces(spans: str, condition: str = "1") -> str:
    """Traces with rows that count in the window; in two parts, so that each can use an index."""
    where = f"{OWNER} AND {RECEIVED} AND {SLICE} AND {condition}"
    return (
        f"SELECT trace_id FROM {spans} WHERE {where} AND {ENDED}"
        f" UNION DISTINCT SELECT trace_id FROM {spans} WHERE {where} AND {AROUND} AND {BEGAN}"
    )


def _number(columns: str) -> str:
    """A number for a node, 0 for none; each hash is made once for a word, not for a row."""
    name, type_, account = (
        f"CAST(cityHash64({column}), 'UInt64')" for column in columns.split(", ")
    )
    is_none = f"CAST({columns.partition(',')[0]} = '', 'UInt8')"
    mixed = f"bitXor(bitXor({name}, bitRotateLeft({type_}, 21)), bitRotateLeft({account}, 42))"
    return f"if({is_none}, 0, {mixed})"


def rows_around(spans: str, *, of_traces: bool = False) -> str:
    """Select of everything the window needs, for the temporary table `rows`.

    Nodes are numbers there (0 for none), as are the minutes in which a row counts.

    Args:
        spans: The table.
        of_traces: Only the traces in parameter `traces` count.
    """
    chosen = TRACES if of_traces else "1"
    return f"""
SELECT trace_id, id, parent_id, document_id, is_segment, start_us, dur_us,
    start_us + dur_us AS end_us, flags, name, {_OWN}, {_NODE},
    CAST(NOT is_segment AND namespace IN ('aws', 'remote'), 'UInt8') AS is_call,
    {_number(_OWN)} AS own, {_number(_NODE)} AS node,
    intDiv(if({_FINISHED}, end_us, start_us), {_US_PER_MINUTE}) AS minute
FROM {spans} FINAL PREWHERE trace_id IN ({counting_traces(spans, chosen)})
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
    alone = "SELECT DISTINCT trace_id, document_id AS document FROM rows WHERE own = 0"
    is_elsewhere = "r.own != 0 OR r.document_id != a.document"
    return f"""
SELECT a.trace_id AS trace_id, a.document AS document,
    if({is_elsewhere}, r.document_id, p.document_id) AS up,
    if({is_elsewhere}, r.own, p.own) AS own, own != 0 AS is_found
FROM ({alone}) AS a
ANY INNER JOIN (SELECT trace_id, id, parent_id, document_id, own FROM rows
    WHERE (trace_id, id) IN ({alone})) AS r
    ON a.trace_id = r.trace_id AND a.document = r.id
ANY LEFT JOIN (SELECT trace_id, id, document_id, own FROM rows
    WHERE (trace_id, id) IN (SELECT trace_id, parent_id FROM rows WHERE own = 0)) AS p
    ON a.trace_id = p.trace_id AND r.parent_id = p.id
{_SETTINGS}"""


def further_links(before: str) -> str:
    """Select of links that know twice as many documents upwards as those before."""
    columns = ", ".join(
        f"if(a.is_found, a.{column}, b.{column}) AS {column}" for column in ("up", "own")
    )
    return f"""
SELECT a.trace_id AS trace_id, a.document AS document, {columns},
    a.is_found OR b.is_found AS is_found
FROM {before} AS a ANY LEFT JOIN {before} AS b ON a.trace_id = b.trace_id AND a.up = b.document"""


def shapes() -> str:
    """Select of how many rows need links, and how many segments may hang below no call."""
    return """
SELECT countIf(own = 0), countIf(is_segment AND parent_id != 0
    AND (trace_id, parent_id) NOT IN (SELECT trace_id, id FROM rows WHERE is_call))
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
    named = f"arraySort(groupUniqArrayIf(toString(name), kind = '{ANSWERED}'))"
    parts = [(_segments(found), "lasting_us", ""), (_calls(found), "", named)]
    if has_below:
        parts.append((_below(found), "", ""))
    return [
        _counted(
            rows if by_minute else f"SELECT * REPLACE (0 AS minute) FROM ({rows})",
            _histogram(durations) if durations else "CAST(map(), 'Map(Int16, UInt64)')",
            aliases or "CAST([], 'Array(String)')",
        )
        for rows, durations, aliases in parts
    ]


def _histogram(us: str) -> str:
    """`graph.histogram.bucket_of`, counted."""
    bucket = f"toInt16(floor({STEPS_PER_DOUBLING} * log2(greatest({us}, 1))))"
    return f"sumMapIf(map({bucket}, toUInt64(1)), {_FINISHED})"


def _counted(rows: str, durations: str, aliases: str) -> str:
    """What every kind of row has: counts by `model.outcome.bucket`, times, histograms."""
    throttle, fault, error = outcome.THROTTLE, outcome.FAULT, outcome.ERROR
    return f"""
SELECT minute, kind, is_root, source, target,
    countIf({_FINISHED} AND bitAnd(flags, {_TROUBLE}) = 0) AS ok,
    countIf({_FINISHED} AND bitAnd(flags, {_TROUBLE}) = {error}) AS error,
    countIf({_FINISHED} AND bitAnd(flags, {throttle}) != 0) AS throttle,
    countIf({_FINISHED} AND bitAnd(flags, {throttle | fault}) = {fault}) AS fault,
    toUInt64(sumIf(dur_us, {_FINISHED})) AS total_us, {_histogram("dur_us")} AS histogram,
    {durations} AS durations, {aliases} AS aliases,
    min(start_us) AS first_us, max(end_us) AS last_us,
    minIf(start_us, {_FINISHED}) AS first_finished_us,
    maxIf(end_us, {_FINISHED}) AS last_finished_us
FROM ({rows}) GROUP BY minute, kind, is_root, source, target
{_SETTINGS}"""


_COUNTS = "start_us, end_us, dur_us, flags, name, minute"


def _segments(found: str | None) -> str:
    """Segments of each service, its roots apart.

    Durations reach to the last end of what is attached to a segment inside its service.
    """
    around, linked, is_inside = "r.document_id", "", "r.own != 0"
    if found:
        around = "if(r.own != 0, r.document_id, l.up)"
        linked = (
            f"LEFT JOIN ({found}) AS l ON r.trace_id = l.trace_id AND r.document_id = l.document"
        )
        is_inside = "(r.own != 0 OR l.is_found)"
    inside = f"""
SELECT r.trace_id AS trace_id, {around} AS around, groupArray((r.start_us, r.end_us)) AS ends
FROM rows AS r {linked}
WHERE NOT r.is_segment AND {_FINISHED} AND {is_inside}
GROUP BY trace_id, around"""
    near = f"arrayMap(x -> x.2, arrayFilter(x -> x.1 <= end_us + {APART_US}, ends))"
    return f"""
SELECT '{SEGMENTS}' AS kind, parent_id = 0 AS is_root, node AS source, toUInt64(0) AS target,
    {_COUNTS}, arrayMax(arrayPushBack({near}, end_us)) - start_us AS lasting_us
FROM (SELECT * FROM rows WHERE is_segment AND (({ENDED}) OR ({BEGAN}))) AS s
LEFT JOIN ({inside}) AS i ON s.trace_id = i.trace_id AND s.id = i.around"""


def _with_caller(found: str | None) -> tuple[str, str]:
    """Node of the segment around a row `c`, 0 for orphans, and the joins that it needs.

    It is that of the document that counts, if it is there: the row may be from another one, such as
    one sent while its segment was in progress.
    """
    own = "SELECT trace_id, id, node FROM rows WHERE is_segment"
    if not found:
        return "if(o.node != 0, o.node, c.own)", (
            f"ANY LEFT JOIN ({own}) AS o ON c.trace_id = o.trace_id AND c.document_id = o.id"
        )
    return (
        "multiIf(o.node != 0, o.node, c.own != 0, c.own, l.own)",
        f"""
LEFT JOIN ({found}) AS l ON c.trace_id = l.trace_id AND c.document_id = l.document
ANY LEFT JOIN ({own}) AS o
    ON c.trace_id = o.trace_id AND if(c.own != 0, c.document_id, l.up) = o.id""",
    )


def _calls(found: str | None) -> str:
    """Calls by caller and by whom they reached, whether or not a segment answered."""
    calls = f"SELECT * FROM rows WHERE is_call AND {ENDED}"
    answers = f"""
SELECT DISTINCT a.trace_id AS trace_id, a.parent_id AS call_id, a.node AS node
FROM (SELECT * FROM rows WHERE is_segment AND parent_id != 0) AS a
INNER JOIN ({calls}) AS c ON a.trace_id = c.trace_id AND a.parent_id = c.id
WHERE a.start_us <= c.end_us + {APART_US}"""
    columns = ", ".join(f"c.{column} AS {column}" for column in _COUNTS.split(", "))
    caller, joins = _with_caller(found)
    return f"""
SELECT if(a.call_id != 0, '{ANSWERED}', '{UNANSWERED}') AS kind, 0 AS is_root,
    {caller} AS source, if(a.call_id != 0, a.node, c.node) AS target, {columns}
FROM ({calls}) AS c {joins}
LEFT JOIN ({answers}) AS a ON c.trace_id = a.trace_id AND c.id = a.call_id"""


def _below(found: str | None) -> str:
    """Segments whose parent is a segment or local work, by its service."""
    below = f"SELECT * FROM rows WHERE is_segment AND parent_id != 0 AND {ENDED}"
    columns = ", ".join(f"b.{column} AS {column}" for column in _COUNTS.split(", "))
    caller, joins = _with_caller(found)
    return f"""
SELECT '{BELOW}' AS kind, 0 AS is_root, {caller} AS source, b.node AS target,
    {columns}
FROM ({below}) AS b
INNER JOIN (SELECT * FROM rows WHERE NOT is_call) AS c
    ON b.trace_id = c.trace_id AND b.parent_id = c.id {joins}
WHERE source != 0 AND abs(b.start_us - c.start_us) <= {APART_US}"""
