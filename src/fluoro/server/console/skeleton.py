"""A trace as columns: all its spans in display order, the inferred segments among them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from fluoro.model.outcome import Outcome, bucket
from fluoro.model.span import Span
from fluoro.traces.assemble import inferred_id
from fluoro.traces.trace import Trace
from fluoro.wire.console_api import Skeleton

SEGMENT = 16
INFERRED = 32
ORPHAN = 64
AWS_CALL = 128
REMOTE_CALL = 256

_LONGEST_DETAIL = 120


class _Row(NamedTuple):
    """One line of the timeline."""

    id: str
    parent: int
    depth: int
    service: str
    name: str
    flags: int
    detail: str
    span: Span
    """What its times and status are of."""


def skeleton(trace: Trace) -> Skeleton:
    """The columns of a trace."""
    rows = list(_rows(trace))
    services: dict[str, int] = {}
    names: dict[str, int] = {}
    return Skeleton(
        id=trace.id,
        start_us=trace.start_us,
        duration_us=trace.duration_us,
        is_partial=trace.is_partial,
        outcome=outcome_of(trace),
        span_id=[row.id for row in rows],
        parent=[row.parent for row in rows],
        depth=[row.depth for row in rows],
        service=[services.setdefault(row.service, len(services)) for row in rows],
        name=[names.setdefault(row.name, len(names)) for row in rows],
        offset_us=[row.span.start_us - trace.start_us for row in rows],
        span_us=[row.span.duration_us if row.span.is_finished else -1 for row in rows],
        flags=[row.flags for row in rows],
        status=[row.span.status for row in rows],
        detail=[row.detail for row in rows],
        services=list(services),
        names=list(names),
    )


def outcome_of(trace: Trace) -> Outcome:
    """Of the root; of all spans together while the root has not come."""
    if trace.outcome is not None:
        return trace.outcome
    flags = 0
    for span in trace.spans:
        flags |= span.flags
    return bucket(flags)


def inferred_call(trace: Trace, span_id: str) -> Span | None:
    """The call that an inferred segment stands for, by that segment's id."""
    calls = (span for span in trace.spans if _is_unanswered(span, trace.children))
    return next((call for call in calls if inferred_id(trace.id, call.id) == span_id), None)


def _is_unanswered(span: Span, children: Mapping[str, Sequence[Span]]) -> bool:
    """Whether it is a finished call whose callee sent no segment."""
    answers = children.get(span.id, ())
    return span.is_call and span.is_finished and not any(each.is_segment for each in answers)


def _rows(trace: Trace) -> Iterator[_Row]:
    """Depth first: tops by start, children by start, then id."""
    known = {span.id for span in trace.spans}
    seen: set[str] = set()
    at = 0
    hanging = [span for span in trace.spans if span.parent_id in known]
    standing = [span for span in trace.spans if span.parent_id not in known]
    for top in (*standing, *hanging):  # of those that hang, only circles are left by then
        waiting = [(top, -1, 0)]
        while waiting:
            span, parent, depth = waiting.pop()
            if span.id in seen:
                continue
            seen.add(span.id)
            place = at
            at += 1
            yield _Row(
                span.id,
                parent,
                depth,
                span.service,
                span.name,
                _flags(span, is_orphan=parent < 0 and bool(span.parent_id)),
                _detail(span),
                span,
            )
            if _is_unanswered(span, trace.children):
                yield _inferred(trace, span, place, depth + 1)
                at += 1
            below = trace.children.get(span.id, ())
            waiting += [(child, place, depth + 1) for child in reversed(below)]


def _inferred(trace: Trace, call: Span, parent: int, depth: int) -> _Row:
    outcome = call.flags & (SEGMENT - 1)
    return _Row(
        inferred_id(trace.id, call.id),
        parent,
        depth,
        call.node_name,
        call.node_name,
        outcome | SEGMENT | INFERRED,
        call.node_type,
        call,
    )


def _flags(span: Span, *, is_orphan: bool) -> int:
    flags = span.flags
    if span.is_segment:
        flags |= SEGMENT
    if is_orphan:
        flags |= ORPHAN
    if span.is_call:
        flags |= AWS_CALL if span.namespace == "aws" else REMOTE_CALL
    return flags


def _detail(span: Span) -> str:
    """What a row says beside its name: the AWS call, the HTTP request, or the statement."""
    if span.namespace == "aws" and span.is_call:
        resource = "" if span.node_name == span.name else span.node_name
        words = f"{span.operation} {resource}"
    elif span.url:
        words = f"{span.method} {_path(span.url)}"
    else:
        words = span.operation or span.method
    return " ".join(words.split())[:_LONGEST_DETAIL]


def _path(url: str) -> str:
    try:
        return urlsplit(url).path or "/"
    except ValueError:  # brackets that are no address
        return url
