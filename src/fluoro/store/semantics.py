"""SQL that is generated from the same tables and rules as Python's reading of a document.

`store.flatten` is the same in Python; a test compares the two on every captured document and on
generated ones. Nothing of a request goes in here: the texts depend on this package alone.
"""

from collections.abc import Iterable

from fluoro.graph import nodes
from fluoro.model import outcome
from fluoro.model.times import LAST_US
from fluoro.wire.entity import EXCEPTION_MESSAGE_CHARACTERS, EXCEPTION_TYPE_CHARACTERS

SHALLOW = 4
"""Levels of subsegments that the view reads; deeper documents are read in Python."""

BUCKET_US = 300_000_000
"""Width of a bucket of `spans`: five minutes."""

FINISHED_VER = 2**62
"""Added to the version of what has ended, so that it outweighs what has not."""

_MISREAD = (
    r": *(-[0-9]{19}|[0-9]{20})",
    r'"(http|request|response|aws|ec2|ecs|sql)" *: *\[',
)
"""Valid JSON that the engine reads otherwise than we do: integers beyond 64 bits become strings,
and lists where objects are due are read by place."""

TEXT, NUMBER, BOOLEAN = 0, 1, 2
"""Values of `ann.type`."""

_SQL_MEMBERS = ("connection_string", "database_type", "sanitized_query", "url", "user")
_AWS_TEXTS = (
    "operation",
    "account_id",
    "table_name",
    "bucket_name",
    "bucket",
    "queue_url",
    "topic_arn",
    "function_name",
)
_HTTP = (
    "Tuple(request Tuple(method String, url String, client_ip String, user_agent String),"
    " response Tuple(status UInt16))"
)
_AWS = (
    f"Tuple({', '.join(f'{member} String' for member in _AWS_TEXTS)}, table_names Array(String),"
    " ec2 Tuple(instance_id String, availability_zone String),"
    " ecs Tuple(availability_zone String))"
)
_SQL = f"Tuple({', '.join(f'{member} String' for member in _SQL_MEMBERS)})"
_MEMBERS = {
    "id": "String",
    "name": "String",
    "start_time": "Float64",
    "end_time": "Float64",
    "namespace": "String",
    "origin": "String",
    "error": "Bool",
    "fault": "Bool",
    "throttle": "Bool",
    "user": "String",
    "resource_arn": "String",
    "http": _HTTP,
    "aws": _AWS,
    "sql": _SQL,
    "annotations": "Map(String, Dynamic)",
    "cause": "String",
}
"""What the view reads of an entity: member and type."""

_ROW = {member: f"r.3.{place}" for place, member in enumerate(_MEMBERS, start=1)}
"""Where a member stands in the row of one entity; before them: its place among those of its
document, of which the root is the first, and its parent's id."""


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _array(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quote, texts))}]"


def _entity_type(levels: int) -> str:
    members = ", ".join(f"{member} {type_}" for member, type_ in _MEMBERS.items())
    below = f", subsegments Array({_entity_type(levels - 1)})" if levels else ""
    return f"Tuple({members}{below})"


def _document_type() -> str:
    below = f"subsegments Array({_entity_type(SHALLOW - 1)})"
    members = ", ".join(f"{member} {type_}" for member, type_ in _MEMBERS.items())
    return f"Tuple(parent_id String, type String, {members}, {below})"


def _alone() -> str:
    """Type of an entity without those below it."""
    return f"Tuple({', '.join(f'{member} {type_}' for member, type_ in _MEMBERS.items())})"


def id_of(text: str) -> str:
    """An id's 64 bits from its hex digits; 0 from an empty text."""
    return f"reinterpretAsUInt64(reverse(unhex({text})))"


def microseconds(seconds: str) -> str:
    """`model.times.to_us`."""
    value = f"if({seconds} > 1e11, {seconds} / 1000, {seconds})"
    return f"toInt64(round(least(greatest({value}, 0.), {LAST_US / 1e6}) * 1e6))"


def version(is_finished: str) -> str:
    """The larger one counts: the first finished, else the newest unfinished."""
    return f"if({is_finished}, {FINISHED_VER} + ({2**61} - receipt_us), receipt_us)"


def flags(status: str, in_progress: str) -> str:
    """`model.outcome.flags` of the row's members."""
    error = f"{_ROW['error']} OR ({status} >= 400 AND {status} < 500)"
    return (
        f"if({error}, {outcome.ERROR}, 0)"
        f" + if({_ROW['fault']} OR {status} >= 500, {outcome.FAULT}, 0)"
        f" + if({_ROW['throttle']} OR {status} = 429, {outcome.THROTTLE}, 0)"
        f" + if({in_progress}, {outcome.IN_PROGRESS}, 0)"
    )


def _canonical_service(name: str) -> str:
    """`graph.nodes.canonical_service`."""
    vendors = "|".join(nodes.VENDOR_PREFIXES)
    key = f"replaceRegexpOne(lower(replaceAll({name}, ' ', '')), '^({vendors})', '')"
    key = f"replaceRegexpOne({key}, '{nodes.VERSION_SUFFIX}$', '')"
    known = nodes.CANONICAL
    return f"transform({key}, {_array(known)}, {_array(known.values())}, {name})"


def _call_node() -> tuple[str, str]:
    """Name and type of the node that a call makes (`graph.nodes.infer`)."""
    names, types = [], []
    for service, member, type_ in nodes.RESOURCES:
        is_it = f"operation_ != '' AND canonical = {_quote(service)} AND {member} != ''"
        names += [is_it, member]
        types += [is_it, _quote(type_)]
    aws_name = f"multiIf({', '.join(names)}, canonical)"
    aws_type = f"multiIf({', '.join(types)}, concat({_quote(nodes.AWS_PREFIX)}, canonical))"
    remote_type = f"if(is_sql, {_quote(nodes.SQL)}, {_quote(nodes.REMOTE)})"
    return (
        f"multiIf(namespace = 'aws', {aws_name}, namespace = 'remote', name, '')",
        f"multiIf(namespace = 'aws', {aws_type}, namespace = 'remote', {remote_type}, '')",
    )


def _annotations() -> str:
    """Pairs of the kinds that are indexed, at most 200, as (key, type, text, number)."""
    kinds = "'Int64', 'UInt64', 'Float64', 'Int128', 'UInt128', 'Int256', 'UInt256'"
    number = "toFloat64OrZero(toString(p.2))"
    pair = (
        "(substringUTF8(p.1, 1, 500),"
        f" multiIf(dynamicType(p.2) = 'String', {TEXT}, dynamicType(p.2) = 'Bool', {BOOLEAN},"
        f" {NUMBER}),"
        " multiIf(dynamicType(p.2) = 'String', substringUTF8(toString(p.2), 1, 1000),"
        f" dynamicType(p.2) = 'Bool', toString(p.2), toString({number})),"
        f" if(dynamicType(p.2) IN ('String', 'Bool'), toFloat64(toString(p.2) = 'true'), {number}))"
    )
    indexed = f"dynamicType(p.2) IN ('String', 'Bool', {kinds})"
    pairs = f"CAST({_ROW['annotations']}, 'Array(Tuple(String, Dynamic))')"
    return f"arrayMap(p -> {pair}, arraySlice(arrayFilter(p -> {indexed}, {pairs}), 1, 200))"


def _exception_id(text: str) -> str:
    """The 64 bits of an exception's id, 0 for what is none."""
    return f"if(match({text}, '^[0-9a-fA-F]{{16}}$'), {id_of(text)}, 0)"


def _exceptions(cause: str) -> str:
    """What `cause.exceptions` says, as (id, type, message); `cause` is JSON text or an id."""
    entries = f"JSONExtractArrayRaw({cause}, 'exceptions')"
    object_or_none = "if(startsWith(e, '{'), e, '')"
    members = "'Tuple(id String, type String, message String)'"
    entry = (
        f"({_exception_id('x.1')}, substringUTF8(x.2, 1, {EXCEPTION_TYPE_CHARACTERS}),"
        f" substringUTF8(x.3, 1, {EXCEPTION_MESSAGE_CHARACTERS}))"
    )
    read = f"arrayMap(e -> JSONExtract({object_or_none}, {members}), {entries})"
    return f"arrayMap(x -> {entry}, {read})"


def documents_view() -> str:
    """Select of the view that keeps each line's document."""
    return f"""
SELECT account, region, toFixedString(unhex(trace_id), 16) AS trace_id,
    {id_of("incoming.id")} AS id,
    {version("is_finished = 1")} AS ver, receipt_us,
    toDate(fromUnixTimestamp64Micro(toInt64(receipt_us), 'UTC')) AS received,
    start_us, source, document
FROM incoming"""


def lines_view() -> str:
    """Select of the first stage: shallow documents, read, and whether the engine could read them.

    What it cannot parse has no members; an accepted document has an id.
    """
    return f"""
SELECT account, region, receipt_us, source, trace_id, id,
    JSONExtract(document, {_quote(_document_type())}) AS d,
    tupleElement(d, 'id') != '' AND NOT multiMatchAny(document, {_array(_MISREAD)}) AS is_readable
FROM incoming WHERE is_shallow = 1"""


def unread_view() -> str:
    """Select of the guard view: lines that are left to Python."""
    return """
SELECT receipt_us, toDate(fromUnixTimestamp64Micro(toInt64(receipt_us), 'UTC')) AS received
FROM lines WHERE NOT is_readable"""


def unfolded_view() -> str:
    """Select of the second stage: one row for each entity of a document, `r`.

    Of each level of subsegments there are the entities (`e1` ...), the ids of their parents (`p1`
    ...), and from the second one on both by parent. A cast leaves out what is below an entity:
    naming each member costs the engine 14 ms more of analysis an insert.
    """
    levels = ["tupleElement(d, 'subsegments') AS e1", "arrayMap(e -> lines.id, e1) AS p1"]
    for level in range(2, SHALLOW + 1):
        above = f"e{level - 1}"
        by_parent = (
            f"arrayMap((i, b) -> arrayMap(e -> i, b), tupleElement({above}, 'id'), b{level})"
        )
        levels += [
            f"tupleElement({above}, 'subsegments') AS b{level}",
            f"arrayFlatten(b{level}) AS e{level}",
            f"arrayFlatten({by_parent}) AS p{level}",
        ]
    numbers = range(1, SHALLOW + 1)
    entities = [f"CAST(e{n}, {_quote(f'Array({_alone()})')})" for n in numbers]
    parents = ", ".join(f"p{n}" for n in numbers)
    return f"""
WITH {f",{chr(10)}    ".join(levels)},
    arrayConcat([CAST(d, {_quote(_alone())})], {", ".join(entities)}) AS entities
SELECT account, region, receipt_us, source, toFixedString(unhex(lines.trace_id), 16) AS line_trace,
    toDate(fromUnixTimestamp64Micro(toInt64(receipt_us), 'UTC')) AS received,
    {id_of("lines.id")} AS document_id, tupleElement(d, 'parent_id') AS line_parent,
    tupleElement(d, 'type') = 'subsegment' AS is_subsegment,
    if(is_subsegment, '', substringUTF8(tupleElement(d, 'name'), 1, 200)) AS service,
    if(is_subsegment, '', tupleElement(d, 'origin')) AS service_type,
    if(is_subsegment, '', tupleElement(tupleElement(d, 'aws'), 'account_id')) AS service_account,
    arrayJoin(arrayZip(arrayEnumerate(entities), arrayConcat([''], {parents}), entities)) AS r
FROM lines WHERE is_readable"""


def members_view() -> str:
    """Select of the third stage: the members of each entity, by `wire.segment.decode`."""
    http, aws, sql = _ROW["http"], _ROW["aws"], _ROW["sql"]
    resources = ",\n    ".join(
        f"tupleElement({aws}, {_quote(member)}) AS {member}"
        for member in ("queue_url", "topic_arn", "function_name")
    )
    is_sql = " OR ".join(f"tupleElement({sql}, {_quote(member)}) != ''" for member in _SQL_MEMBERS)
    return f"""
SELECT account, region, receipt_us, source, line_trace AS trace_id, received, document_id,
    {version(f"{_ROW['end_time']} != 0")} AS ver,
    r.1 = 1 AND NOT is_subsegment AS is_segment,
    if(r.1 = 1, document_id, {id_of(_ROW["id"])}) AS id,
    {id_of("if(r.1 = 1, line_parent, r.2)")} AS parent_id,
    {microseconds(_ROW["start_time"])} AS start_us,
    {microseconds(_ROW["end_time"])} AS last_us,
    if({_ROW["end_time"]} = 0, 0, greatest(0, last_us - start_us)) AS dur_us,
    tupleElement(tupleElement({http}, 'response'), 'status') AS status,
    {flags("status", f"{_ROW['end_time']} = 0")} AS flags,
    service, service_type, service_account,
    substringUTF8({_ROW["name"]}, 1, 200) AS name,
    {_ROW["namespace"]} AS namespace, {_ROW["origin"]} AS origin,
    tupleElement(tupleElement({http}, 'request'), 'method') AS method,
    tupleElement(tupleElement({http}, 'request'), 'url') AS url,
    tupleElement(tupleElement({http}, 'request'), 'client_ip') AS client_ip,
    tupleElement(tupleElement({http}, 'request'), 'user_agent') AS user_agent,
    {_ROW["user"]} AS user, {_ROW["resource_arn"]} AS resource_arn,
    tupleElement({aws}, 'operation') AS operation_, tupleElement({aws}, 'account_id') AS account_id,
    tupleElement({aws}, 'table_names') AS table_names,
    multiIf(tupleElement({aws}, 'table_name') != '', tupleElement({aws}, 'table_name'),
        length(table_names) = 1, table_names[1], '') AS table_name,
    if(tupleElement({aws}, 'bucket_name') != '', tupleElement({aws}, 'bucket_name'),
        tupleElement({aws}, 'bucket')) AS bucket_name,
    {resources},
    tupleElement(tupleElement({aws}, 'ec2'), 'instance_id') AS instance_id,
    tupleElement(tupleElement({aws}, 'ec2'), 'availability_zone') AS ec2_zone,
    if(ec2_zone != '', ec2_zone,
        tupleElement(tupleElement({aws}, 'ecs'), 'availability_zone')) AS availability_zone,
    tupleElement({sql}, 'sanitized_query') AS sql_query,
    {is_sql} OR (method = '' AND url = '' AND status = 0 AND position(name, '@') > 0) AS is_sql,
    {_canonical_service("name")} AS canonical,
    {_annotations()} AS annotations,
    {_ROW["cause"]} AS cause, {_exceptions("cause")} AS exceptions,
    {_exception_id("if(startsWith(cause, '{'), JSONExtractString(cause, 'id'), cause)")} AS cause_id
FROM unfolded"""


def spans_view() -> str:
    """Select of the last stage: the columns of `spans`, with the node of each call."""
    node_name, node_type = _call_node()
    return f"""
SELECT account, region,
    toDateTime(intDiv(start_us, {BUCKET_US}) * {BUCKET_US // 1_000_000}, 'UTC') AS bucket,
    trace_id, id, parent_id, document_id, ver, received, receipt_us, is_segment, start_us, dur_us,
    flags, status, service, service_type, service_account, name, namespace, origin,
    if(is_segment, name, {node_name}) AS node_name,
    if(is_segment, origin, {node_type}) AS node_type,
    if(is_segment OR namespace IN ('aws', 'remote'), account_id, '') AS node_account,
    method, url, client_ip, user_agent, user,
    if(operation_ != '', operation_, sql_query) AS operation,
    resource_arn, instance_id, availability_zone,
    arrayMap(a -> a.1, annotations) AS `ann.key`, arrayMap(a -> a.2, annotations) AS `ann.type`,
    arrayMap(a -> a.3, annotations) AS `ann.text`, arrayMap(a -> a.4, annotations) AS `ann.number`,
    arrayMap(e -> e.1, exceptions) AS `exc.id`, arrayMap(e -> e.2, exceptions) AS `exc.type`,
    arrayMap(e -> e.3, exceptions) AS `exc.message`, cause_id, source
FROM members"""


STAGES = ("lines", "unfolded", "members")
"""Tables without rows between the views that make spans, in the order they are passed.

In one view, as subqueries, the stages mean the same, but its analysis costs four times as much on
each insert, since the engine looks at a whole subquery again for each column taken from it.
"""


def views() -> dict[str, str]:
    """Select of every view by the table it fills, each after those that it reads from."""
    return {
        "documents": documents_view(),
        "lines": lines_view(),
        "unread": unread_view(),
        "unfolded": unfolded_view(),
        "members": members_view(),
        "spans": spans_view(),
    }
