"""A query that failed leaves nothing of its answer to whoever asks next on its connection."""

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from fluoro.errors import StoreError
from fluoro.store import deadline
from fluoro.store.clickhouse import ClickHouseStorage

FAILS = (
    "SELECT throwIf(number = 300000) AS fails, 'secret' AS whose FROM numbers(1000000)"
    " SETTINGS max_block_size = 1000, max_threads = 1"
)
"""After many rows."""


@pytest.fixture
def pool(tmp_path):
    storage = ClickHouseStorage.open(tmp_path)
    yield storage._pool
    storage.close()


def fail(ask):
    with pytest.raises((DatabaseError, StoreError), match="throwIf"):
        ask(FAILS)


def test_a_request_after_one_that_failed(pool):
    """Both have the same reader, the one that was used last."""
    with deadline.within(60):
        fail(pool.query)
        assert list(pool.query("SELECT 42")) == [(42,)]


def test_a_command_after_one_that_failed(pool):
    """On the connections for commands."""
    fail(pool.nodes[0].command)
    assert pool.nodes[0].command("SELECT 42") == "42"


def test_statements_that_share_tables(pool):
    """On one connection, failed ones among them."""
    with next(pool.sessions()) as session:
        fail(session.query)
        assert list(session.query("SELECT 42")) == [(42,)]


def test_the_writer(pool):
    """What it asks after an insert says which documents are left to Python."""
    fail(pool.writer.query)
    assert pool.writer.query("SELECT 42").result_rows == [(42,)]


def test_a_connection_that_cannot_be_emptied_gives_no_answer(pool, monkeypatch):
    """Until it can be."""
    client = pool.writer

    def no_room(*_, **__):
        raise DatabaseError("no memory for it")

    with monkeypatch.context() as patch:
        patch.setattr(client, "raw_query", no_room)
        fail(client.query)
        with pytest.raises(DatabaseError, match="no memory for it"):
            client.query("SELECT 42")
    assert client.query("SELECT 42").result_rows == [(42,)]
