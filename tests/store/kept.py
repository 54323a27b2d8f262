"""A store whose clock a test moves, beside the reference."""

from fluoro.model.tenant import Tenant
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.memory import MemoryStorage
from store.building import BASE_US, all_accepted

MINUTE = 60_000_000
HOUR = 60 * MINUTE


class Clock:
    """Epoch microseconds that a test moves."""

    def __init__(self) -> None:
        self.now_us = BASE_US

    def __call__(self) -> int:
        return self.now_us


class Kept:
    """A store beside the reference, which get the same."""

    def __init__(self, storage: ClickHouseStorage, clock: Clock) -> None:
        self.storage = storage
        self.clock = clock
        self.memory = MemoryStorage()
        self.tenant = Tenant("1" * 12, "us-east-1")

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
