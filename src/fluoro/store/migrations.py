"""The schema, in numbered steps that only go forward.

`sql/NNN_*.sql` are applied once each, in order, and noted in `schema_versions`. The views are
generated (`store.semantics`) and made anew at each start, so that they always fit this version.
"""

import re
from importlib import resources

from clickhouse_connect.driver.client import Client

from fluoro.errors import MigrationError
from fluoro.store import semantics

_STEP = re.compile(r"(\d{3})_\w+\.sql\Z")
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)


def steps() -> dict[int, list[str]]:
    """Statements of each step, by its number."""
    found: dict[int, list[str]] = {}
    for file in resources.files("fluoro.store.sql").iterdir():
        if match := _STEP.match(file.name):
            text = _COMMENT.sub("", file.read_text(encoding="utf-8"))
            found[int(match[1])] = [part for part in text.split(";\n") if part.strip()]
    return dict(sorted(found.items()))


def migrate(client: Client) -> None:
    """Bring the store to this version's schema.

    Raises:
        MigrationError: A newer Fluoro has written it.
    """
    client.command(
        "CREATE TABLE IF NOT EXISTS schema_versions (version UInt32, applied DateTime('UTC'))"
        " ENGINE = MergeTree ORDER BY version"
    )
    all_steps = steps()
    current = int(str(client.command("SELECT max(version) FROM schema_versions")))
    if current > max(all_steps):
        raise MigrationError(
            f"the store has schema version {current}, this Fluoro knows {max(all_steps)}:"
            " start the Fluoro that wrote it, or a newer one"
        )
    for version, statements in all_steps.items():
        if version > current:
            for statement in statements:
                client.command(statement)
            client.command(f"INSERT INTO schema_versions VALUES ({version}, now('UTC'))")
    _make_views(client)


def _make_views(client: Client) -> None:
    views = semantics.views()
    for table in views:
        client.command(f"DROP VIEW IF EXISTS {table}_view")
    for table, select in views.items():
        if table in semantics.STAGES:
            client.command(f"DROP TABLE IF EXISTS {table}")
            client.command(
                f"CREATE TABLE {table} ENGINE = Null AS SELECT * FROM ({select}) LIMIT 0"
            )
        client.command(f"CREATE MATERIALIZED VIEW {table}_view TO {table} AS {select}")
