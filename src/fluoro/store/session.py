"""Several statements on one connection, which share temporary tables."""

import uuid
from collections.abc import Sequence

from clickhouse_connect.driver.client import Client

from fluoro.store.engine import Parameters, Row, timed, translated

_IDLE_S = 60
"""After this a server forgets a session that nobody closed."""


class Session:
    """A borrowed connection; its temporary tables go with `close`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._settings: dict[str, object] = {
            "session_id": uuid.uuid4().hex,
            "session_timeout": _IDLE_S,
        }
        self._tables: set[str] = set()

    def make(self, table: str, select: str, parameters: Parameters | None = None) -> None:
        """Make a temporary table of the rows of a SELECT.

        Raises:
            StoreTimeoutError: It took more time or memory than one query may.
            StoreUnavailableError: The engine failed.
        """
        self._tables.add(table)
        with translated(), timed(self._client, select) as limit:
            if limit:  # in the text: chDB's client would set it and set it back, in three more
                select += " SETTINGS " + ", ".join(f"{name} = {limit[name]}" for name in limit)
            self._client.command(
                f"CREATE OR REPLACE TEMPORARY TABLE {table} ENGINE = Memory AS {select}",
                parameters=dict(parameters or {}),
                settings=self._settings,
            )

    def query(self, sql: str, parameters: Parameters | None = None) -> Sequence[Row]:
        """Rows of a SELECT; errors as those of `make`."""
        with translated(), timed(self._client, sql) as limit:
            rows: Sequence[Row] = self._client.query(
                sql, parameters=dict(parameters or {}), settings=self._settings | limit
            ).result_rows
            return rows

    def close(self) -> None:
        """Drop the temporary tables."""
        for table in self._tables:
            with translated():
                self._client.command(
                    f"DROP TEMPORARY TABLE IF EXISTS {table}", settings=self._settings
                )
        self._tables.clear()
