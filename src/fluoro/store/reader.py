"""Questions to the tables about traces that are known: their documents and spans.

Only bound parameters carry values. Every WHERE begins with the tenant, the key's first columns.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from fluoro.model.ids import trace_id_of_hex
from fluoro.model.span import Span
from fluoro.model.tenant import Tenant
from fluoro.store.keys import OWNER, among, buckets, owner
from fluoro.store.places import NEAR_US, rows_of
from fluoro.store.pool import Parameters, Pool, Row
from fluoro.store.rows import COLUMNS, further_places, spans_of_rows
from fluoro.store.storage import Stored


class Reader:
    """Reads of one store."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def documents(self, tenant: Tenant, trace_ids: Sequence[str]) -> Mapping[str, list[Stored]]:
        """See `Storage.documents`."""
        of_traces, values = among(trace_ids)
        # Which version counts is decided here: FINAL reads the documents of whole granules before
        # it looks at the ids, and LIMIT BY takes longer to plan than a trace's rows to be read.
        rows = self._pool.query(
            "SELECT trace_id, id, ver, document, receipt_us FROM documents"
            f" WHERE {OWNER} AND {of_traces}",
            {**owner(tenant), **values},
        )
        newest = {row[:2]: row for row in sorted(rows, key=itemgetter(2))}
        found: dict[str, list[Stored]] = {}
        for trace_id, id_, _, document, receipt_us in sorted(newest.values(), key=itemgetter(4)):
            stored = Stored(f"{id_:016x}", document.encode(), receipt_us)
            found.setdefault(trace_id_of_hex(trace_id.hex()), []).append(stored)
        return found

    def spans(
        self, tenant: Tenant, trace_ids: Sequence[str], since_us: int = 0
    ) -> Mapping[str, list[Span]]:
        """See `Storage.spans`.

        Where to look is asked of the documents, and further where one went on for long. What is
        nested in a document and states to have begun more than `places.NEAR_US` before it is not
        found. The newest version of each id is taken without FINAL: a span that was resent with
        another start lies in another bucket, where FINAL does not meet it.
        """
        if not trace_ids:
            return {}
        rows = self._rows(tenant, trace_ids, set(), since_us)
        further = further_places(rows)
        if further:
            rows = [row for row in rows if row[0] not in further]
            longer = [trace_id_of_hex(digits) for digits in further]
            rows += self._rows(tenant, longer, set().union(*further.values()), since_us)
        return spans_of_rows(rows)

    def _rows(
        self, tenant: Tenant, trace_ids: Sequence[str], further: set[int], since_us: int
    ) -> Sequence[Row]:
        of_traces, values = rows_of(tenant, trace_ids, further, since_us)
        return self._pool.query(
            f"SELECT {COLUMNS} FROM spans WHERE {of_traces}"
            " ORDER BY ver DESC LIMIT 1 BY trace_id, id",
            values,
        )

    def latest_us(self, tenant: Tenant) -> int | None:
        """See `Storage.latest_us`."""
        newest = self._pool.query(
            f"SELECT toUnixTimestamp(bucket) FROM spans WHERE {OWNER} ORDER BY bucket DESC LIMIT 1",
            owner(tenant),
        )
        if not newest:
            return None
        first_us = newest[0][0] * 1_000_000 - NEAR_US
        around, range_values = buckets(first_us, 2**62)
        parameters: Parameters = {**owner(tenant), **range_values}
        rows = self._pool.query(
            "SELECT max(start) FROM (SELECT min(start_us) AS start FROM spans"
            f" WHERE {OWNER} AND {around} GROUP BY trace_id)",
            parameters,
        )
        return int(rows[0][0])

    def regions(self, account: str) -> list[str]:
        """See `Storage.regions`.

        One question a region, each of a granule or two in the order of the key: all rows of an
        account would take long.
        """
        found = [""]
        while True:
            rows = self._pool.query(
                "SELECT region FROM spans WHERE account = {account:String}"
                " AND region > {last:String} ORDER BY account, region LIMIT 1",
                {"account": account, "last": found[-1]},
            )
            if not rows:
                return found[1:]
            found.append(rows[0][0])
