"""What a store that outlives its process needs from time to time, and what it tells about itself.

All calls block and may be made from any thread. `store.maintenance` is the implementation.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from fluoro.store.storage import Storage

MINUTES_A_PASS = 60
"""Most minutes that one call of `update_edges` counts."""

SETTLING_S = 20
"""How long after a minute's end `update_edges` counts it, at the earliest: most of it has come."""

BEAT_S = 5.0
"""How often a replica says that it lives."""

Reason = Literal["retention", "disk"]


class Retention(msgspec.Struct, frozen=True):
    """How many days things are kept, counted from their receipt; whole days of UTC."""

    days: int
    by_account: Mapping[str, int] = {}
    """Accounts that keep theirs for fewer days."""


class Room(msgspec.Struct, frozen=True):
    """What `make_room` found and did."""

    used_bytes: int
    """Of all tables, once it was done."""
    dropped: Sequence[str] = ()
    """Days that it dropped, as YYYY-MM-DD."""
    excess_bytes: int = 0
    """What today's documents alone have above the cap; nothing can be dropped for it."""


class DayOfTable(msgspec.Struct, frozen=True):
    """What one table keeps of one day of receipt."""

    table: str
    day: str
    """YYYY-MM-DD, or empty for a table that has no days."""
    rows: int
    bytes: int
    """On disk, compressed."""
    parts: int


class Statistics(msgspec.Struct, frozen=True):
    """What a store holds."""

    schema_version: int
    oldest_receipt_us: int | None
    """Receipt of the oldest document, epoch microseconds; None without any."""
    newest_receipt_us: int | None
    tombstones: int
    """Deleted traces that are refused when they come again."""
    tables: Sequence[DayOfTable]
    days_dropped: Mapping[str, int] = {}
    """By why, since the server started; of a stopped one nothing is known."""
    excess_bytes: int = 0
    """What today alone has above the cap of the disk, when the server last looked."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was checked."""

    check: str
    is_fine: bool
    message: str


class Dropped:
    """Days and bytes that were dropped since the start, by why; and the last look at the disk.

    Attributes:
        days: A day counts once, however many tables had it.
        bytes: On disk, compressed.
        room: What the last `make_room` found.
        deleted_traces: Traces that somebody deleted.
    """

    def __init__(self) -> None:
        self.days: Counter[Reason] = Counter()
        self.bytes: Counter[Reason] = Counter()
        self.room = Room(0)
        self.deleted_traces = 0


class Upkeep(Protocol):
    """What jobs and operators ask of a store."""

    dropped: Dropped

    def beat(self, replica: str) -> bool:
        """Say that this replica lives; True when it is the smallest that was heard of lately."""

    def refresh(self) -> None:
        """Learn of traces that other replicas have deleted; all of them the first time."""

    def expire(self, retention: Retention) -> Sequence[str]:
        """Drop the days that are over, delete what accounts keep for a shorter time.

        Returns:
            The days that were dropped, as YYYY-MM-DD.
        """

    def make_room(self, disk_bytes: int) -> Room:
        """Drop the oldest days, never today's, until the tables take at most `disk_bytes`."""

    def delete_again(self) -> int:
        """Delete what came through another replica while a trace was being deleted.

        Returns:
            How many traces had come again.
        """

    def purge(self) -> None:
        """Take deleted rows off the disk, and forget tombstones that are over."""

    def update_edges(self) -> int:
        """Count the closed minutes that changed since the last call, and their hours.

        Returns:
            How many minutes were counted; with `MINUTES_A_PASS` there may be more.
        """

    def give_back(self) -> None:
        """Give memory that was freed back to the system, which the allocators keep for later."""

    def statistics(self) -> Statistics:
        """What is there, by table and day."""

    def check(self) -> Sequence[Finding]:
        """Look whether parts can be read and tables agree; minutes on a large store."""

    def back_up(self, folder: Path) -> None:
        """Copy everything that was acknowledged before the call into a folder, made by it.

        Raises:
            SettingsError: The folder is there already, or cannot be written.
        """


class KeptStorage(Storage, Protocol):
    """A Storage that outlives the process, as a server needs it."""

    @property
    def upkeep(self) -> Upkeep:
        """What jobs and operators ask of it."""
