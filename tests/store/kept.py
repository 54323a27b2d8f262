"""A store whose clock a test moves, beside the reference."""

from pathlib import Path

from fluoro.model.tenant import Tenant
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.memory import MemoryStorage
from store.building import BASE_US, all_accepted, entity, segment

S = 1_000_000
MINUTE = 60 * S
HOUR = 60 * MINUTE


def web(trace, start_us, end_us, *below, **members):
    """A trace's segment of the service web."""
    return segment(trace, 1, "web", start_us, end_us, subsegments=list(below), **members)


def call(id_, start_us, end_us, name="api"):
    """A call that it makes."""
    return entity(id_, name, start_us, end_us, namespace="remote")


class Clock:
    """Epoch microseconds that a test moves."""

    def __init__(self) -> None:
        self.now_us = BASE_US

    def __call__(self) -> int:
        return self.now_us


class Kept:
    """A store beside the reference, which get the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.clock = Clock()
        self.storage = ClickHouseStorage.open(folder, clock_us=self.clock)
        self.memory = MemoryStorage()
        self.tenant = Tenant("1" * 12, "us-east-1")

    def restart(self) -> None:
        """Close the store and open it again."""
        self.storage.close()
        self.storage = ClickHouseStorage.open(self._folder, clock_us=self.clock)

    def put(self, *documents, at_us: int | None = None) -> None:
        """Documents in one flush, at a time of the clock."""
        if at_us is not None:
            self.clock.now_us = BASE_US + at_us
        sent = all_accepted(self.tenant, documents)
        self.storage.insert(sent)
        self.memory.insert(sent)

    def update(self, at_us: int) -> int:
        self.clock.now_us = BASE_US + at_us
        return self.storage.upkeep.update_edges()

    def check(self, start_us: int = -MINUTE, end_us: int = HOUR) -> None:
        """Both answer alike about a window; by itself it holds the first minute whole."""
        window = BASE_US + start_us, BASE_US + end_us
        assert self.storage.graph(self.tenant, *window) == self.memory.graph(self.tenant, *window)

    def rows(self, seconds: int) -> int:
        """Rows of minutes or hours in the table, of whatever run."""
        ((count,),) = self.storage._pool.query(
            "SELECT count() FROM edges WHERE seconds = {seconds:UInt16}", {"seconds": seconds}
        )
        return int(count)
