"""Where each table lives: the one place that knows it.

On one node every table is what a migration says. On a cluster the tables of `SHARDED` are spread
by trace: table X of a migration becomes `X_local` on every node, and X itself stands for all of
them. So a trace's rows lie together, and what joins them stays on a shard. Every other table lives
on the first shard alone. Source: architecture, section 7.
"""

import re
from collections.abc import Mapping

import msgspec

_BY_TRACE = "cityHash64(trace_id)"

SHARDED: Mapping[str, str] = {
    "incoming": "cityHash64(toFixedString(unhex(trace_id), 16))",
    "documents": _BY_TRACE,
    "spans": _BY_TRACE,
    "unread": "",
}
"""Sharded tables, each with what decides the shard of a row that is inserted into X.

Rows of those without it come to be on their shard (by a view, by `Pool.command`) and are never
inserted through X, which ClickHouse refuses.
"""

_TABLE = re.compile(
    r"\s*(?:CREATE\s+TABLE\s+IF\s+NOT\s+EXISTS|ALTER\s+TABLE|DROP\s+TABLE\s+IF\s+EXISTS"
    r"|INSERT\s+INTO)\s+(\w+)",
    re.IGNORECASE,
)
_ENGINE = re.compile(r"(\bENGINE = )(\w*MergeTree)\b(?:\(([^)]*)\))?")
_REPLICA = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
"""Macros of each server, and of ClickHouse itself; a path with {uuid} needs ON CLUSTER."""


class Layout(msgspec.Struct, frozen=True):
    """One node, or a cluster."""

    cluster: str = ""
    """Its name; empty for one node."""
    is_replicated: bool = False

    def local(self, table: str) -> str:
        """Name of the table with the rows that a node itself keeps."""
        return f"{table}_local" if self.cluster and table in SHARDED else table

    def is_spread(self, sql: str) -> bool:
        """Whether a statement names the local part of a sharded table."""
        return any(
            self.local(table) != table and re.search(rf"\b{self.local(table)}\b", sql)
            for table in SHARDED
        )

    def statements(self, statement: str, *, is_first_shard: bool) -> list[str]:
        """What a node runs for one statement of a migration.

        Raises:
            ValueError: The statement is none that makes, changes, fills or removes a table (a bug).
        """
        match = _TABLE.match(statement)
        if match is None:
            raise ValueError(f"no place is known for {statement!r}")
        table = match[1]
        if self.is_replicated:
            statement = _ENGINE.sub(_replicated, statement)
        if self.local(table) == table:
            return [statement] if is_first_shard else []
        own = f"{statement[: match.start(1)]}{self.local(table)}{statement[match.end(1) :]}"
        if statement.lstrip().upper().startswith("DROP"):
            return [f"DROP TABLE IF EXISTS {table}", own]
        spread = self.spread(table, self.local(table), SHARDED[table])
        return [own, f"CREATE OR REPLACE TABLE {spread}"]

    def spread(self, table: str, local: str, by: str) -> str:
        """Name and definition of a table that stands for `local` of every shard."""
        key = f", {by}" if by else ""
        return (
            f"{table} AS {local}"
            f" ENGINE = Distributed('{self.cluster}', currentDatabase(), {local}{key})"
        )


def _replicated(match: re.Match[str]) -> str:
    arguments = ", ".join(filter(None, (_REPLICA, match[3])))
    return f"{match[1]}Replicated{match[2]}({arguments})"
