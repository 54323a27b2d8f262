from types import SimpleNamespace

import pytest

from fluoro.errors import StoreTimeoutError
from fluoro.store import deadline, engine
from fluoro.store.engine import time_limit, timed


class Client:
    """A connection whose queries may take so long."""

    def __init__(self, own_s):
        self._own_s = own_s

    def get_client_setting(self, key):
        return {"max_execution_time": self._own_s}.get(key)


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now_s = [100.0]
    for module in (deadline, engine):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    return now_s


def test_outside_of_a_request_there_is_none(clock):
    """Jobs have limits of their own."""
    assert deadline.left_s() is None
    assert time_limit(Client(30)) == {}


def test_each_query_has_what_those_before_it_left(clock):
    """So all of them together keep to the limit."""
    with deadline.within(30):
        assert time_limit(Client(30)) == {"max_execution_time": 30}
        clock[0] += 29
        assert time_limit(Client(30)) == {"max_execution_time": 1}
        clock[0] += 0.9999
        assert time_limit(Client(30)) == {"max_execution_time": 0.001}
        clock[0] += 0.0001
        with pytest.raises(StoreTimeoutError, match="query_timeout_s"):
            time_limit(Client(30))
    assert deadline.left_s() is None


@pytest.mark.parametrize(("own_s", "limit_s"), [("5", 5), ("0", 30), (None, 30)])
def test_no_query_has_more_than_any(clock, own_s, limit_s):
    """The connection's own limit holds too; 0 is none."""
    with deadline.within(30):
        assert time_limit(Client(own_s)) == {"max_execution_time": limit_s}


@pytest.mark.parametrize(("own_s", "took_s"), [("5", 4.9), ("0", 1000), (None, 1000)])
def test_an_answer_in_time_is_one(clock, own_s, took_s):
    """Without a limit any is."""
    with timed(Client(own_s), "SELECT 1"):
        clock[0] += took_s


@pytest.mark.parametrize("own_s", ["5", "1000", None])
def test_an_answer_at_the_limit_is_none(clock, own_s):
    """Of the connection or of the request, whichever ends first."""
    with deadline.within(5), pytest.raises(StoreTimeoutError), timed(Client(own_s), "SELECT 1"):
        clock[0] += 5


def test_a_statement_may_have_no_limit(clock):
    """It says so itself."""
    with timed(Client("5"), "CHECK TABLE spans SETTINGS max_execution_time = 0"):
        clock[0] += 1000


def test_an_error_at_the_limit_stays_what_it_is(clock):
    """The engine says more than the clock."""

    def fail():
        clock[0] += 5
        raise KeyError

    with pytest.raises(KeyError), timed(Client("5"), "SELECT 1"):
        fail()
