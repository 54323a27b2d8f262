"""The queue in front of the store, and the one thread that empties it.

A flush costs the same however few documents it holds, so a quiet server flushes once a second and
a busy one as soon as a flush is full. A caller's future is done when its documents are durable.
Source: architecture, section 5, step 8.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import msgspec

from fluoro.errors import StoreUnavailableError, ThrottledError
from fluoro.store.storage import Accepted

_SOON = 200
"""Documents waiting from which a flush comes after `_SOON_S`."""
_SOON_S = 0.25

_FLUSH_BYTES = 40 * 1024 * 1024
"""Bytes of a flush, unless one request alone has more: the engine takes 12 times as much memory."""


class WriterSettings(msgspec.Struct, frozen=True):
    """When a flush comes, and how much may wait for one."""

    flush_documents: int = 20_000
    flush_interval_s: float = 1.0
    queue_documents: int = 50_000
    queue_bytes: int = 128 * 1024 * 1024


class _Batch(msgspec.Struct, frozen=True):
    """Documents of one request, one tenant."""

    documents: Sequence[Accepted]
    size_bytes: int
    arrived_s: float
    future: Future[None]


class Writer:
    """Takes batches from any thread, inserts them from one.

    Attributes:
        received: Documents that were taken into the queue.
        stored: Documents that are durable.
        failed: Documents whose insert failed; their callers were told.
        deleted: Documents that are not kept, since somebody deleted their trace.
        flushes: Inserts that were made.
        flush_s: Seconds that these took together.

    At every moment received = stored + deleted + failed + waiting.
    """

    def __init__(
        self,
        insert: Callable[[Sequence[Accepted]], int],
        settings: WriterSettings,
        is_shared: Callable[[], bool] = lambda: False,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin.

        Args:
            insert: Stores documents; returns how many it did not keep.
            settings: When, and how much waits.
            is_shared: Whether there are several accounts now, none of which may fill the queue.
            clock_s: Seconds, never going back.
        """
        self._insert = insert
        self._settings = settings
        self._is_shared = is_shared
        self._clock_s = clock_s
        self._changed = threading.Condition()
        self._queue: deque[_Batch] = deque()
        self._waiting_of: dict[str, tuple[int, int]] = {}
        """Documents and bytes of each account that has some waiting; a key has any region."""
        self._queued = 0
        self._waiting = 0
        self._waiting_bytes = 0
        self._is_closing = False
        self.received = self.stored = self.deleted = self.failed = self.flushes = 0
        self.flush_s = 0.0
        self._thread = threading.Thread(target=self._run, name="writer")
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Documents that are taken and not yet stored, nor anything else."""
        return self._waiting

    @property
    def waiting_bytes(self) -> int:
        """The same in bytes."""
        return self._waiting_bytes

    def put(self, documents: Sequence[Accepted]) -> Future[None]:
        """Queue the documents of one request, all of one tenant; the future is done when durable.

        It cannot be cancelled: what was taken is stored, whether or not somebody still waits. When
        the insert fails, it has that error.

        Raises:
            ThrottledError: The queue is full, or where there are several accounts half full of this
                one's; nothing was taken.
            StoreUnavailableError: The writer is closing; nothing was taken.
        """
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()
        if not documents:
            future.set_result(None)
            return future
        size_bytes = sum(len(document.document) for document in documents)
        account = documents[0].tenant.account
        with self._changed:
            if self._is_closing:
                raise StoreUnavailableError("the server is stopping")
            count, count_bytes = self._waiting_of.get(account, (0, 0))
            count, count_bytes = count + len(documents), count_bytes + size_bytes
            most, most_bytes = self._settings.queue_documents, self._settings.queue_bytes
            if (
                self._waiting + len(documents) > most
                or self._waiting_bytes + size_bytes > most_bytes
                or ((count > most // 2 or count_bytes > most_bytes // 2) and self._is_shared())
            ):
                raise ThrottledError("too many documents wait to be stored")
            self._waiting_of[account] = count, count_bytes
            self._waiting += len(documents)
            self._queued += len(documents)
            self._waiting_bytes += size_bytes
            self.received += len(documents)
            self._queue.append(_Batch(documents, size_bytes, self._clock_s(), future))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Take nothing more, store what waits, end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while batches := self._next_flush():
            self._flush(batches)

    def _next_flush(self) -> list[_Batch]:
        """Wait for a flush that is due; empty when the writer is closed and nothing waits."""
        with self._changed:
            while (wait_s := self._due_in_s()) is None or wait_s > 0:
                if self._is_closing and not self._queue:
                    return []
                self._changed.wait(wait_s)
            batches = [self._queue.popleft()]
            count, size_bytes = len(batches[0].documents), batches[0].size_bytes
            limit = self._settings.flush_documents
            while (
                self._queue
                and count + len(self._queue[0].documents) <= limit
                and size_bytes + self._queue[0].size_bytes <= _FLUSH_BYTES
            ):
                batches.append(self._queue.popleft())
                count += len(batches[-1].documents)
                size_bytes += batches[-1].size_bytes
            self._queued -= count
            return batches

    def _due_in_s(self) -> float | None:
        """Seconds until the next flush is due; None while nothing is queued."""
        if not self._queue:
            return None
        if self._is_closing or self._queued >= self._settings.flush_documents:
            return 0.0
        patience_s = self._settings.flush_interval_s
        if self._queued >= _SOON:
            patience_s = min(patience_s, _SOON_S)
        return self._queue[0].arrived_s + patience_s - self._clock_s()

    def _flush(self, batches: Sequence[_Batch]) -> None:
        documents = [document for batch in batches for document in batch.documents]
        began_s = self._clock_s()
        error: Exception | None = None
        deleted = 0
        try:
            deleted = self._insert(documents)
        except Exception as failure:  # noqa: BLE001  this thread outlives it; each caller gets it
            error = failure
        with self._changed:
            self.flushes += 1
            self.flush_s += self._clock_s() - began_s
            if error is None:
                self.stored += len(documents) - deleted
                self.deleted += deleted
            else:
                self.failed += len(documents)
            for batch in batches:
                self._forget(batch)
        for batch in batches:
            if error is None:
                batch.future.set_result(None)
            else:
                batch.future.set_exception(error)

    def _forget(self, batch: _Batch) -> None:
        self._waiting -= len(batch.documents)
        self._waiting_bytes -= batch.size_bytes
        account = batch.documents[0].tenant.account
        count, count_bytes = self._waiting_of.pop(account)
        if count > len(batch.documents):
            left = count - len(batch.documents), count_bytes - batch.size_bytes
            self._waiting_of[account] = left
