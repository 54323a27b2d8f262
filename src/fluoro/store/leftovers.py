"""What a failed query had written stays in a connection of chDB, before the next answer.

Seen with chDB 26.9: a query that fails after its first rows, by its memory say, leaves them behind,
and whoever asks next on the connection is given them. See `tests/store/test_leftovers.py`.
"""

import contextlib
from collections.abc import Callable
from typing import Any

from clickhouse_connect.driver.client import Client

_CALLS = ("query", "command", "raw_insert")
"""What the store calls of a client."""


def without_leftovers(client: Client) -> Client:
    """The same connection, which is emptied after each call that failed, before any other."""
    asked = _Asked(client)
    for name in _CALLS:
        setattr(client, name, asked.calling(name))
    return client


class _Asked:
    """Calls of one client; `raw_query`, which the store does not use otherwise, empties it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._may_hold_rows = False

    def calling(self, name: str) -> Callable[..., Any]:
        """A method of the client; before it the connection is emptied, if need be, or it fails."""

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._may_hold_rows:
                self._empty()
            try:
                return getattr(type(self._client), name)(self._client, *args, **kwargs)
            except BaseException:
                self._may_hold_rows = True
                with contextlib.suppress(Exception):  # tried again before the next call
                    self._empty()
                raise

        return call

    def _empty(self) -> None:
        self._client.raw_query("SELECT 1", fmt="TabSeparated")
        self._may_hold_rows = False
