"""Segment documents as OpenTelemetry spans: OTLP's JSON encoding, one object for each span.

Each (sub)segment is a `Span` of OTLP with its `resource` beside it, so that it stands alone. As
OTLP wants it, ids are hex, enums numbers, 64-bit integers strings, absent members left out:

- `trace_id`, `id` and the parent (nested in, or `parent_id`) are `traceId` (32 digits), `spanId`
  and `parentSpanId`;
- `kind` is SERVER (2) for a segment, CLIENT (3) for a subsegment of namespace `aws` or `remote`,
  INTERNAL (1) for any other;
- `start_time` and `end_time` are `startTimeUnixNano` and `endTimeUnixNano`, the latter absent while
  in progress;
- `fault`, `error`, `throttle` or a status from 400 is `status.code` ERROR (2), with the message of
  the first exception;
- `cause.exceptions` are events `exception` at the end, with `exception.type` and
  `exception.message`;
- `http`, `sql`, `user` and `aws` are attributes of the semantic conventions (`_attributes`),
  `namespace` is `aws.xray.namespace`;
- annotation `k` is attribute `aws.xray.annotation.k`: a string, a boolean or a double;
- metadata of namespace `n` is attribute `aws.xray.metadata.n`: its JSON as a string;
- name, `origin`, resource, account, instance and zone of the segment around it are `resource`.

A subsegment that no segment is known of has no `service.name`. Segments that stand for what a call
reached (`inferred`) are no spans: the call is one. Source: OTLP 1.x, JSON protobuf encoding.
"""

from collections.abc import Iterator

import msgspec

from fluoro.model import outcome
from fluoro.model.ids import trace_id_hex
from fluoro.model.segment import Segment
from fluoro.wire.document import Entity, outline
from fluoro.wire.json_places import is_object, members
from fluoro.wire.segment import decode

_INTERNAL, _SERVER, _CLIENT = 1, 2, 3
_ERROR = 2
_FAILED = outcome.ERROR | outcome.FAULT | outcome.THROTTLE
_CALLS = ("aws", "remote")
_NS_PER_US = 1_000


class _Form(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Base of OTLP's shapes."""


class AnyValue(_Form, frozen=True):
    """Exactly one of them is there; `int_value` is a numeral."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: str | None = None
    double_value: float | None = None


class KeyValue(_Form, frozen=True):
    """An attribute."""

    key: str
    value: AnyValue


class Resource(_Form, frozen=True, omit_defaults=False):
    """What a span ran on."""

    attributes: list[KeyValue]


class Event(_Form, frozen=True):
    """Something that happened during a span."""

    time_unix_nano: str
    name: str
    attributes: list[KeyValue]


class Status(_Form, frozen=True):
    """How a span ended; without a code nothing is said."""

    message: str = ""
    code: int = 0


class OtelSpan(_Form, frozen=True):
    """One span and its resource."""

    trace_id: str
    span_id: str
    name: str
    kind: int
    start_time_unix_nano: str
    attributes: list[KeyValue]
    status: Status
    resource: Resource
    parent_span_id: str = ""
    end_time_unix_nano: str | None = None
    events: list[Event] = []


def spans_of(trace_id: str, document: bytes) -> list[OtelSpan]:
    """The spans of a document of BatchGetTraces, parents before children.

    Args:
        trace_id: In the inside form of `model.ids`.
        document: A whole segment, an orphan, or an inferred segment, which has none.
    """
    root, place = decode(document), outline(document)
    if place.raw(b"inferred") == b"true":
        return []
    digits = trace_id_hex(trace_id)
    resource = Resource(_pairs(_resource(root)))
    found = []
    waiting = [(root, place, root.parent_id)]
    while waiting:
        entity, place, parent_id = waiting.pop()
        found.append(_span(digits, entity, place, parent_id, resource))
        waiting += [
            (below, nested, entity.id)
            for below, nested in zip(
                reversed(entity.subsegments), reversed(place.nested), strict=True
            )
        ]
    return found


def _span(
    trace_id: str, entity: Segment, place: Entity, parent_id: str, resource: Resource
) -> OtelSpan:
    start = str(entity.start_us * _NS_PER_US)
    end = None if entity.end_us is None else str(entity.end_us * _NS_PER_US)
    messages = (each.message for each in entity.exceptions if each.message)
    is_failed = _FAILED & outcome.flags(
        error=entity.error,
        fault=entity.fault,
        throttle=entity.throttle,
        status=entity.status,
        in_progress=False,
    )
    return OtelSpan(
        trace_id=trace_id,
        span_id=entity.id,
        parent_span_id=parent_id,
        name=entity.name,
        kind=_kind(entity),
        start_time_unix_nano=start,
        end_time_unix_nano=end,
        attributes=[*_pairs(_attributes(entity)), *_annotations(entity), *_metadata(place)],
        events=[
            Event(
                end or start,
                "exception",
                _pairs({"exception.type": each.type, "exception.message": each.message}),
            )
            for each in entity.exceptions
        ],
        status=Status(next(messages, ""), _ERROR) if is_failed else Status(),
        resource=resource,
    )


def _kind(entity: Segment) -> int:
    if not entity.is_subsegment:
        return _SERVER
    return _CLIENT if entity.namespace in _CALLS else _INTERNAL


def _resource(root: Segment) -> dict[str, str]:
    """Attributes of the resource by the semantic conventions; empty ones are not there."""
    return {
        "service.name": "" if root.is_subsegment else root.name,
        "aws.xray.origin": root.origin,
        "cloud.resource_id": root.resource_arn,
        "cloud.account.id": root.account_id,
        "cloud.availability_zone": root.availability_zone,
        "host.id": root.instance_id,
    }


def _attributes(entity: Segment) -> dict[str, str | int]:
    """Attributes of the span by the semantic conventions; empty ones are not there."""
    return {
        "http.request.method": entity.method,
        "url.full": entity.url,
        "http.response.status_code": entity.status,
        "client.address": entity.client_ip,
        "user_agent.original": entity.user_agent,
        "user.id": entity.user,
        "db.query.text": entity.sql_query,
        "rpc.method": entity.operation,
        "aws.dynamodb.table_names": entity.table_name,
        "aws.s3.bucket": entity.bucket_name,
        "aws.sqs.queue.url": entity.queue_url,
        "aws.sns.topic.arn": entity.topic_arn,
        "faas.invoked_name": entity.function_name,
        "aws.xray.namespace": entity.namespace,
    }


def _pairs(attributes: dict[str, str] | dict[str, str | int]) -> list[KeyValue]:
    return [
        KeyValue(
            key,
            AnyValue(string_value=value)
            if isinstance(value, str)
            else AnyValue(int_value=str(value)),
        )
        for key, value in attributes.items()
        if value
    ]


def _annotations(entity: Segment) -> Iterator[KeyValue]:
    for key, value in entity.annotations.items():
        match value:
            case bool():
                typed = AnyValue(bool_value=value)
            case str():
                typed = AnyValue(string_value=value)
            case _:
                typed = AnyValue(double_value=value)
        yield KeyValue(f"aws.xray.annotation.{key}", typed)


def _metadata(entity: Entity) -> Iterator[KeyValue]:
    """Metadata as it was sent; of equal namespaces the last one counts."""
    raw = entity.raw(b"metadata") or b""
    found = {each.key: each for each in members(raw, 0)} if is_object(raw, 0) else {}
    for key, place in found.items():
        value = raw[place.value : place.end].decode()
        yield KeyValue(
            f"aws.xray.metadata.{key.decode(errors='replace')}", AnyValue(string_value=value)
        )
