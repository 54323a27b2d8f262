"""Who waits for whom at the connections of one engine."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fluoro.errors import StoreTimeoutError, StoreUnavailableError
from fluoro.store import deadline
from fluoro.store.pool import Limits, Pool

PATIENCE_S = 30


@pytest.fixture
def pool(tmp_path):
    """With one reader."""
    opened = Pool.open(tmp_path / "data", Limits(readers=1))
    yield opened
    opened.close()


def test_jobs_hold_no_connection_of_requests(pool):
    """However many are under way, a request has the one reader, and they have their own."""
    with contextlib.ExitStack() as jobs:
        for number in range(3):
            (opened,) = pool.sessions()
            jobs.enter_context(opened).make("held", f"SELECT {number} AS number")
        with deadline.within(PATIENCE_S):
            assert list(pool.query("SELECT 1")) == [(1,)]


def test_a_request_holds_up_no_job(pool):
    """The heartbeat must not wait for a read that takes long."""
    with deadline.within(PATIENCE_S):
        (opened,) = pool.sessions()
        with opened, ThreadPoolExecutor(1) as job:
            assert list(job.submit(pool.query, "SELECT 1").result(PATIENCE_S)) == [(1,)]


def test_a_request_without_a_connection_in_time_may_come_again(pool):
    """It did not take too long by itself, so no shorter range would help."""

    def ask():
        with deadline.within(0.05):
            pool.query("SELECT 1")

    with deadline.within(PATIENCE_S):
        (opened,) = pool.sessions()
        with (
            opened,
            ThreadPoolExecutor(1) as other,
            pytest.raises(StoreUnavailableError, match="no connection"),
        ):
            other.submit(ask).result(PATIENCE_S)
    with deadline.within(PATIENCE_S):
        assert list(pool.query("SELECT 1")) == [(1,)]


@pytest.mark.parametrize("call", ["make", "query"])
def test_a_sessions_statement_has_the_time_that_is_left(pool, call):
    """As any other question of a request."""
    slow = "SELECT sum(cityHash64(number)) AS mixed FROM numbers(1_000_000_000_000)"
    (opened,) = pool.sessions()
    with opened as session:
        statement = {
            "make": lambda: session.make("slow", slow),
            "query": lambda: session.query(slow),
        }[call]
        began_s = time.monotonic()
        with deadline.within(0.2), pytest.raises(StoreTimeoutError, match="query_timeout_s"):
            statement()
    assert time.monotonic() - began_s < 10, "the connection's own limit ended it"


def test_no_answer_is_cut_short_at_its_limit(pool):
    """An engine that runs out of time between two blocks gives those that it has."""
    lengths = []
    for number in range(180):
        with contextlib.suppress(StoreTimeoutError), deadline.within((1 + number % 6) / 1000):
            lengths.append(len(pool.query("SELECT number FROM numbers(200_000)")))
    assert set(lengths) <= {200_000}
    assert len(lengths) < 180
    assert len(pool.query("SELECT number FROM numbers(200_000)")) == 200_000


def test_a_statement_without_limit_takes_as_long_as_it_does(pool):
    """A check, or what a deletion looks for: its text says so, and the engine obeys it."""
    with pool._reader() as client:
        client.set_client_setting("max_execution_time", 0.05)
    slow = "SELECT sum(sleepEachRow(0.05)) FROM numbers(4)"
    with pytest.raises(StoreTimeoutError):
        pool.query(slow)
    assert list(pool.query(f"{slow} SETTINGS max_execution_time = 0")) == [(0,)]


def test_an_error_that_quotes_an_id_is_known_by_its_number(pool):
    """Ids are bytes, which may be no text; so an error by memory is still one."""
    failing = (
        "SELECT throwIf(1, '\\x84', 241::Int16) SETTINGS allow_custom_error_code_in_throwif = 1"
    )
    with pytest.raises(StoreTimeoutError, match="memory"):
        pool.query(failing)
    with pytest.raises(StoreUnavailableError, match="Code: 395"):
        pool.query("SELECT throwIf(1, '\\x84')")


def test_a_query_has_its_threads_however_small_the_machine(tmp_path):
    """The engine takes them away when there is no gigabyte of memory for each."""
    opened = Pool.open(tmp_path / "data", Limits(memory_bytes=1_500_000_000, threads=2))
    try:
        plan = opened.query("EXPLAIN PIPELINE SELECT sum(number) FROM numbers_mt(100_000_000)")
    finally:
        opened.close()
    assert any("\N{MULTIPLICATION SIGN} 2" in line for (line,) in plan)
