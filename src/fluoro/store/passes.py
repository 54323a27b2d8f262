"""Table `edge_passes`: up to which receipt the minutes of every document were noted."""

from fluoro.store.pool import Pool

_OVERLAP_US = 120_000_000
"""Longest time that another server's insert takes, with the difference between both clocks."""


class Passes:
    """Of one store; an embedded one has no other writer, so what was written last is remembered."""

    def __init__(self, pool: Pool, newest_us: int) -> None:
        """Of a store whose newest document has a receipt, now that its server starts."""
        self._pool = pool
        self._newest_us = newest_us
        self._covered_us: int | None = None

    @property
    def overlap_us(self) -> int:
        """How far before the last pass documents may be that it did not see.

        0 with an embedded store, whose one writer says what is settled (`Inserter.settled_us`).
        """
        return 0 if self._pool.is_embedded else _OVERLAP_US

    def has_noted(self, receipt_us: int, since_us: int) -> bool:
        """Whether a pass of this process, the last before `since_us()`, noted all up to a receipt.

        What another process left behind when it was killed, only the tables can tell.
        """
        return receipt_us <= since_us == self._covered_us

    def since_us(self) -> int | None:
        """After which receipt there may be documents that were not noted; None before any pass.

        Raises:
            StoreTimeoutError: The question took too long.
            StoreUnavailableError: The engine failed.
        """
        covered_us = self._covered_us
        if covered_us is None:
            ((count, newest),) = self._pool.query(
                "SELECT count(), max(covered_us) FROM edge_passes"
            )
            if not count:
                return None
            covered_us = int(newest)
            if self._pool.is_embedded:  # what comes is later than the newest, not than a pass
                covered_us = min(covered_us, self._newest_us)
        return covered_us - self.overlap_us

    def cover(self, receipt_us: int) -> None:
        """Say that a pass is over: up to a receipt every document was noted.

        Should that fail, what was known before holds: more is counted from `spans` then, not less.

        Raises:
            StoreTimeoutError: The insert took too long.
            StoreUnavailableError: The engine failed.
        """
        self._pool.insert("edge_passes", [[0, receipt_us]])
        if self._pool.is_embedded:
            self._covered_us = receipt_us
