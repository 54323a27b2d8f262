"""Datagrams into batches of documents, in a buffer that is bounded in bytes.

Everything here runs on the event loop's thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from fluoro.agent.counts import Counts, is_worth_a_line
from fluoro.agent.settings import AgentSettings
from fluoro.errors import MalformedDatagramError
from fluoro.wire.datagram import Kind, kind_of, split

DOCUMENT_COST_BYTES = 128
"""What keeping one document costs besides its bytes; else a flood of tiny ones needs gigabytes."""

_SHORTEST_WAIT_S = 0.001
"""Less is not worth a turn of the loop."""

_log = structlog.get_logger()


class Batcher:
    """Waiting documents, oldest first."""

    def __init__(
        self,
        settings: AgentSettings,
        buffer_bytes: int,
        counts: Counts,
        clock_s: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._buffer_bytes = buffer_bytes
        self._counts = counts
        self._clock_s = clock_s
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._waiting_bytes = 0
        self._changed = asyncio.Event()
        self.flushing = asyncio.Event()
        """Set once the agent is ending: nothing waits for more."""

    def add(self, datagrams: Sequence[bytes]) -> None:
        """Check each header line and keep the document behind it."""
        counts, now_s = self._counts, self._clock_s()
        for datagram in datagrams:
            counts.received += 1
            try:
                document = split(datagram)
            except MalformedDatagramError as error:
                counts.rejected[error.reason] += 1
                continue
            kind = kind_of(document)
            if kind is not Kind.DOCUMENT:
                counts.dropped[kind] += 1
                continue
            self._waiting.append((now_s, document))
            self._waiting_bytes += len(document)
            counts.buffered += 1
            counts.buffered_bytes += len(document)
        self._drop_oldest()
        self._changed.set()

    def _drop_oldest(self) -> None:
        """Make room when the server does not keep up."""
        counts = self._counts
        before = counts.dropped["buffer_full"]
        while self._waiting and self._held_bytes() > self._buffer_bytes:
            self.settle([self._pop()])
            counts.dropped["buffer_full"] += 1
        if is_worth_a_line(before, counts.dropped["buffer_full"]):
            _log.warning(
                "buffer_overflowed",
                count=counts.dropped["buffer_full"],
                buffer_bytes=self._buffer_bytes,
            )

    def _held_bytes(self) -> int:
        return self._counts.buffered_bytes + self._counts.buffered * DOCUMENT_COST_BYTES

    def _pop(self) -> bytes:
        _, document = self._waiting.popleft()
        self._waiting_bytes -= len(document)
        return document

    def settle(self, documents: Sequence[bytes]) -> None:
        """Documents that were given out are done with, whatever became of them."""
        self._counts.buffered -= len(documents)
        self._counts.buffered_bytes -= sum(map(len, documents))

    def flush(self) -> None:
        """From now on a batch is due as soon as anything waits."""
        self.flushing.set()
        self._changed.set()

    def give_up(self, documents: Sequence[bytes], reason: str) -> None:
        """Documents that were given out will not be delivered."""
        self._counts.dropped[reason] += len(documents)
        self.settle(documents)

    def give_up_all(self, reason: str) -> None:
        """What still waits will not be delivered."""
        self.give_up([self._pop() for _ in range(len(self._waiting))], reason)

    async def next(self) -> list[bytes]:
        """Wait for a full batch, or for one whose oldest document has waited long enough."""
        while (wait_s := self._due_in_s()) is None or wait_s > 0:
            self._changed.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._changed.wait()
            except TimeoutError:
                continue
        batch = [self._pop()]
        size = len(batch[0])
        while (
            self._waiting
            and len(batch) < self._settings.batch_documents
            and size + len(self._waiting[0][1]) <= self._settings.batch_bytes
        ):
            batch.append(self._pop())
            size += len(batch[-1])
        return batch

    def _due_in_s(self) -> float | None:
        """Seconds until a batch is due; None while nothing waits."""
        if not self._waiting:
            return None
        if (
            self.flushing.is_set()
            or len(self._waiting) >= self._settings.batch_documents
            or self._waiting_bytes >= self._settings.batch_bytes
        ):
            return 0.0
        waited_s = self._clock_s() - self._waiting[0][0]
        left_s = self._settings.batch_interval_ms / 1000 - waited_s
        return left_s if left_s >= _SHORTEST_WAIT_S else 0.0
