"""Times of runs and notes, which say what of a minute counts: the later one (ADR 036)."""

import threading
from collections.abc import Callable

from fluoro.store.pool import Pool


class Moments:
    """Now, and later than every run and note before, also after a clock was set back.

    Raises:
        StoreTimeoutError: Asking for the latest of the store took too long.
        StoreUnavailableError: The engine failed.
    """

    def __init__(self, pool: Pool, clock_us: Callable[[], int]) -> None:
        self._clock_us = clock_us
        self._lock = threading.Lock()
        ((latest_us,),) = pool.query(
            "SELECT greatest((SELECT max(run) FROM edge_runs),"
            " (SELECT max(noted_us) FROM stale_minutes))"
        )
        self._latest_us = int(latest_us)

    def next_us(self) -> int:
        """Epoch microseconds, for one run or note."""
        with self._lock:
            self._latest_us = max(self._clock_us(), self._latest_us + 1)
            return self._latest_us
