"""Storage on ClickHouse SQL: chDB in this process, a ClickHouse server, or a cluster."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from fluoro.model.tenant import Tenant
from fluoro.store.address import Address
from fluoro.store.edges import Edges
from fluoro.store.inserter import Inserter
from fluoro.store.keys import OWNER, owner
from fluoro.store.maintenance import Maintenance
from fluoro.store.matching import Matching
from fluoro.store.migrations import migrate
from fluoro.store.passes import Passes
from fluoro.store.pool import Limits, Pool
from fluoro.store.reader import Reader
from fluoro.store.resources import Resources
from fluoro.store.searches import Searches
from fluoro.store.storage import Accepted, BoostReport, SamplingReport

_Report = TypeVar("_Report", SamplingReport, BoostReport)
_US_PER_S = 1_000_000


def _now_us() -> int:
    return time.time_ns() // 1000


class ClickHouseStorage:
    """See `store.storage.Storage`; `insert` is for the writer's thread, all else for any."""

    def __init__(self, pool: Pool, lines: str, clock_us: Callable[[], int]) -> None:
        self._pool = pool
        self._inserter = Inserter(pool.writer, lines, clock_us, is_embedded=pool.is_embedded)
        self._reader = Reader(pool)
        passes = Passes(pool, self._inserter.newest_us)
        self._edges = Edges(pool, self._inserter, passes)
        self.graph = self._edges.graph
        self.time_series = self._edges.time_series
        self.began_us = self._edges.began_us
        self.upkeep = Maintenance(pool, self._inserter, passes, clock_us)
        resources = Resources(pool, clock_us)
        self.resources = resources.resources
        self.write_resource = resources.write_resource
        self.deleted_us = resources.deleted_us
        self._deletions = self.upkeep.deletions
        self.delete_traces = self._deletions.delete_traces
        self.delete_user = self._deletions.delete_user
        self.documents = self._reader.documents
        self.spans = self._reader.spans
        self._searches = Searches(pool)
        self.search = self._searches.search
        self.count_traces = self._searches.count_traces
        self.matching = Matching(pool, self._searches, self).matching
        self.latest_us = self._reader.latest_us
        self.regions = self._reader.regions

    @classmethod
    def open(
        cls,
        folder: Path,
        limits: Limits = Limits(),  # noqa: B008  frozen
        clock_us: Callable[[], int] = _now_us,
    ) -> "ClickHouseStorage":
        """Open the store in a folder, made and brought to this version's schema if needed.

        Raises:
            SettingsError: The folder cannot be written, or another server uses it.
            MigrationError: A newer Fluoro has written it.
        """
        return cls._on(Pool.open(folder, limits), clock_us)

    @classmethod
    def connect(
        cls,
        address: Address,
        password: str = "",
        limits: Limits = Limits(),  # noqa: B008  frozen
        clock_us: Callable[[], int] = _now_us,
    ) -> "ClickHouseStorage":
        """Open the store on ClickHouse, brought to this version's schema if needed.

        Raises:
            SettingsError: The user is refused, or there is no such cluster.
            MigrationError: A newer Fluoro has written it.
            StoreUnavailableError: It does not answer.
        """
        return cls._on(Pool.connect(address, password, limits), clock_us)

    @classmethod
    def _on(cls, pool: Pool, clock_us: Callable[[], int]) -> "ClickHouseStorage":
        try:
            storage = cls(pool, migrate(pool), clock_us)
            storage.upkeep.refresh()
        except BaseException:
            pool.close()
            raise
        return storage

    def insert(self, documents: Sequence[Accepted]) -> int:
        """See `Storage.insert`."""
        return self._deletions.insert(documents, self._inserter.insert)

    def add_sampling_reports(self, tenant: Tenant, reports: Sequence[SamplingReport]) -> None:
        """See `Storage.add_sampling_reports`."""
        self._add("sampling_reports", tenant, reports)

    def sampling_reports(self, tenant: Tenant, since_us: int) -> list[SamplingReport]:
        """See `Storage.sampling_reports`."""
        return self._reports("sampling_reports", SamplingReport, tenant, since_us)

    def add_boost_reports(self, tenant: Tenant, reports: Sequence[BoostReport]) -> None:
        """See `Storage.add_boost_reports`."""
        self._add("boost_reports", tenant, reports)

    def boost_reports(self, tenant: Tenant, since_us: int) -> list[BoostReport]:
        """See `Storage.boost_reports`."""
        return self._reports("boost_reports", BoostReport, tenant, since_us)

    def _add(self, table: str, tenant: Tenant, reports: Sequence[msgspec.Struct]) -> None:
        rows = [
            [tenant.account, tenant.region, *msgspec.structs.astuple(report)] for report in reports
        ]
        self._pool.insert(table, rows)

    def _reports(
        self, table: str, kind: type[_Report], tenant: Tenant, since_us: int
    ) -> list[_Report]:
        """The fields are the columns."""
        rows = self._pool.query(
            f"SELECT {', '.join(kind.__struct_fields__)} FROM {table}"
            f" WHERE {OWNER} AND time_us >= {{since:UInt64}} ORDER BY time_us",
            {**owner(tenant), "since": since_us},
        )
        return [kind(*row) for row in rows]

    def add_agent_report(self, tenant: Tenant, time_us: int, report: bytes) -> None:
        """See `Storage.add_agent_report`."""
        received = datetime.fromtimestamp(time_us // _US_PER_S, UTC).date()
        row = [tenant.account, tenant.region, time_us, received, report.decode()]
        self._pool.insert("agent_reports", [row])

    def check(self) -> None:
        """See `Storage.check`."""
        self._pool.query("SELECT 1")

    def close(self) -> None:
        """See `Storage.close`."""
        self._pool.close()
