"""Documents into the tables: lines for the views, or rows that are made in Python."""

import threading
from collections.abc import Callable, Mapping, Sequence

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from fluoro.model.ids import trace_id_hex
from fluoro.store import semantics
from fluoro.store.engine import unavailable
from fluoro.store.made_rows import SETTINGS, insert_spans, insert_whole
from fluoro.store.storage import Accepted

_WHITE_SPACE = bytes.maketrans(b"\t\n\r", b"   ")
"""Between tokens they mean the same; inside a JSON string they are always escaped."""

SMALL_BYTES = 200_000
"""Documents of so few bytes go into an embedded store as rows made in Python, which costs less than
planning the views does (ADR 031)."""


class Inserter:
    """The only writer of documents in this process; used by one thread.

    Another server may write to the same ClickHouse. Should both stamp one microsecond on two
    documents with one id, either may count; a document that both got counts once.
    """

    def __init__(
        self, client: Client, lines: str, clock_us: Callable[[], int], *, is_embedded: bool
    ) -> None:
        self._client = client
        self._lines = lines
        """The table that the views of this version read (`migrations.migrate`)."""
        self._is_embedded = is_embedded
        self._clock_us = clock_us
        self._settling = threading.Lock()
        self._open_us: int | None = None
        """First receipt of the insert that is under way."""
        newest = "SELECT max(received) FROM documents"
        last = client.command(f"SELECT max(receipt_us) FROM documents WHERE received = ({newest})")
        self._receipt_us = int(str(last))

    @property
    def settled_us(self) -> int:
        """Every receipt up to it is in the tables, or was refused; a later one may be under way.

        The clock would not do for an embedded store: set back, it would give later documents
        receipts that a pass has covered. Beside a ClickHouse other servers give out theirs.
        """
        with self._settling:
            if self._open_us is not None:
                return self._open_us - 1
            return self._receipt_us if self._is_embedded else self._clock_us() - 1

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
            numbered = dict(enumerate(documents, start=first))
            if self._is_small(documents):
                insert_whole(self._client, numbered)
            else:
                self._insert_lines(numbered)
        except (ClickHouseError, OSError) as error:  # OSError: no room for the temporary file
            raise unavailable(error) from error
        finally:
            self._open_us = None

    def _is_small(self, documents: Sequence[Accepted]) -> bool:
        """Never for a ClickHouse: a server whose views are gone must not write there (ADR 016)."""
        size_bytes = sum(len(document.document) for document in documents)
        return self._is_embedded and size_bytes <= SMALL_BYTES

    def _insert_lines(self, documents: Mapping[int, Accepted]) -> None:
        """Leave documents, by receipt, to the views, and make the rows of what they do not read."""
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
            for receipt_us, document in documents.items()
        ]
        self._client.raw_insert(
            self._lines, insert_block=b"".join(lines), fmt="TSVRaw", settings=SETTINGS
        )
        unread = self._unread(min(documents), max(documents))
        missed = {
            receipt_us: document
            for receipt_us, document in documents.items()
            if document.depth > semantics.SHALLOW or receipt_us in unread
        }
        if missed:
            insert_spans(self._client, missed)

    def _unread(self, first_us: int, last_us: int) -> set[int]:
        """Receipts, from one to another, that the guard view noted."""
        rows = self._client.query(
            "SELECT receipt_us FROM unread"
            " WHERE receipt_us BETWEEN {first:UInt64} AND {last:UInt64}",
            parameters={"first": first_us, "last": last_us},
        ).result_rows
        return {row[0] for row in rows}


def _one_line(text: bytes) -> bytes:
    """JSON without tabs and newlines; nearly all has none, and looking costs least."""
    if b"\n" in text or b"\t" in text or b"\r" in text:
        return text.translate(_WHITE_SPACE)
    return text
