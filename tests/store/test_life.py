"""How long a store keeps what: by receipt alone, by account, by the room on the disk."""

from datetime import UTC, datetime, timedelta

import pytest

from fluoro.model.tenant import LOCAL, Tenant
from fluoro.store import inspection, migrations
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.pool import Limits, Pool
from fluoro.store.retention import BY_DAY
from fluoro.store.upkeep import Retention
from store.building import accepted, found, segment, trace_id

S = 1_000_000
DAY = 86_400 * S
BEGIN_US = 1_799_971_200 * S
"""A midnight in 2027."""

OTHER = Tenant("111122223333", "eu-west-1")


class Life:
    """A store whose days pass as the test says."""

    def __init__(self, folder):
        self.now_us = BEGIN_US
        self.storage = ClickHouseStorage.open(folder, clock_us=lambda: self.now_us)
        self.upkeep = self.storage.upkeep

    def put(self, number, tenant=LOCAL, **members):
        document = segment(number, number, "web", 0, S, **members)
        self.storage.insert([accepted(tenant, document)])
        self.storage.add_agent_report(tenant, self.now_us, b"{}")

    def day(self, after=0):
        """A day of receipt, counted from the first."""
        begin = datetime.fromtimestamp(BEGIN_US / S, UTC).date()
        return str(begin + timedelta(days=after))

    def days(self, table):
        """Days that a table has partitions of."""
        rows = self.storage._pool.query(
            "SELECT DISTINCT partition FROM system.parts"
            " WHERE active AND rows > 0 AND table = {table:String} ORDER BY 1",
            {"table": table},
        )
        return [row[0] for row in rows]

    def kept(self, tenant=LOCAL):
        """Numbers of the traces that are there."""
        return sorted(int(each[-24:], 16) for each in found(self.storage, tenant))


@pytest.fixture
def life(tmp_path, counted_at_once):
    opened = Life(tmp_path)
    yield opened
    opened.storage.close()


def test_memory_is_given_back_while_the_store_is_open(life):
    """What was stored is there afterwards."""
    life.put(1)
    life.upkeep.give_back()
    assert found(life.storage, LOCAL) == [trace_id(1)]


def test_days_that_are_over_are_dropped_from_every_table(life):
    """A document is kept for at least its days: also one of the last moment of a day."""
    for number in (1, 2, 3):
        life.put(number)
        life.upkeep.update_edges()
        life.now_us += DAY
    for table in BY_DAY:
        assert life.days(table) == [life.day(0), life.day(1), life.day(2)]
    life.now_us = BEGIN_US + 31 * DAY - 1
    assert life.upkeep.expire(Retention(30)) == []
    life.now_us = BEGIN_US + 32 * DAY
    assert life.upkeep.expire(Retention(30)) == [life.day(0), life.day(1)]
    for table in BY_DAY:
        assert life.days(table) == [life.day(2)]
    assert life.kept() == [3]
    assert life.upkeep.dropped.days == {"retention": 2}
    assert life.upkeep.dropped.bytes["retention"] > 0


@pytest.mark.parametrize("year", [1999, 2100])
def test_a_wild_time_changes_nothing(life, year):
    """It opens no partition of its own, is found, and expires by its receipt."""
    start = datetime(year, 1, 1, tzinfo=UTC).timestamp()
    wild = segment(1, 1, "web", 0, S) | {"start_time": start, "end_time": start + 1}
    life.storage.insert([accepted(LOCAL, wild)])
    life.put(2)
    assert life.days("documents") == life.days("spans") == [life.day()]
    assert life.kept() == [1, 2]
    life.now_us += 30 * DAY
    life.upkeep.expire(Retention(30))
    assert life.kept() == [1, 2]
    life.now_us += DAY
    life.upkeep.expire(Retention(30))
    assert life.kept() == []


def test_an_account_keeps_its_own_for_fewer_days(life):
    """In all of its regions; what is younger, and what others have, stays."""
    regions = [OTHER, Tenant(OTHER.account, "us-west-2")]
    for number in (1, 2):
        for tenant in (LOCAL, *regions):
            life.put(number, tenant)
        life.now_us += 3 * DAY
    retention = Retention(30, {OTHER.account: 4})
    assert life.upkeep.expire(retention) == []
    assert [life.kept(tenant) for tenant in (LOCAL, *regions)] == [[1, 2], [2], [2]]
    life.now_us += 2 * DAY
    life.upkeep.expire(retention)
    assert [life.kept(tenant) for tenant in (LOCAL, *regions)] == [[1, 2], [], []]


def test_a_day_is_written_anew_once_for_all_accounts(life, monkeypatch):
    """However many of them keep theirs for as few days."""
    accounts = [f"{number:012d}" for number in range(1, 6)]
    for number, account in enumerate(accounts, start=1):
        life.put(number, Tenant(account, "us-east-1"))
    life.put(6)
    life.now_us += 3 * DAY
    run = []
    command = Pool.command
    monkeypatch.setattr(Pool, "command", lambda *args: run.append(args[1]) or command(*args))
    life.upkeep.expire(Retention(30, dict.fromkeys(accounts, 1)))
    assert [life.kept(Tenant(account, "us-east-1")) for account in accounts] == [[]] * 5
    assert life.kept(LOCAL) == [6]
    assert len(run) == len(set(run)) > 1


def test_rows_of_an_account_leave_the_disk_at_once(life):
    """Not only masked, as the rows of a deleted trace are at first."""
    for number in range(1, 4):
        life.put(number, OTHER)
    life.put(4)
    life.upkeep.update_edges()
    life.now_us += 3 * DAY
    life.upkeep.expire(Retention(30, {OTHER.account: 1}))
    for table in BY_DAY:
        ((mine, others),) = life.storage._pool.query(
            "SELECT countIf(account = {account:String}), count() FROM {table:Identifier}"
            " SETTINGS apply_deleted_mask = 0",
            {"account": OTHER.account, "table": table},
        )
        assert (table, mine, others > 0) == (table, 0, True)


def test_the_oldest_days_make_room(life):
    """As many as it takes, no more; the bytes that were freed are known."""
    for number in range(1, 5):
        life.put(number)
        life.now_us += DAY
    life.now_us -= DAY
    everything = life.upkeep.make_room(2**60)
    assert (everything.dropped, everything.excess_bytes) == ([], 0)
    room = life.upkeep.make_room(everything.used_bytes * 5 // 8)
    assert room.dropped == [life.day(0), life.day(1)]
    assert room.excess_bytes == 0
    assert room.used_bytes + life.upkeep.dropped.bytes["disk"] == everything.used_bytes
    assert life.upkeep.dropped.days == {"disk": 2}
    assert life.kept() == [3, 4]
    assert life.upkeep.make_room(2**60).used_bytes == room.used_bytes


def test_today_is_never_dropped_for_room(life):
    """What cannot be had is told: the bytes above the cap."""
    life.put(1)
    life.now_us += DAY
    life.put(2)
    room = life.upkeep.make_room(10)
    assert room.dropped == [life.day(0)]
    assert room.excess_bytes == room.used_bytes - 10 > 0
    assert life.upkeep.dropped.room == room
    statistics = life.upkeep.statistics()
    assert (statistics.days_dropped, statistics.excess_bytes) == ({"disk": 1}, room.excess_bytes)
    assert life.kept() == [2]


def test_the_smallest_replica_that_lives_leads(life):
    """Another one takes over 15 seconds after its last word, and gives way when it is back."""
    beat = life.upkeep.beat
    assert beat("b") is True
    assert beat("a") is True
    assert beat("b") is False
    life.now_us += 14 * S
    assert beat("b") is False
    life.now_us += S
    assert beat("b") is True
    assert beat("a") is True
    assert beat("b") is False


def test_many_heartbeats_take_no_room(life):
    """A year of them would be six million."""
    for _ in range(8):
        life.storage._pool.insert("heartbeats", [["a", 1]] * 400)
    ((count,),) = life.storage._pool.query("SELECT count() FROM heartbeats")
    assert count <= 1000


def test_a_store_of_the_first_version_is_brought_forward(tmp_path, monkeypatch):
    """With everything that is in it; the version is noted."""
    all_steps = migrations.steps()
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "steps", lambda: {1: all_steps[1]})
        pool = Pool.open(tmp_path, Limits())
        lines = migrations.migrate(pool)
        storage = ClickHouseStorage(pool, lines, lambda: BEGIN_US)
        documents = [accepted(LOCAL, segment(n, n, "web", 0, S)) for n in (1, 2, 3)]
        storage._inserter.insert(documents)
        before = storage.documents(LOCAL, [trace_id(n) for n in (1, 2, 3)])
        assert inspection.version(pool) == 1
        storage.close()
    storage = ClickHouseStorage.open(tmp_path, clock_us=lambda: BEGIN_US)
    assert storage.upkeep.statistics().schema_version == max(all_steps)
    assert storage.documents(LOCAL, [trace_id(n) for n in (1, 2, 3)]) == before
    assert storage.delete_traces(LOCAL, [trace_id(2)], BEGIN_US + DAY) == 1
    assert all(each.is_fine for each in storage.upkeep.check())
    storage.close()
    assert len(before) == 3
