"""What the agent counts. At every moment received = forwarded + rejected + dropped + buffered."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Documents by what became of them; only the event loop's thread writes here."""

    received: int = 0
    """Datagrams, good or bad."""
    forwarded: int = 0
    """Documents that the server stored."""
    rejected: Counter[str] = field(default_factory=Counter)
    """By reason: of the header line, or the server's ErrorCode."""
    dropped: Counter[str] = field(default_factory=Counter)
    """By reason: `buffer_full`, `stopped`, `failed`, and the kinds of OTLP that are not stored."""
    buffered: int = 0
    """Documents that wait, or are under way."""
    buffered_bytes: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    """Segments' requests by status class (`2xx`) or failure: `timeout`, `unreachable`, `broken`,
    and `unreadable` (it was 200, but no answer to PutTraceSegments)."""
    sampling_calls: Counter[str] = field(default_factory=Counter)
    """Calls at the TCP door: `passed`, `cached`, `failed`, `refused`."""

    @property
    def is_closed(self) -> bool:
        """Whether the equation holds."""
        done = self.forwarded + self.rejected.total() + self.dropped.total()
        return self.received == done + self.buffered


def is_worth_a_line(before: int, after: int) -> bool:
    """Whether a count has passed 1, 2, 4, 8, … so that a flood writes few lines to the log."""
    return before.bit_length() != after.bit_length()
