"""What an account keeps besides traces: rules, groups, policies, settings, as revisions of JSON.

No lock: a writer inserts revision n + 1 and reads back whose row counts. Source: architecture, 8.
"""

import uuid
from collections.abc import Callable

import msgspec

from fluoro.errors import ResourceChangedError
from fluoro.model.tenant import Tenant
from fluoro.store.keys import OWNER, owner
from fluoro.store.pool import Pool


def _newest(only: str = "1") -> str:
    """The row that counts of each name."""
    return (
        "SELECT name, revision, is_deleted, body, written_us, writer FROM resources"
        f" WHERE {OWNER} AND kind = {{kind:String}} AND {only}"
        " ORDER BY name, revision DESC, _block_number LIMIT 1 BY name"
    )


class Resource(msgspec.Struct, frozen=True):
    """The newest revision of one thing."""

    kind: str
    name: str
    revision: int
    """Counts from 1 and goes on after a deletion."""
    body: str
    """JSON."""
    written_us: int
    """Epoch microseconds."""


class Resources:
    """Resources of one store."""

    def __init__(self, pool: Pool, clock_us: Callable[[], int]) -> None:
        self._pool = pool
        self._clock_us = clock_us

    def resources(self, tenant: Tenant, kind: str) -> list[Resource]:
        """See `Storage.resources`."""
        rows = self._pool.query(_newest(), {**owner(tenant), "kind": kind})
        return [
            Resource(kind, name, revision, body, written_us)
            for name, revision, is_deleted, body, written_us, _ in rows
            if not is_deleted
        ]

    def deleted_us(self, tenant: Tenant, kind: str) -> int:
        """See `Storage.deleted_us`."""
        ((newest_us,),) = self._pool.query(
            f"SELECT max(written_us) FROM resources WHERE {OWNER} AND kind = {{kind:String}}"
            " AND is_deleted",
            {**owner(tenant), "kind": kind},
        )
        return int(newest_us)

    def write_resource(
        self, tenant: Tenant, kind: str, name: str, body: str | None, after: int
    ) -> Resource:
        """See `Storage.write_resource`."""
        writer = uuid.uuid4().hex
        known, was_deleted, _ = self._newest(tenant, kind, name)
        if after != (0 if was_deleted else known):
            raise changed(kind, name)
        written_us = self._clock_us()
        revision, text = known + 1, body or ""
        self._pool.insert(
            "resources",
            [
                [
                    *(tenant.account, tenant.region, kind, name, revision),
                    *(writer, written_us, body is None, text),
                ]
            ],
        )
        newest, _, its_writer = self._newest(tenant, kind, name)
        if newest == revision and its_writer != writer:
            raise changed(kind, name)
        return Resource(kind, name, revision, text, written_us)

    def _newest(self, tenant: Tenant, kind: str, name: str) -> tuple[int, bool, str]:
        """Revision of the newest row, whether it deletes, and who wrote it."""
        rows = self._pool.query(
            _newest("name = {name:String}"),
            {**owner(tenant), "kind": kind, "name": name},
        )
        for _, revision, is_deleted, _, _, writer in rows:
            return revision, is_deleted, writer
        return 0, True, ""


def changed(kind: str, name: str) -> ResourceChangedError:
    """Somebody else was faster."""
    return ResourceChangedError(f"The {kind} {name} was changed meanwhile; try again")
