"""What one entity of a segment document says, apart from what is nested in it."""

from fluoro.model.ids import is_id
from fluoro.model.segment import RecordedException, Segment
from fluoro.model.times import to_us
from fluoro.wire import coerce

NAME_CHARACTERS = 200
ANNOTATIONS = 200
ANNOTATION_KEY_CHARACTERS = 500
ANNOTATION_VALUE_CHARACTERS = 1000
EXCEPTION_TYPE_CHARACTERS = 200
EXCEPTION_MESSAGE_CHARACTERS = 1000

_LAST_STATUS = 65_535
_SQL_MEMBERS = ("connection_string", "database_type", "sanitized_query", "url", "user")
"""A `sql` block that has one of these says that the call is SQL."""


def read_entity(
    entity: dict[str, object], subsegments: tuple[Segment, ...], *, is_nested: bool
) -> Segment:
    """The reading of one entity, given what is nested in it; `wire.segment.decode` says how."""
    text, flag, members = coerce.text, coerce.flag, coerce.members
    http = members(entity.get("http"))
    request, response = members(http.get("request")), members(http.get("response"))
    aws = members(entity.get("aws"))
    ec2, ecs = members(aws.get("ec2")), members(aws.get("ecs"))
    sql = members(entity.get("sql"))
    cause = entity.get("cause")
    start_us = to_us(seconds(entity.get("start_time")))
    end = seconds(entity.get("end_time"))
    return Segment(
        id=text(entity.get("id")).lower(),
        name=text(entity.get("name"))[:NAME_CHARACTERS],
        start_us=start_us,
        end_us=max(start_us, to_us(end)) if end else None,
        trace_id="" if is_nested else text(entity.get("trace_id")).lower(),
        parent_id=text(entity.get("parent_id")).lower(),
        is_subsegment=is_nested or entity.get("type") == "subsegment",
        namespace=text(entity.get("namespace")),
        origin=text(entity.get("origin")),
        error=flag(entity.get("error")),
        fault=flag(entity.get("fault")),
        throttle=flag(entity.get("throttle")),
        method=text(request.get("method")),
        url=text(request.get("url")),
        client_ip=text(request.get("client_ip")),
        user_agent=text(request.get("user_agent")),
        status=coerce.integer(response.get("status"), _LAST_STATUS),
        is_callee_traced=flag(request.get("traced")) or flag(entity.get("traced")),
        user=text(entity.get("user")),
        resource_arn=text(entity.get("resource_arn")),
        account_id=text(aws.get("account_id")),
        operation=text(aws.get("operation")),
        table_name=text(aws.get("table_name")) or _only(aws.get("table_names")),
        bucket_name=text(aws.get("bucket_name")) or text(aws.get("bucket")),
        queue_url=text(aws.get("queue_url")),
        topic_arn=text(aws.get("topic_arn")),
        function_name=text(aws.get("function_name")),
        instance_id=text(ec2.get("instance_id")),
        availability_zone=text(ec2.get("availability_zone")) or text(ecs.get("availability_zone")),
        has_sql=bool(sql) and any(text(sql.get(name)) for name in _SQL_MEMBERS),
        sql_query=text(sql.get("sanitized_query")),
        annotations=_annotations(members(entity.get("annotations"))),
        exceptions=tuple(
            _exception(members(value)) for value in coerce.items(members(cause).get("exceptions"))
        ),
        cause_id=_id(members(cause).get("id") if isinstance(cause, dict) else cause),
        subsegments=subsegments,
    )


def seconds(value: object) -> float:
    """A time as sent: epoch seconds, 0 for what is no number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.0
    return coerce.number(value)


def _only(names: object) -> str:
    """The one item of a list, empty when there are none or several."""
    match coerce.items(names):
        case [name]:
            return coerce.text(name)
        case _:
            return ""


def _annotations(members: dict[str, object]) -> dict[str, str | float | bool]:
    """The pairs that are indexed."""
    found: dict[str, str | float | bool] = {}
    for key, value in members.items():
        if isinstance(value, str):
            found[key[:ANNOTATION_KEY_CHARACTERS]] = value[:ANNOTATION_VALUE_CHARACTERS]
        elif isinstance(value, bool):
            found[key[:ANNOTATION_KEY_CHARACTERS]] = value
        elif isinstance(value, int | float):
            found[key[:ANNOTATION_KEY_CHARACTERS]] = coerce.number(value)
        if len(found) == ANNOTATIONS:
            break
    return found


def _exception(members: dict[str, object]) -> RecordedException:
    return RecordedException(
        id=_id(members.get("id")),
        type=coerce.text(members.get("type"))[:EXCEPTION_TYPE_CHARACTERS],
        message=coerce.text(members.get("message"))[:EXCEPTION_MESSAGE_CHARACTERS],
    )


def _id(value: object) -> str:
    """An exception's id, empty when it is none."""
    id_ = coerce.text(value)
    return id_.lower() if is_id(id_) else ""
