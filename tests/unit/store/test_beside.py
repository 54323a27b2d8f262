"""Second questions of a request: beside the first one when the request is alone."""

import threading
from collections.abc import Iterator

import pytest

from fluoro.errors import StoreTimeoutError
from fluoro.store import deadline
from fluoro.store.beside import Beside

LIMIT_S = 10


@pytest.fixture
def beside() -> Iterator[Beside]:
    made = Beside(lambda: True)
    yield made
    made.close()


def test_a_request_that_is_alone_asks_beside(beside):
    """The second question is answered while its thread has something else to do."""
    answered = threading.Event()
    beside.ask(answered.set)
    assert answered.wait(LIMIT_S)


def test_one_that_is_not_alone_asks_when_it_wants_the_answer():
    """So it never has two of the store's connections."""
    beside, asked = Beside(lambda: False), []
    answer = beside.ask(lambda: asked.append(threading.current_thread()))
    assert not asked
    answer()
    assert asked == [threading.current_thread()]
    beside.close()


def test_no_more_are_asked_beside_than_there_are_connections(beside):
    """Another one waits for its own thread."""
    go_on = threading.Event()
    first = beside.ask(go_on.wait, LIMIT_S)
    second = beside.ask(threading.current_thread)
    assert second() is threading.current_thread()
    go_on.set()
    assert first()


def test_what_was_raised_is_raised_to_who_asked(beside):
    """And the connection is free again afterwards."""
    answer = beside.ask(int, "no number")
    with pytest.raises(ValueError, match="no number"):
        answer()
    answered = threading.Event()
    beside.ask(answered.set)
    assert answered.wait(LIMIT_S)


def test_after_the_end_a_request_asks_for_itself(beside):
    """One that outlived the server's stop still gets its answer."""
    beside.close()
    assert beside.ask(threading.current_thread)() is threading.current_thread()
    assert beside.ask(threading.current_thread)() is threading.current_thread()


def test_the_deadline_holds_beside(beside):
    """It is the request's."""
    with deadline.within(-1):
        answer = beside.ask(deadline.left_s)
    with pytest.raises(StoreTimeoutError):
        answer()
