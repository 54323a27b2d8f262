"""Until when the questions of one request must be answered, each query of them.

Whoever calls the store says it around the call; what asks the engine, in the same thread, obeys.
"""

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar

from fluoro.errors import StoreTimeoutError

_end_s: ContextVar[float | None] = ContextVar("end_s", default=None)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let the queries of this block take so long in all."""
    token = _end_s.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _end_s.reset(token)


def left_s() -> float | None:
    """Seconds that are left; None where there is no limit.

    Raises:
        StoreTimeoutError: None are.
    """
    end_s = _end_s.get()
    if end_s is None:
        return None
    left = end_s - time.monotonic()
    if left <= 0:
        raise StoreTimeoutError("time")
    return left
