"""Rows of `spans` as they are read, and as spans of traces."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fluoro.model.ids import trace_id_of_hex
from fluoro.model.segment import RecordedException
from fluoro.model.span import Span
from fluoro.store import semantics
from fluoro.store.keys import hex_id
from fluoro.store.places import NEAR_US, buckets_until
from fluoro.store.pool import Row
from fluoro.store.resolve import with_services

COLUMNS = f"""lower(hex(trace_id)), {hex_id("id")}, {hex_id("parent_id")}, {hex_id("document_id")},
    is_segment, start_us, if(bitAnd(flags, 8) = 0, start_us + dur_us, 0), flags, status,
    service, name, namespace, origin, node_name, node_type, node_account,
    method, url, client_ip, user_agent, user, operation,
    resource_arn, instance_id, availability_zone,
    arrayZip(`ann.key`, `ann.type`, `ann.text`, `ann.number`), receipt_us,
    arrayZip(arrayMap(x -> {hex_id("x")}, `exc.id`), `exc.type`, `exc.message`),
    {hex_id("cause_id")}, source"""
"""In the order of the fields of `Span`."""

_ID, _DOCUMENT_ID, _START, _END = 1, 3, 5, 6
_ANNOTATIONS, _RECEIPT, _EXCEPTIONS = 25, 26, 27
"""Places among the columns above."""


def further_places(rows: Sequence[Row]) -> dict[str, set[int]]:
    """By trace, the buckets in which documents went on for longer than is looked at first."""
    found: dict[str, set[int]] = {}
    for row in rows:
        if row[_ID] == row[_DOCUMENT_ID]:
            start_us = row[_START]
            last_us = row[_END] or row[_RECEIPT]
            if last_us - start_us > NEAR_US:
                found.setdefault(row[0], set()).update(buckets_until(start_us, last_us))
    return found


def spans_of_rows(rows: Sequence[Row]) -> dict[str, list[Span]]:
    """The spans of each trace by start, then id, with the services that rows leave out."""
    found: dict[str, list[Span]] = {}
    for span in _spans(rows):
        found.setdefault(span.trace_id, []).append(span)
    return {
        trace_id: sorted(with_services(spans), key=lambda span: (span.start_us, span.id))
        for trace_id, spans in found.items()
    }


def _spans(rows: Sequence[Row]) -> Iterator[Span]:
    """Each row's span; what is not as it is in `Span` is changed a column at a time."""
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
    if not columns:
        return iter(())
    trace_ids = {digits: trace_id_of_hex(digits) for digits in set(columns[0])}
    columns[0] = [trace_ids[digits] for digits in columns[0]]
    columns[_ANNOTATIONS] = [
        {key: _annotation(kind, text, number) for key, kind, text, number in each} if each else {}
        for each in columns[_ANNOTATIONS]
    ]
    columns[_EXCEPTIONS] = [
        tuple(RecordedException(*one) for one in each) if each else ()
        for each in columns[_EXCEPTIONS]
    ]
    return map(Span, *columns)


def _annotation(kind: int, text: str, number: float) -> str | float | bool:
    if kind == semantics.TEXT:
        return text
    return number != 0 if kind == semantics.BOOLEAN else number
