"""Documents into the tables: lines for the views, and rows made in Python for the few they miss."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from fluoro.model.ids import trace_id_hex
from fluoro.model.span import Span
from fluoro.store import semantics
from fluoro.store.engine import insert_rows, unavailable
from fluoro.store.flatten import spans_of, version
from fluoro.store.storage import Accepted
from fluoro.wire import coerce
from fluoro.wire.segment import decode

_WHITE_SPACE = bytes.maketrans(b"\t\n\r", b"   ")
"""Between tokens they mean the same; inside a JSON string they are always escaped."""

_SETTINGS = {"optimize_on_insert": 0}
"""Two versions of a row within one insert are left to FINAL and the merges, as those of two are."""

_US_PER_S = 1_000_000
_COLUMNS = (
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


class Inserter:
    """The only writer of documents in this process; used by one thread.

    Another server may write to the same ClickHouse. Should both stamp one microsecond on two
    documents with one id, either may count; a document that both got counts once.
    """

    def __init__(self, client: Client, lines: str, clock_us: Callable[[], int]) -> None:
        self._client = client
        self._lines = lines
        """The table that the views of this version read (`migrations.migrate`)."""
        self._clock_us = clock_us
        self._settling = threading.Lock()
        self._open_us: int | None = None
        """First receipt of the insert that is under way."""
        newest = "SELECT max(received) FROM documents"
        last = client.command(f"SELECT max(receipt_us) FROM documents WHERE received = ({newest})")
        self._receipt_us = int(str(last))

    @property
    def settled_us(self) -> int:
        """Every receipt up to it is in the tables, or was refused; a later one may be under way."""
        with self._settling:
            return self._clock_us() - 1 if self._open_us is None else self._open_us - 1

    @property
    def newest_us(self) -> int:
        """The newest receipt that was given out; its insert may be under way."""
        return self._receipt_us

    def insert(self, documents: Sequence[Accepted]) -> None:
        """See `Storage.insert`."""
        if not documents:
            return
        with self._settling:
            first = max(self._clock_us(), self._receipt_us + 1)
            self._receipt_us = first + len(documents) - 1
            self._open_us = first
        try:
            self._insert(documents, first)
        finally:
            self._open_us = None

    def _insert(self, documents: Sequence[Accepted], first: int) -> None:
        """Insert documents with receipts from `first` on."""
        lines = [
            b"%s\t%s\t%d\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n"
            % (
                document.tenant.account.encode(),
                document.tenant.region.encode(),
                receipt_us,
                _one_line(document.source.encode()),
                trace_id_hex(document.trace_id).encode(),
                document.id.encode(),
                document.start_us,
                document.is_finished,
                document.depth <= semantics.SHALLOW,
                _one_line(document.document),
            )
            for receipt_us, document in enumerate(documents, start=first)
        ]
        try:
            self._client.raw_insert(
                self._lines, insert_block=b"".join(lines), fmt="TSVRaw", settings=_SETTINGS
            )
            unread = self._unread(first, self._receipt_us)
            missed = {
                receipt_us: document
                for receipt_us, document in enumerate(documents, start=first)
                if document.depth > semantics.SHALLOW or receipt_us in unread
            }
            if missed:
                self._insert_rows(missed)
        except (ClickHouseError, OSError) as error:  # OSError: no room for the temporary file
            raise unavailable(error) from error

    def _unread(self, first_us: int, last_us: int) -> set[int]:
        """Receipts, from one to another, that the guard view noted."""
        rows = self._client.query(
            "SELECT receipt_us FROM unread"
            " WHERE receipt_us BETWEEN {first:UInt64} AND {last:UInt64}",
            parameters={"first": first_us, "last": last_us},
        ).result_rows
        return {row[0] for row in rows}

    def _insert_rows(self, documents: dict[int, Accepted]) -> None:
        rows = [
            row
            for receipt_us, document in documents.items()
            for row in _rows_of(document, receipt_us)
        ]
        insert_rows(self._client, "spans", rows, _COLUMNS)


def _one_line(text: bytes) -> bytes:
    """JSON without tabs and newlines; nearly all has none, and looking costs least."""
    if b"\n" in text or b"\t" in text or b"\r" in text:
        return text.translate(_WHITE_SPACE)
    return text


def _rows_of(document: Accepted, receipt_us: int) -> list[list[object]]:
    """Rows of table `spans`, in the order of the columns."""
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
        datetime.fromtimestamp(span.receipt_us // _US_PER_S, UTC).date(),
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
        [_kind(value) for value in values],
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


def _kind(value: str | float | bool) -> int:  # noqa: FBT001  an annotation's value
    if isinstance(value, str):
        return semantics.TEXT
    return semantics.BOOLEAN if isinstance(value, bool) else semantics.NUMBER
