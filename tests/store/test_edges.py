"""What was counted ahead says what the spans say, whatever comes when."""

import random

import pytest

from fluoro.filters.selector import parse_selector
from fluoro.graph.rows import Node
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store import counting, edge_table, freshness, runs
from fluoro.store.freshness import Stretch
from fluoro.store.memory import MemoryStorage
from fluoro.store.migrations import steps
from fluoro.store.upkeep import MINUTES_A_PASS, SETTLING_S
from store.building import (
    BASE_US,
    accepted,
    all_accepted,
    entity,
    random_documents,
    segment,
    subsegment,
)
from store.kept import HOUR, MINUTE, S, call, web

WEB = Node("web", "")


@pytest.mark.parametrize("seed", range(4))
def test_it_equals_the_raw_answer_whatever_comes_when(kept, seed, monkeypatch):
    """Random traces in random flushes with passes between, and any window after each."""
    if seed % 2:
        monkeypatch.setattr(edge_table, "_FEW_RUNS", 0)
    if seed >= 2:
        monkeypatch.setattr(runs, "_SHORT", 0)
    chance = random.Random(seed)
    documents = random_documents(chance, range(1, 25))
    chance.shuffle(documents)
    now_us = 0
    while documents:
        some, documents = documents[:20], documents[20:]
        now_us += chance.choice((S, 30 * S, 3 * MINUTE))
        kept.put(*some, at_us=now_us)
        if chance.random() < 0.7:
            kept.update(now_us + chance.choice((S, 70 * S, 4 * MINUTE)))
            now_us = kept.clock.now_us - BASE_US
        start_us = chance.randrange(-10 * S, 130 * S)
        kept.check(start_us, start_us + chance.randrange(1, 10 * MINUTE))
        kept.check(0, 5 * MINUTE)
    kept.update(now_us + 10 * MINUTE)
    kept.check(0, 5 * MINUTE)
    kept.check(-BASE_US, LAST_US - BASE_US)
    assert kept.rows(60)


def test_many_rows_are_counted_a_slice_of_the_traces_at_a_time(kept, monkeypatch):
    """With the same numbers, in a minute's row as in the window's."""
    monkeypatch.setattr(counting, "_ROWS_AT_ONCE", 7)
    kept.put(*random_documents(random.Random(3), range(1, 25)), at_us=5 * MINUTE)
    kept.check(0, 5 * MINUTE)
    kept.update(10 * MINUTE)
    kept.check(0, 5 * MINUTE)
    ((rows, keys),) = kept.storage._pool.query(
        "SELECT count(), uniqExact(seconds, moment, run, kind, is_root, source_name, source_type,"
        " source_account, target_name, target_type, target_account) FROM edges"
    )
    assert rows == keys > 7


def test_closed_minutes_are_read_from_the_table(kept):
    """Rows that nobody sent show up, once they are in it."""
    kept.put(web(1, 0, S), at_us=2 * S)
    assert kept.update(10 * MINUTE) == 1
    pool = kept.storage._pool
    pool.command(
        f"ALTER TABLE {pool.local('edges')} UPDATE ok = 7 WHERE 1 SETTINGS mutations_sync=2"
    )
    rows = kept.storage.graph(kept.tenant, BASE_US - MINUTE, BASE_US + HOUR)
    assert [row.statistics.ok for row in rows.nodes] == [7]


def test_an_open_minute_is_not_counted_ahead(kept):
    """What ends in it may still be on its way, and for some time after its end."""
    kept.put(web(1, 0, S), at_us=2 * S)
    end_us = MINUTE - BASE_US % MINUTE
    assert kept.update(end_us + SETTLING_S * S - 1) == 0
    kept.check()
    assert kept.update(end_us + SETTLING_S * S) == 1
    kept.check()


def test_a_minute_is_counted_when_no_more_comes_for_it(kept):
    """What still comes would make its numbers stale at once; others are counted meanwhile."""
    kept.put(web(1, 0, S), at_us=2 * S)
    kept.put(web(2, 5 * MINUTE, 5 * MINUTE + S), at_us=9 * MINUTE)
    assert kept.update(9 * MINUTE + 9 * S) == 1
    kept.put(web(3, 5 * MINUTE, 5 * MINUTE + S), at_us=9 * MINUTE + 9 * S)
    assert kept.update(9 * MINUTE + 18 * S) == 0
    kept.check()
    assert kept.update(9 * MINUTE + 19 * S) == 1
    kept.check()


def test_a_trace_across_a_boundary_counts_each_span_in_its_own_minute(kept):
    """Counting the second minute anew leaves the first as it was."""
    edge = 40 * S  # a minute begins there
    kept.put(web(1, edge - 9 * S, edge + 9 * S, call(2, edge - 8 * S, edge - S)), at_us=edge)
    kept.update(10 * MINUTE)
    kept.put(web(2, edge + S, edge + 2 * S), at_us=11 * MINUTE)
    kept.update(20 * MINUTE)
    for start_us, end_us in ((edge - MINUTE, edge), (edge, edge + MINUTE), (edge - MINUTE, HOUR)):
        kept.check(start_us, end_us)


def test_an_inferred_node_vanishes_when_the_callee_comes_late(kept):
    """The minute of the call is counted anew, and its old rows count no more."""
    kept.put(web(1, 0, 5 * S, call(2, S, 3 * S)), at_us=6 * S)
    kept.update(10 * MINUTE)
    late = segment(1, 3, "orders", 2 * S, 2 * S + 5, parent_id=f"{2:016x}")
    kept.put(late, at_us=20 * MINUTE)
    kept.check()
    kept.update(30 * MINUTE)
    kept.check()
    nodes = kept.storage.graph(kept.tenant, BASE_US, BASE_US + HOUR).nodes
    assert [row.node.name for row in nodes] == ["orders", "web"]


def test_the_service_of_a_call_may_come_three_documents_above_it_and_last(kept):
    """The segment's arrival gives the edge to calls of minutes long closed."""
    kept.put(subsegment(1, 4, 3, "api", S, 2 * S, namespace="remote"), at_us=3 * S)
    kept.update(10 * MINUTE)
    kept.put(subsegment(1, 3, 2, "step", 0, 3 * MINUTE), at_us=11 * MINUTE)
    kept.put(subsegment(1, 2, 1, "step", 0, 4 * MINUTE), at_us=12 * MINUTE)
    kept.update(20 * MINUTE)
    kept.check()
    kept.put(web(1, 0, 5 * MINUTE), at_us=21 * MINUTE)
    kept.check()
    kept.update(30 * MINUTE)
    kept.check()
    edges = kept.storage.graph(kept.tenant, BASE_US, BASE_US + HOUR).edges
    assert (WEB, Node("api", "remote")) in {(row.source, row.target) for row in edges}


def test_spans_of_no_time_at_all_are_counted(kept):
    """Real SDKs send subsegments of 0 µs."""
    kept.put(web(1, S, S, call(2, S, S)), at_us=2 * S)
    kept.update(10 * MINUTE)
    kept.check()


def test_what_is_finished_after_its_minute_was_counted_moves(kept):
    """It appeared, without counts, where it began; now it counts where it ended."""
    kept.put(web(1, 0, None, in_progress=True), at_us=S)
    kept.update(10 * MINUTE)
    kept.check()
    kept.put(web(1, 0, 12 * MINUTE), at_us=13 * MINUTE)
    kept.check()
    kept.update(30 * MINUTE)
    for start_us, end_us in ((0, MINUTE), (12 * MINUTE, 13 * MINUTE), (0, HOUR)):
        kept.check(start_us, end_us)


def test_documents_that_wait_while_the_store_is_frozen_are_not_passed_over(kept):
    """A pass during an insert that takes minutes does not cover what the insert brings."""
    insert = kept.storage._inserter._client.raw_insert

    def slow(*arguments, **names):
        kept.update(5 * MINUTE)
        kept.clock.now_us = BASE_US + 8 * MINUTE
        return insert(*arguments, **names)

    kept.storage._inserter._client.raw_insert = slow
    kept.put(web(1, 0, S), at_us=2 * S)
    kept.storage._inserter._client.raw_insert = insert
    kept.check()
    assert kept.update(9 * MINUTE) == 1
    kept.check()


def test_an_import_of_old_traces_changes_their_own_minutes_alone(kept):
    """A month old, received today, beside today's."""
    kept.put(web(1, 0, S), at_us=2 * S)
    kept.update(10 * MINUTE)
    month = 30 * 24 * HOUR
    starts = [number * MINUTE - month for number in range(2, 72)]
    kept.put(
        *(web(number, start, start + S) for number, start in enumerate(starts, start=2)),
        at_us=11 * MINUTE,
    )
    kept.check(-2 * month, HOUR)
    made = [kept.update(at * MINUTE) for at in (13, 14, 15)]
    assert made == [60, 10, 0]
    kept.check(-2 * month, HOUR)
    kept.check(-month, HOUR - month)


def test_long_windows_are_read_by_the_hour(kept):
    """Hours that are closed have rows of their own, which a late document makes anew."""
    kept.put(*(web(n, n * 20 * MINUTE, n * 20 * MINUTE + S) for n in range(1, 20)), at_us=9 * HOUR)
    kept.update(10 * HOUR)
    assert kept.rows(3600)
    kept.check(-24 * HOUR, 24 * HOUR)
    kept.put(web(30, HOUR, HOUR + S, call(2, HOUR, HOUR + S)), at_us=11 * HOUR)
    kept.check(-24 * HOUR, 24 * HOUR)
    kept.update(12 * HOUR)
    kept.check(-24 * HOUR, 24 * HOUR)


def test_many_minutes_that_came_late_are_counted_with_their_ten(kept):
    """More of them, far from each other, than are counted one by one."""
    kept.put(*(web(n, n * 5 * MINUTE, n * 5 * MINUTE + S) for n in range(1, 90)), at_us=9 * HOUR)
    kept.update(10 * HOUR)
    late = [n * 13 * MINUTE for n in range(1, 30)]
    kept.put(*(web(n, us, us + S) for n, us in enumerate(late, start=100)), at_us=11 * HOUR)
    kept.check(0, 8 * HOUR)
    kept.check(27 * MINUTE, 7 * HOUR + 3 * MINUTE)


def test_work_that_outlives_its_segments_is_in_their_durations(kept):
    """Alone, and added up with segments of which all work ended in time."""
    kept.put(web(1, 0, S, entity(2, "after", 0, 9 * S)), web(2, 0, S), at_us=20 * S)
    kept.put(web(3, MINUTE, MINUTE + S, call(4, MINUTE, MINUTE + S)), at_us=2 * MINUTE)
    kept.update(10 * MINUTE)
    for start_us, end_us in ((0, MINUTE), (0, HOUR)):
        kept.check(start_us, end_us)
    (row,) = [
        row
        for row in kept.storage.graph(kept.tenant, BASE_US, BASE_US + HOUR).nodes
        if row.node == WEB
    ]
    assert sum(row.durations.counts) == 3
    assert row.durations != row.statistics.histogram


def test_rows_from_before_durations_were_differences_keep_theirs(kept):
    """Such a row has the durations themselves."""
    kept.put(web(1, 0, S, entity(2, "after", 0, 9 * S)), web(2, 0, S), at_us=20 * S)
    kept.update(10 * MINUTE)
    asked = kept.tenant, BASE_US, BASE_US + HOUR
    before = kept.storage.graph(*asked)
    pool = kept.storage._pool
    durations = ", ".join(
        f"{bucket}, {n}" for bucket, n in before.nodes[0].durations.by_key().items()
    )
    pool.command(
        f"ALTER TABLE edges UPDATE durations = map({durations}) WHERE 1 SETTINGS mutations_sync = 1"
    )
    pool.command("ALTER TABLE edges DROP COLUMN outliving")
    for statement in steps()[9]:
        pool.command(statement)
    assert kept.storage.graph(*asked) == before


def test_months_are_read_by_the_half_day(kept):
    """They are made of hours, those of ten minutes; what comes late makes each of them anew."""
    at = [number * HOUR + MINUTE for number in range(28)]
    kept.put(*(web(n, us, us + S) for n, us in enumerate(at, start=1)), at_us=29 * HOUR)
    kept.update(30 * HOUR)
    assert kept.rows(43_200) >= 1
    pool = kept.storage._pool
    shorter = "ALTER TABLE edges DELETE WHERE seconds < 43200 AND moment < now()"
    late = web(500, 13 * HOUR, 13 * HOUR + S, call(2, 13 * HOUR, 13 * HOUR + S))
    kept.check(-48 * HOUR, 48 * HOUR)
    kept.put(late, at_us=31 * HOUR)
    kept.check(-48 * HOUR, 48 * HOUR)
    kept.update(32 * HOUR)
    kept.check(-48 * HOUR, 48 * HOUR)
    whole = kept.storage.graph(kept.tenant, BASE_US - 48 * HOUR, BASE_US + 48 * HOUR)
    pool.command(f"{shorter} SETTINGS mutations_sync = 1")
    left = kept.storage.graph(kept.tenant, BASE_US - 48 * HOUR, BASE_US + 48 * HOUR)
    counted = [sum(row.statistics.ok for row in each.nodes) for each in (left, whole)]
    assert 0 < counted[0] < counted[1]


def test_a_deleted_trace_leaves_the_table(kept):
    """Also from hours, and before the next pass."""
    kept.put(web(1, 0, S), web(2, 0, S, call(2, 0, S)), at_us=2 * S)
    kept.update(3 * HOUR)
    kept.clock.now_us += S
    deleted = accepted(kept.tenant, web(2, 0, S)).trace_id
    kept.storage.delete_traces(kept.tenant, [deleted], LAST_US)
    for at_us in (None, 4 * HOUR):
        if at_us is not None:
            kept.update(at_us)
        for start_us in (0, -24 * HOUR):
            rows = kept.storage.graph(kept.tenant, BASE_US + start_us, BASE_US + 24 * HOUR)
            assert [(row.node, row.statistics.ok) for row in rows.nodes] == [(WEB, 1)]


def test_accounts_are_counted_apart(kept):
    """A pass makes the minutes of each."""
    other = Tenant("2" * 12, "eu-west-1")
    kept.put(web(1, 0, S), at_us=2 * S)
    kept.storage.insert(all_accepted(other, [web(1, 0, S, call(2, 0, S))]))
    assert kept.update(10 * MINUTE) == 2
    kept.check()
    assert len(kept.storage.graph(other, BASE_US, BASE_US + HOUR).nodes) == 2


@pytest.mark.usefixtures("counted_at_once")
def test_every_kind_of_store_counts_ahead(empty):
    """Each shard counts the traces that it holds."""
    storage, memory = empty, MemoryStorage()
    tenant = Tenant("3" * 12, "us-east-1")
    sent = all_accepted(tenant, random_documents(random.Random(5), range(1, 13)))
    for store in (storage, memory):
        store.insert(sent)
    while storage.upkeep.update_edges() >= MINUTES_A_PASS:
        pass
    stretch = Stretch(BASE_US // MINUTE, BASE_US // MINUTE + 10)
    assert not freshness.noted(storage._pool, tenant, stretch)
    window = BASE_US - MINUTE, BASE_US + 10 * MINUTE
    assert storage.graph(tenant, *window) == memory.graph(tenant, *window)


@pytest.mark.parametrize(
    "selector",
    [
        None,
        'service("orders")',
        'service(id(type: "AWS::DynamoDB::Table"))',
        'edge("web", "orders")',
        'edge(id(name: "web", type: "client"), "web")',
    ],
)
def test_series_are_those_of_the_spans(kept, selector):
    """By minute, of a node, an edge or all clients; from the table, the spans, and both."""
    documents = random_documents(random.Random(3), range(1, 30))
    first = BASE_US // MINUTE - 1
    asked = None if selector is None else parse_selector(selector)

    def check() -> None:
        found = kept.storage.time_series(kept.tenant, first, first + 10, asked)
        assert found == kept.memory.time_series(kept.tenant, first, first + 10, asked)
        assert len(found) > 1

    kept.put(*documents[:-9], at_us=5 * MINUTE)
    check()
    kept.update(20 * MINUTE)
    check()
    kept.put(*documents[-9:], at_us=21 * MINUTE)
    check()
