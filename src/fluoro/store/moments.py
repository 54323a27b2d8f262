"""Times of runs and notes, which say what of a minute counts: the later one (ADR 036)."""

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

from fluoro.store.pool import Pool

_US_PER_S = 1_000_000
_MOST_APART_US = 65_536
"""Small, so that the clock is soon the later again."""


class Moments:
    """Now, and later than every run and note before, also after a clock was set back."""

    def __init__(self, pool: Pool, clock_us: Callable[[], int]) -> None:
        self._pool = pool
        self._clock_us = clock_us
        self._lock = threading.Lock()
        self._latest_us: int | None = None

    def next_us(self) -> int:
        """Epoch microseconds, for one run or note.

        By how much it is later than the latest, where the clock is behind, is left to chance: a
        server that was killed may have left rows of a run that nothing names.

        Raises:
            StoreTimeoutError: Asking for the latest of the store took too long.
            StoreUnavailableError: The engine failed.
        """
        with self._lock:
            if self._latest_us is None or not self._pool.is_embedded:  # others write there, too
                self._latest_us = max(self._latest_us or 0, self._stored_us())
            least_us = self._latest_us + 1 + secrets.randbelow(_MOST_APART_US)
            self._latest_us = max(self._clock_us(), least_us)
            return self._latest_us

    def today(self) -> date:
        """By the clock (UTC): a moment may be ahead of it, and what is kept for days is not."""
        return datetime.fromtimestamp(self._clock_us() // _US_PER_S, UTC).date()

    def _stored_us(self) -> int:
        ((latest_us,),) = self._pool.query("SELECT max(run) FROM edge_runs")
        return int(latest_us)
