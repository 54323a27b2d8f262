"""Deletion of traces: gone from every read when the call returns, and refused when sent again.

A tombstone is written first, so that nothing of the trace is kept any more; then its rows are
masked, which every read respects; `purge` takes them off the disk. Source: architecture, section 7.
"""

import threading
from collections.abc import Callable, Iterator, Sequence

from fluoro.model.ids import trace_id_hex, trace_id_of_hex
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store import edge_table
from fluoro.store.keys import OWNER, TRACES, owner, traces
from fluoro.store.moments import Moments
from fluoro.store.pool import Pool
from fluoro.store.storage import Accepted
from fluoro.store.upkeep import Dropped

_BY_TRACE = ("spans", "documents")
"""Tables with rows of a trace, in the order in which they lose them: searches first."""

_AT_A_TIME = 2000
"""Traces of one statement: each costs a look at every part, and over HTTP 128 KB are the most."""

_NO_LIMIT = "SETTINGS max_execution_time = 0"
_DELETE = "SETTINGS lightweight_deletes_sync = 2, max_execution_time = 0"

_LOOK_BACK_US = 60_000_000
"""Most that the clocks of two replicas differ, together with an insert of a tombstone."""

_AGAIN_US = 600_000_000
"""How long a document of a deleted trace can come through a replica that did not know of it: its
heartbeat, and an insert that was under way, with much to spare."""


class Deletions:
    """Tombstones, and what they are for.

    In memory a deleted trace takes about 100 bytes.
    """

    def __init__(
        self, pool: Pool, clock_us: Callable[[], int], moments: Moments, dropped: Dropped
    ) -> None:
        self._pool = pool
        self._clock_us = clock_us
        self._moments = moments
        self._dropped = dropped
        self._inserting = threading.Lock()
        self._learning = threading.Lock()
        self._refused: dict[Tenant, set[bytes]] = {}
        """Ids (16 bytes) of deleted traces; empty most times."""
        self._known_us = 0
        """Newest deletion among them."""
        self._looked_us = 0
        """When `delete_again` last looked; the first time at all, for a kill amid a deletion."""

    def insert(
        self, documents: Sequence[Accepted], insert: Callable[[Sequence[Accepted]], None]
    ) -> int:
        """Insert what is of no deleted trace.

        Returns:
            How many were of one.
        """
        with self._inserting:
            kept = documents
            if self._refused:
                kept = [document for document in documents if not self._is_refused(document)]
            insert(kept)
        return len(documents) - len(kept)

    def settle(self) -> None:
        """Return when every insert that is under way has ended."""
        with self._inserting:
            pass

    def _is_refused(self, document: Accepted) -> bool:
        refused = self._refused.get(document.tenant, ())
        return bytes.fromhex(trace_id_hex(document.trace_id)) in refused

    def delete_traces(self, tenant: Tenant, trace_ids: Sequence[str], until_us: int) -> int:
        """See `Storage.delete_traces`."""
        found = 0
        until_us = min(until_us, LAST_US)
        for some in _batches(trace_ids):
            self._entomb(tenant, some, until_us)
            found += self._delete(tenant, some)
        self._dropped.deleted_traces += found
        return found

    def delete_user(self, tenant: Tenant, user: str, until_us: int) -> int:
        """See `Storage.delete_user`."""
        rows = self._pool.query(
            f"SELECT DISTINCT lower(hex(trace_id)) FROM spans WHERE {OWNER}"
            f" AND user = {{user:String}} {_NO_LIMIT}",
            {**owner(tenant), "user": user},
        )
        return self.delete_traces(tenant, [trace_id_of_hex(row[0]) for row in rows], until_us)

    def refresh(self) -> None:
        """See `Upkeep.refresh`."""
        now_us = self._clock_us()
        with self._learning:
            for tenant, ids, deleted_us in self._tombstones(self._known_us - _LOOK_BACK_US, now_us):
                self._refused.setdefault(tenant, set()).update(ids)
                self._known_us = max(self._known_us, deleted_us)

    def delete_again(self) -> int:
        """See `Upkeep.delete_again`."""
        now_us = self._clock_us()
        found = 0
        for tenant, ids, _ in self._tombstones(self._looked_us - _AGAIN_US, now_us):
            for some in _batches([trace_id_of_hex(each.hex()) for each in ids]):
                found += self._delete(tenant, some)
        self._looked_us = now_us
        return found

    def purge(self) -> None:
        """See `Upkeep.purge`."""
        purge(self._pool)
        now_us = self._clock_us()
        with self._learning:
            self._refused = {tenant: set(ids) for tenant, ids, _ in self._tombstones(0, now_us)}

    def _tombstones(self, since_us: int, now_us: int) -> Iterator[tuple[Tenant, list[bytes], int]]:
        """Those that hold and were made since then, by tenant, and when the newest was."""
        rows = self._pool.query(
            "SELECT account, region, groupUniqArray(lower(hex(trace_id))), max(deleted_us)"
            " FROM tombstones WHERE deleted_us >= {since:Int64} AND until_us > {now:UInt64}"
            " GROUP BY account, region",
            {"since": since_us, "now": now_us},
        )
        for account, region, ids, deleted_us in rows:
            yield Tenant(account, region), [bytes.fromhex(each) for each in ids], deleted_us

    def _entomb(self, tenant: Tenant, trace_ids: Sequence[str], until_us: int) -> None:
        """Nothing of these traces is kept once this has returned, here; see `delete_again`."""
        now_us = self._clock_us()
        ids = [bytes.fromhex(trace_id_hex(trace_id)) for trace_id in trace_ids]
        with self._learning:
            self._pool.command(
                "INSERT INTO tombstones SELECT {account:String}, {region:String},"
                " toFixedString(unhex(arrayJoin({traces:Array(String)})), 16),"
                " {now:UInt64}, {until:UInt64}",
                {**owner(tenant), **traces(trace_ids), "now": now_us, "until": until_us},
            )
            self._refused.setdefault(tenant, set()).update(ids)
        self.settle()  # an insert that was under way did not know of it

    def _delete(self, tenant: Tenant, trace_ids: Sequence[str]) -> int:
        """Mask the rows of these traces; how many of the traces had any."""
        condition = f"{OWNER} AND {TRACES}"
        parameters = {**owner(tenant), **traces(trace_ids)}
        found: set[str] = set()
        for table in _BY_TRACE:
            rows = self._pool.query(
                f"SELECT DISTINCT hex(trace_id) FROM {table} WHERE {condition} {_NO_LIMIT}",
                parameters,
            )
            found.update(row[0] for row in rows)
        if not found:
            return 0
        minutes = self._minutes(tenant, trace_ids)
        self._note_stale(tenant, minutes)
        for table in _BY_TRACE:
            self._pool.command(
                f"DELETE FROM {self._pool.local(table)} WHERE {condition} {_DELETE}", parameters
            )
        self._note_stale(tenant, minutes)
        return len(found)

    def _minutes(self, tenant: Tenant, trace_ids: Sequence[str]) -> list[int]:
        """Minutes since 1970 in which a span of them ended."""
        rows = self._pool.query(
            "SELECT DISTINCT intDiv(least(start_us + dur_us, {latest:Int64}), 60000000)"
            f" FROM spans WHERE {OWNER} AND {TRACES} {_NO_LIMIT}",
            {**owner(tenant), **traces(trace_ids), "latest": LAST_US},
        )
        return [row[0] for row in rows]

    def _note_stale(self, tenant: Tenant, minutes: Sequence[int]) -> None:
        """Before the rows go, for a kill in between; and after, for a run that still saw them."""
        if minutes:
            edge_table.note(
                self._pool, tenant, minutes, self._moments.next_us(), self._moments.today()
            )


def purge(pool: Pool) -> None:
    """Write the parts with deleted rows anew, without them."""
    for table in _BY_TRACE:
        local = pool.local(table)
        ((masked,),) = pool.query(
            f"SELECT count() FROM {pool.system('parts')} WHERE active"
            " AND database = currentDatabase() AND table = {table:String}"
            " AND has_lightweight_delete",
            {"table": local},
        )
        if masked:
            pool.command(
                f"ALTER TABLE {local} APPLY DELETED MASK"
                " SETTINGS mutations_sync = 2, max_execution_time = 0"
            )


def _batches(trace_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(trace_ids), _AT_A_TIME):
        yield trace_ids[first : first + _AT_A_TIME]
