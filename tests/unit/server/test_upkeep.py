import pytest
import structlog

from fluoro.server import upkeep
from fluoro.server.settings import ServerSettings
from fluoro.store.upkeep import SETTLING_S, Dropped, Retention, Room
from fluoro.wire import prometheus


class Store:
    """Answers as it is told to; notes what it was asked."""

    def __init__(self):
        self.asked = []
        self.days = []
        self.room = Room(7)
        self.again = 0

    def beat(self, replica):
        self.asked.append(("beat", replica))
        return True

    def refresh(self):
        self.asked.append(("refresh",))

    def expire(self, retention):
        self.asked.append(("expire", retention))
        return self.days

    def make_room(self, disk_bytes):
        self.asked.append(("make_room", disk_bytes))
        return self.room

    def delete_again(self):
        self.asked.append(("delete_again",))
        return self.again

    def purge(self):
        self.asked.append(("purge",))

    def give_back(self):
        self.asked.append(("give_back",))

    def update_edges(self):
        self.asked.append(("update_edges",))
        return 0


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def run(store):
    """Runs a job by its name; the log's lines."""

    def run(name, **settings):
        (job,) = [
            each for each in upkeep.jobs(store, ServerSettings(**settings)) if each.name == name
        ]
        with structlog.testing.capture_logs() as lines:
            job.run()
        return lines

    return run


def test_each_heartbeat_learns_of_deletions(store):
    """Before it says that it lives; so a replica that leads knows them."""
    assert upkeep.beat(store, "me")() is True
    assert store.asked == [("refresh",), ("beat", "me")]


def test_retention_is_as_set(store, run):
    """Each day that goes is a line of the log."""
    store.days = ["2027-01-01", "2027-01-02"]
    lines = run("retention", retention_days=9, retention_days_by_account={"111122223333": 2})
    assert store.asked == [("expire", Retention(9, {"111122223333": 2}))]
    assert [(line["event"], line["day"], line["reason"]) for line in lines] == [
        ("day_dropped", "2027-01-01", "retention"),
        ("day_dropped", "2027-01-02", "retention"),
    ]


def test_days_dropped_for_room_are_warnings(store, run):
    """Somebody wanted to keep them."""
    store.room = Room(7, ["2027-01-01"])
    (line,) = run("disk", disk_bytes=100)
    assert store.asked == [("make_room", 100)]
    assert (line["event"], line["log_level"], line["reason"]) == ("day_dropped", "warning", "disk")


def test_a_disk_that_today_fills_is_an_error(store, run):
    """With what to do."""
    store.room = Room(150, [], 50)
    (line,) = run("disk", disk_bytes=100)
    assert (line["event"], line["log_level"]) == ("disk_cap_exceeded", "error")
    assert (line["excess_bytes"], line["disk_bytes"]) == (50, 100)
    assert "give the store more disk" in line["message"]


def test_without_a_cap_the_disk_is_not_looked_at(store):
    """A ClickHouse server has its own."""
    names = [job.name for job in upkeep.jobs(store, ServerSettings())]
    assert "disk" not in names
    assert "retention" in names


def test_memory_is_given_back(store, run):
    """A quiet server does not keep what a load took."""
    assert run("memory") == []
    assert store.asked == [("give_back",)]


def test_memory_is_given_back_more_than_once_a_minute(store):
    """What the minute's own jobs took is not kept until the next minute."""
    (job,) = [job for job in upkeep.jobs(store, ServerSettings()) if job.name == "memory"]
    assert job.interval_s <= 30


def test_minutes_are_counted_as_soon_as_they_are_closed(store):
    """The job runs at that second, since every reader counts what it has not."""
    (job,) = [job for job in upkeep.jobs(store, ServerSettings()) if job.name == "edges"]
    assert job.pause_s(job.interval_s + SETTLING_S - 1) == 1


def test_traces_that_came_again_are_told(store, run):
    """And nothing is said when there are none."""
    assert run("deletion") == []
    store.again = 3
    (line,) = run("deletion")
    assert (line["event"], line["count"]) == ("traces_deleted_again", 3)


def test_metrics_of_what_was_dropped():
    """Days and bytes by why, deletions, and the disk as it was last seen."""
    dropped = Dropped()
    dropped.days.update({"disk": 2, "retention": 1})
    dropped.bytes.update({"disk": 200, "retention": 100})
    dropped.deleted_traces = 4
    dropped.room = Room(70, [], 5)
    text = prometheus.render(upkeep.metrics(dropped, ServerSettings(disk_bytes=65)))
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        'fluoro_store_days_dropped_total{reason="disk"} 2',
        'fluoro_store_days_dropped_total{reason="retention"} 1',
        'fluoro_store_bytes_dropped_total{reason="disk"} 200',
        'fluoro_store_bytes_dropped_total{reason="retention"} 100',
        "fluoro_store_traces_deleted_total 4",
        "fluoro_store_bytes 70",
        "fluoro_store_bytes_limit 65",
        "fluoro_store_bytes_excess 5",
    ]
