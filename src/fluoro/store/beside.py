"""A second question of a request, asked of the store while its first one is under way."""

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

CONNECTIONS = 1
"""Readers' connections that it takes besides those of requests."""


class Ask(Protocol):
    """Has a function called, and gives what waits for its result (`Beside.ask`)."""

    def __call__(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Callable[[], T]:
        """Begin to call it, or not yet.

        Returns:
            What gives its result, or raises its error, once it is there.
        """


def later(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
    """Have it called when its result is wanted: one thing after the other."""
    return functools.partial(function, *args, **kwargs)


class Beside:
    """For requests that are alone; one that is not asks one thing after the other.

    So second questions never take from other requests what their first ones need.
    """

    def __init__(self, is_alone: Callable[[], bool]) -> None:
        self._is_alone = is_alone
        self._free = threading.Semaphore(CONNECTIONS)
        self._threads = ThreadPoolExecutor(CONNECTIONS, "beside")

    def ask(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        """Begin to call a function that reads the store, within the request's deadline.

        Returns:
            What gives its result, or raises its error, once it is there. A request that was not
            alone calls the function then, as one does while another's question is still asked.
        """
        call = later(function, *args, **kwargs)
        if not self._is_alone() or not self._free.acquire(blocking=False):
            return call
        try:
            return self._threads.submit(copy_context().run, self._freeing, call).result
        except RuntimeError:  # it is closed
            self._free.release()
            return call

    def _freeing(self, call: Callable[[], T]) -> T:
        try:
            return call()
        finally:
            self._free.release()

    def close(self) -> None:
        """Wait for what is under way."""
        self._threads.shutdown()
