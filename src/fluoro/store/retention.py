"""How long things are kept: whole days of receipt are dropped, and rows of impatient accounts.

A day is a partition, so a start time, however wild, neither keeps a document longer nor drops it
sooner. Source: architecture, section 7.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from fluoro.store.pool import Pool
from fluoro.store.upkeep import Dropped, Reason, Retention, Room

BY_DAY = ("documents", "spans", "agent_reports", "edges", "edge_runs")
"""Tables with columns `account` and `received`, one partition for each day of `received`."""

_DELETE = "SETTINGS mutations_sync = 2, max_execution_time = 0"


class Keeper:
    """Drops what is over by a day (`Moments.today`)."""

    def __init__(self, pool: Pool, today: Callable[[], date], dropped: Dropped) -> None:
        self._pool = pool
        self._today = today
        self._dropped = dropped

    def expire(self, retention: Retention) -> Sequence[str]:
        """See `Upkeep.expire`."""
        over = [day for day in self._days() if day < self._first_kept(retention.days)]
        for day in over:
            self._drop(day, "retention")
        accounts: defaultdict[int, list[str]] = defaultdict(list)
        for account, days in retention.by_account.items():
            if days < retention.days:
                accounts[days].append(account)
        for days, impatient in accounts.items():
            self._expire_accounts(impatient, self._first_kept(days))
        return [str(day) for day in over]

    def make_room(self, disk_bytes: int) -> Room:
        """See `Upkeep.make_room`; what merges have replaced is not counted, it goes by itself."""
        today = self._today()
        found = self._bytes_by_day()
        used = sum(found.values())
        over = []
        for day in sorted(day for day in found if day < today):
            if used <= disk_bytes:
                break
            self._drop(day, "disk")
            used -= found[day]
            over.append(str(day))
        self._dropped.room = Room(used, over, max(used - disk_bytes, 0))
        return self._dropped.room

    def _first_kept(self, days: int) -> date:
        """The oldest day of which something is younger than so many days."""
        return self._today() - timedelta(days=days)

    def _days(self) -> list[date]:
        """Every day that a table has rows of, oldest first."""
        return sorted({row[0] for table in BY_DAY for row in self._received(table)})

    def _received(self, table: str) -> Sequence[Sequence[date]]:
        return self._pool.query(f"SELECT DISTINCT received FROM {table}")

    def _bytes_by_day(self) -> dict[date, int]:
        """Bytes on disk by day of receipt; of a cluster, one replica of each shard counts."""
        rows = self._pool.query(
            f"SELECT toDate(partition), sum(bytes_on_disk) FROM {self._pool.system('parts')}"
            " WHERE active AND database = currentDatabase() AND table IN {tables:Array(String)}"
            " GROUP BY 1",
            {"tables": [self._pool.local(table) for table in BY_DAY]},
        )
        return {row[0]: row[1] for row in rows}

    def _drop(self, day: date, reason: Reason) -> None:
        freed = self._bytes_by_day().get(day, 0)
        for table in BY_DAY:
            self._pool.command(
                f"ALTER TABLE {self._pool.local(table)} DROP PARTITION {{day:String}}"
                " SETTINGS max_partition_size_to_drop = 0",
                {"day": str(day)},
            )
        self._dropped.days[reason] += 1
        self._dropped.bytes[reason] += freed

    def _expire_accounts(self, accounts: Sequence[str], first_kept: date) -> None:
        """Their rows leave the disk at once: parts that hold some are written anew, once."""
        condition = "account IN {accounts:Array(String)} AND received < {first:Date}"
        parameters = {"accounts": accounts, "first": first_kept}
        for table in BY_DAY:
            ((count,),) = self._pool.query(
                f"SELECT count() FROM {table} WHERE {condition}", parameters
            )
            if count:
                self._pool.command(
                    f"ALTER TABLE {self._pool.local(table)} DELETE WHERE {condition} {_DELETE}",
                    parameters,
                )
