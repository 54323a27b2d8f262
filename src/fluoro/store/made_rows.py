"""Rows that are made in Python: of documents that the views do not read, and of small inserts.

They are the rows that the views would make; a test holds both equal.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from clickhouse_connect.driver.client import Client

from fluoro.model.ids import trace_id_hex
from fluoro.model.span import Span
from fluoro.store import semantics
from fluoro.store.engine import insert_rows
from fluoro.store.flatten import spans_of, version
from fluoro.store.storage import Accepted
from fluoro.wire import coerce
from fluoro.wire.segment import decode

_US_PER_S = 1_000_000
_PAIR = re.compile("..")
_ESCAPES = ((b"\\", rb"\\"), (b"\t", rb"\t"), (b"\n", rb"\n"), (b"\r", rb"\r"))
"""Of TabSeparated, in the order in which they are made."""
_KINDS = {str: semantics.TEXT, bool: semantics.BOOLEAN}
"""Of an annotation's value by its type; others are numbers."""

SETTINGS = {"optimize_on_insert": 0}
"""Two versions of a row within one insert are left to FINAL and the merges, as those of two are."""

_DOCUMENT_COLUMNS = (
    "account",
    "region",
    "trace_id",
    "id",
    "ver",
    "received",
    "receipt_us",
    "start_us",
    "source",
    "document",
)
_SPAN_COLUMNS = (
    "account",
    "region",
    "bucket",
    "trace_hex",
    "id",
    "parent_id",
    "document_id",
    "ver",
    "received",
    "receipt_us",
    "is_segment",
    "start_us",
    "dur_us",
    "flags",
    "status",
    "service",
    "service_type",
    "service_account",
    "name",
    "namespace",
    "origin",
    "node_name",
    "node_type",
    "node_account",
    "method",
    "url",
    "client_ip",
    "user_agent",
    "user",
    "operation",
    "resource_arn",
    "instance_id",
    "availability_zone",
    "ann.key",
    "ann.type",
    "ann.text",
    "ann.number",
    "exc.id",
    "exc.type",
    "exc.message",
    "cause_id",
    "source",
)


def insert_whole(client: Client, documents: Mapping[int, Accepted]) -> None:
    """Insert rows of `documents` and `spans` without the views; none before all are made.

    Args:
        client: That writes.
        documents: By receipt, in microseconds.
    """
    lines = b"".join(_line(each, receipt_us) for receipt_us, each in documents.items())
    rows = _rows(documents)
    client.raw_insert(
        "documents", _DOCUMENT_COLUMNS, insert_block=lines, fmt="TabSeparated", settings=SETTINGS
    )
    insert_rows(client, "spans", rows, _SPAN_COLUMNS, SETTINGS)


def insert_spans(client: Client, documents: Mapping[int, Accepted]) -> None:
    """Insert the rows of `spans` that the views left out; see `insert_whole`."""
    insert_rows(client, "spans", _rows(documents), _SPAN_COLUMNS, SETTINGS)


def _rows(documents: Mapping[int, Accepted]) -> list[list[object]]:
    """Rows of table `spans`, in the order of the columns."""
    return [row for receipt_us, each in documents.items() for row in _rows_of(each, receipt_us)]


def _line(document: Accepted, receipt_us: int) -> bytes:
    """A document's row, its white space as it was sent."""
    return b"%s\t%s\t%s\t%d\t%d\t%s\t%d\t%d\t%s\t%s\n" % (
        document.tenant.account.encode(),
        document.tenant.region.encode(),
        _PAIR.sub(r"\\x\g<0>", trace_id_hex(document.trace_id)).encode(),
        int(document.id, 16),
        version(receipt_us, is_finished=document.is_finished),
        str(_day(receipt_us)).encode(),
        receipt_us,
        document.start_us,
        _escaped(document.source.encode()),
        _escaped(document.document),
    )


def _escaped(text: bytes) -> bytes:
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text


def _day(receipt_us: int) -> date:
    return datetime.fromtimestamp(receipt_us // _US_PER_S, UTC).date()


def _rows_of(document: Accepted, receipt_us: int) -> list[list[object]]:
    """Those of one document."""
    spans = spans_of(decode(document.document), receipt_us, document.source)
    root = spans[0]
    own = (root.name, root.node_type, root.node_account) if root.is_segment else ("", "", "")
    return [_row(document, span, own) for span in spans]


def _row(document: Accepted, span: Span, service: tuple[str, str, str]) -> list[object]:
    bucket_s = span.start_us // semantics.BUCKET_US * (semantics.BUCKET_US // _US_PER_S)
    values = span.annotations.values()
    return [
        document.tenant.account,
        document.tenant.region,
        bucket_s,
        trace_id_hex(document.trace_id),
        int(span.id, 16),
        _number(span.parent_id),
        int(document.id, 16),
        version(span.receipt_us, is_finished=span.is_finished),
        _day(span.receipt_us),
        span.receipt_us,
        span.is_segment,
        span.start_us,
        span.duration_us,
        span.flags,
        span.status,
        *service,
        span.name,
        span.namespace,
        span.origin,
        span.node_name,
        span.node_type,
        span.node_account,
        span.method,
        span.url,
        span.client_ip,
        span.user_agent,
        span.user,
        span.operation,
        span.resource_arn,
        span.instance_id,
        span.availability_zone,
        list(span.annotations),
        [_KINDS.get(type(value), semantics.NUMBER) for value in values],
        [coerce.text(value) for value in values],
        [0.0 if isinstance(value, str) else float(value) for value in values],
        [_number(exception.id) for exception in span.exceptions],
        [exception.type for exception in span.exceptions],
        [exception.message for exception in span.exceptions],
        _number(span.cause_id),
        span.source,
    ]


def _number(id_: str) -> int:
    """An id's 64 bits, 0 for none."""
    return int(id_ or "0", 16)
