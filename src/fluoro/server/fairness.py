"""No account takes what all need: connections, and the few reads that run at a time.

Accounts, not tenants: a key may sign for as many regions as it likes. While there is one account
alone, without keys or with keys of one, it may have everything.
"""

import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator

import anyio

from fluoro.errors import ThrottledError
from fluoro.wire.prometheus import Metric, Sample

CONNECTIONS = 1_024
"""Open connections to the main listener at most."""

_UNDER_WAY = CONNECTIONS // 2
"""Requests of one account that are being answered at a time."""

_PATIENCE_S = 20.0
"""Longest wait for a turn; with a read of 30 s behind it it is less than AWS's clients wait, 60."""


class Fairness:
    """Deals out turns; used in the event loop only.

    Whose turn it is: of the accounts that wait, the one with the fewest reads under way; among
    equals the one that was served longest ago. One place is kept from each account, so that a read
    of another one never waits for all of its long ones.

    Attributes:
        running: Reads under way of all accounts; a number, so that any thread may look.
    """

    def __init__(self, places: int, is_shared: Callable[[], bool]) -> None:
        """Prepare.

        Args:
            places: Reads that run at a time.
            is_shared: Whether there are several accounts now.
        """
        self._places = places
        self._is_shared = is_shared
        self._under_way: Counter[str] = Counter()
        self.running = 0
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[anyio.Event]] = {}
        self._turns = 0
        self._last_turn: Counter[str] = Counter()
        """The number of each account's last turn."""
        self._refused: Counter[tuple[str, str]] = Counter()

    @contextlib.contextmanager
    def under_way(self, account: str) -> Iterator[None]:
        """Answer a request of an account in this block.

        Raises:
            ThrottledError: Too many of its requests are being answered.
        """
        if self._under_way[account] >= _UNDER_WAY and self._is_shared():
            raise self._refusal(account, "under_way")
        self._under_way[account] += 1
        try:
            yield
        finally:
            _decrease(self._under_way, account)

    @contextlib.asynccontextmanager
    async def turn(self, account: str) -> AsyncIterator[None]:
        """Wait for a place, and hold it during this block.

        Raises:
            ThrottledError: There was none for too long.
        """
        turn = anyio.Event()
        self._waiting.setdefault(account, deque()).append(turn)
        self._call()
        try:
            with anyio.move_on_after(_PATIENCE_S):
                await turn.wait()
            if not turn.is_set():
                raise self._refusal(account, "wait")
            yield
        finally:
            if turn.is_set():
                self.running -= 1
                _decrease(self._running, account)
                self._call()
            else:
                self._forget(account, turn)

    def metrics(self) -> list[Metric]:
        """What `/metrics` shows of it."""
        return [
            Metric(
                "fluoro_server_reads_running",
                "gauge",
                "Reads of the store that run.",
                [Sample(self.running)],
            ),
            Metric(
                "fluoro_server_reads_waiting",
                "gauge",
                "Reads of the store that wait for others to end.",
                [Sample(sum(map(len, self._waiting.values())))],
            ),
            Metric(
                "fluoro_server_requests_turned_away_total",
                "counter",
                "Requests that were refused because their account has too many under way.",
                [
                    Sample(count, {"account": account, "reason": reason})
                    for (account, reason), count in sorted(self._refused.items())
                ],
            ),
        ]

    def _call(self) -> None:
        """Give free places to those whose turn it is."""
        share = max(1, self._places - 1) if self._is_shared() else self._places
        while self.running < self._places:
            able = [account for account in self._waiting if self._running[account] < share]
            if not able:
                return
            account = min(able, key=lambda each: (self._running[each], self._last_turn[each]))
            turn = self._waiting[account][0]
            self._forget(account, turn)
            self._turns += 1
            self._last_turn[account] = self._turns
            self.running += 1
            self._running[account] += 1
            turn.set()

    def _forget(self, account: str, turn: anyio.Event) -> None:
        waiting = self._waiting[account]
        waiting.remove(turn)
        if not waiting:
            del self._waiting[account]

    def _refusal(self, account: str, reason: str) -> ThrottledError:
        self._refused[account, reason] += 1
        return ThrottledError(f"too many requests of account {account} are under way")


def _decrease(counts: Counter[str], account: str) -> None:
    """Accounts without any are forgotten."""
    counts[account] -= 1
    if not counts[account]:
        del counts[account]
