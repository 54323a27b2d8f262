"""Tombstones: who knows of them, for how long, and what becomes of the rows."""

import contextlib
import threading
import time

import pytest

from fluoro.errors import StoreUnavailableError
from fluoro.model.ids import trace_id_hex
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.deletion import Deletions
from fluoro.store.inserter import Inserter
from fluoro.store.keys import OWNER, owner
from fluoro.store.maintenance import Maintenance
from fluoro.store.moments import Moments
from fluoro.store.passes import Passes
from fluoro.store.upkeep import Dropped
from store.building import (
    BASE_US,
    accepted,
    all_accepted,
    entity,
    found,
    insert,
    segment,
    trace_id,
)

S = 1_000_000
DAY = 86_400 * S
LATER_US = 4_000_000_000 * S
LIMIT_S = 60
"""How long a test waits for another thread."""

ONE, TWO = trace_id(1), trace_id(2)


@pytest.fixture(scope="module")
def clock():
    """Now, in a list; a time that no rule of the engine takes for the past."""
    return [1_800_000_000 * S]


@pytest.fixture(scope="module")
def own(tmp_path_factory, clock):
    """One store; each test has a tenant of its own."""
    opened = ClickHouseStorage.open(tmp_path_factory.mktemp("own"), clock_us=lambda: clock[0])
    yield opened
    opened.close()


def replica(storage, clock):
    """What another server of the same ClickHouse would know and do."""
    pool = storage._pool
    lines = storage._inserter._lines
    inserter = Inserter(pool.writer, lines, lambda: clock[0], is_embedded=pool.is_embedded)
    return Maintenance(pool, inserter, Passes(pool, inserter.newest_us), lambda: clock[0])


def rows(storage, tenant, table, trace, *, masked=False):
    """Rows of a trace in a table; with those that are masked but still on the disk."""
    sql = "SELECT countIf(trace_id = toFixedString(unhex({id:String}), 16)) FROM {table:Identifier}"
    ((count,),) = storage._pool.query(
        f"{sql} WHERE {OWNER} SETTINGS apply_deleted_mask = {int(not masked)}",
        {**owner(tenant), "id": trace_id_hex(trace), "table": table},
    )
    return count


def test_a_trace_is_refused_until_its_time_is_over(own, tenant, clock):
    """The tombstone is forgotten then."""
    until = clock[0] + DAY
    own.delete_traces(tenant, [ONE], until)
    clock[0] = until - 1
    own.upkeep.purge()
    assert own.insert([accepted(tenant, segment(1, 1, "web", 0, S))]) == 1
    clock[0] = until
    own.upkeep.purge()
    assert own.insert([accepted(tenant, segment(1, 1, "web", 0, S))]) == 0
    assert found(own, tenant) == [ONE]


def test_another_replica_learns_of_a_deletion_at_its_heartbeat(own, tenant, clock):
    """Also of one that was made with a clock a little behind the last it knows."""
    other = replica(own, clock)
    own.delete_traces(tenant, [ONE], LATER_US)
    other.refresh()
    clock[0] -= 30 * S
    own.delete_traces(tenant, [TWO], LATER_US)
    clock[0] += 30 * S
    other.refresh()
    sent = all_accepted(tenant, [segment(n, n, "web", 0, S) for n in (1, 2, 3)])
    assert other.deletions.insert(sent, own._inserter.insert) == 2


def test_what_came_through_a_replica_that_did_not_know_is_deleted_again(own, tenant, clock):
    """By the job; once it is gone there is nothing more to do."""
    other = replica(own, clock)
    own.delete_traces(tenant, [ONE], LATER_US)
    other.deletions.insert(all_accepted(tenant, [segment(1, 1, "web", 0, S)]), own._inserter.insert)
    assert found(own, tenant) == [ONE]
    assert own.upkeep.delete_again() == 1
    assert found(own, tenant) == []
    assert own.upkeep.delete_again() == 0


def test_a_deletion_that_a_kill_cut_short_is_finished_by_the_next_server(own, tenant, clock):
    """However long it was away: its first look is at every tombstone."""
    insert(own, tenant, segment(1, 1, "web", 0, S))
    own._deletions._entomb(tenant, [ONE], LATER_US)
    clock[0] += DAY
    assert replica(own, clock).delete_again() == 1
    assert found(own, tenant) == []


def test_an_insert_that_is_under_way_does_not_bring_a_trace_back(own, tenant):
    """The deletion waits for it."""
    inserting, go_on = threading.Event(), threading.Event()
    document = accepted(tenant, segment(1, 1, "web", 0, S))

    def slow(documents):
        inserting.set()
        assert go_on.wait(LIMIT_S)
        own._inserter.insert(documents)

    writer = threading.Thread(target=own._deletions.insert, args=([document], slow))
    deleter = threading.Thread(target=own.delete_traces, args=(tenant, [ONE], LATER_US))
    writer.start()
    assert inserting.wait(LIMIT_S)
    deleter.start()
    deadline = time.monotonic() + LIMIT_S
    while not own._deletions._is_refused(document):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    go_on.set()
    for thread in (writer, deleter):
        thread.join(LIMIT_S)
        assert not thread.is_alive()
    assert rows(own, tenant, "documents", ONE) == rows(own, tenant, "spans", ONE) == 0


def test_the_minutes_in_which_its_spans_ended_are_noted(own, tenant, clock):
    """Before its rows go and after, so that no run of the edges misses it; nobody else's."""
    minute = 60 * S
    insert(
        own,
        tenant,
        segment(1, 1, "web", 0, 3 * minute, subsegments=[entity(2, "db", 0, minute)]),
        segment(1, 3, "open", 5 * minute, None),
        segment(2, 4, "web", 0, 9 * minute),
    )
    own.delete_traces(tenant, [ONE], LATER_US)
    noted = own._pool.query(
        "SELECT toUnixTimestamp(moment) AS at, max(run) FROM edge_runs WHERE seconds = 0"
        " AND account = {account:String} AND region = {region:String} GROUP BY at ORDER BY at",
        owner(tenant),
    )
    ends = [(BASE_US + after * minute) // minute * 60 for after in (1, 3, 5)]
    ((_, noted_us), *_) = noted
    assert noted == [(end, noted_us) for end in ends]
    assert noted_us >= clock[0]


def test_purged_rows_leave_the_disk(own, tenant):
    """Until then they are masked: no read passes the mask, but the bytes are there."""
    insert(own, tenant, segment(1, 1, "web", 0, S), segment(2, 2, "web", 0, S))
    own.delete_traces(tenant, [ONE], LATER_US)
    assert rows(own, tenant, "documents", ONE, masked=True) == 1
    own.upkeep.purge()
    for table in ("documents", "spans"):
        assert rows(own, tenant, table, ONE, masked=True) == 0
        assert rows(own, tenant, table, TWO) == 1


def test_deleted_traces_are_counted(own, tenant):
    """For /metrics: those that were there."""
    insert(own, tenant, segment(1, 1, "web", 0, S))
    before = own.upkeep.dropped.deleted_traces
    own.delete_traces(tenant, [ONE, TWO], LATER_US)
    assert own.upkeep.dropped.deleted_traces == before + 1


class Failing:
    """The pool of a store whose n-th call fails."""

    def __init__(self, pool, nth):
        self._pool = pool
        self._left = nth

    def _counted(self, call):
        def counted(*arguments):
            self._left -= 1
            if self._left == 0:
                raise StoreUnavailableError("no disk")
            return call(*arguments)

        return counted

    def __getattr__(self, name):
        found = getattr(self._pool, name)
        return self._counted(found) if name in {"query", "command", "insert"} else found


def test_a_deletion_that_fails_at_any_call_is_finished_or_never_began(own, tenant, clock):
    """Whichever call of the store fails: once the trace is refused, its rows go too."""
    nth, failed = 0, True
    while failed:
        nth += 1
        trace = trace_id(nth)
        insert(own, tenant, segment(nth, nth, "web", 0, S, subsegments=[entity(99, "db", 0, S)]))
        moments = Moments(own._pool, lambda: clock[0])
        deletions = Deletions(Failing(own._pool, nth), lambda: clock[0], moments, Dropped())
        with contextlib.suppress(StoreUnavailableError):
            deletions.delete_traces(tenant, [trace], LATER_US)
            failed = False
        own.upkeep.refresh()
        is_refused = own.insert([accepted(tenant, segment(nth, nth, "web", 0, S))]) == 1
        own.upkeep.delete_again()
        assert (trace in found(own, tenant)) is not is_refused
        left = [rows(own, tenant, table, trace) for table in ("documents", "spans")]
        assert (left == [0, 0]) is is_refused
    assert nth > 6
    assert is_refused
