"""Upkeep of a ClickHouse server and of a cluster: the same statements, on every shard."""

import time

import pytest

from fluoro.errors import SettingsError
from fluoro.store.moments import Moments
from fluoro.store.retention import Keeper
from fluoro.store.upkeep import Dropped, Retention
from store.building import accepted, segment, trace_id

S = 1_000_000
DAY = 86_400 * S
MANY = range(1, 21)
"""Traces enough that each shard has some."""
IDS = [trace_id(number) for number in MANY]


def now_us():
    return time.time_ns() // 1000


@pytest.fixture(params=["server", "cluster"])
def kept(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def filled(kept, tenant):
    kept.insert([accepted(tenant, segment(n, n, "web", 0, S)) for n in MANY])
    return kept


def on_disk(storage, tenant):
    """Rows of a tenant, with those that are masked, in both tables."""
    return [
        storage._pool.query(
            f"{count} WHERE account = {{account:String}} SETTINGS apply_deleted_mask = 0",
            {"account": tenant.account},
        )[0][0]
        for count in ("SELECT count() FROM documents", "SELECT count() FROM spans")
    ]


def test_deleted_rows_leave_the_disk_of_every_shard(filled, tenant):
    """Once they are purged."""
    filled.delete_traces(tenant, IDS[:10], now_us() + DAY)
    filled.upkeep.purge()
    assert len(filled.documents(tenant, IDS)) == 10
    assert on_disk(filled, tenant) == [10, 10]


def test_a_server_looks_after_its_own_memory(filled, tenant):
    """Only this process' is given back: a user may lack the right to more."""
    filled.upkeep.give_back()
    assert len(filled.documents(tenant, IDS)) == len(IDS)


def test_an_accounts_rows_expire_on_every_shard(filled, tenant):
    """Three days from now, when it keeps them for one."""
    moments = Moments(filled._pool, lambda: now_us() + 3 * DAY)
    keeper = Keeper(filled._pool, moments.today, Dropped())
    retention = Retention(36_500, {tenant.account: 1})
    assert keeper.expire(retention) == []
    assert filled.documents(tenant, IDS) == {}
    assert on_disk(filled, tenant) == [0, 0]


def test_its_tables_agree(filled):
    """Documents and spans, compared on each shard."""
    findings = filled.upkeep.check()
    assert [each.message for each in findings if not each.is_fine] == []
    assert any(each.check.startswith("parts of spans") for each in findings)
    assert any(each.check.startswith("tables on") for each in findings)


def test_statistics_count_every_shard(filled):
    """Parts of all of them are added up."""

    def parts():
        tables = filled.upkeep.statistics().tables
        return sum(each.parts for each in tables if each.table.startswith("documents"))

    assert parts() >= (3 if filled._pool.layout.cluster else 1)


def test_there_is_room(filled):
    """Bytes of all shards are added up."""
    room = filled.upkeep.make_room(2**60)
    assert room.dropped == []
    assert room.used_bytes > 0


def test_a_clickhouse_is_backed_up_by_its_own_means(kept, tmp_path):
    """ClickHouse has BACKUP, and disks of its own."""
    with pytest.raises(SettingsError, match="use ClickHouse's own BACKUP"):
        kept.upkeep.back_up(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_the_smallest_replica_leads(kept):
    """The first shard knows of all."""
    assert kept.upkeep.beat("-b") is True
    assert kept.upkeep.beat("-a") is True
    assert kept.upkeep.beat("-b") is False
