"""How far the minutes of documents were noted, as each server knows it."""

from datetime import UTC, date, datetime

import pytest

from fluoro.store import edge_table, freshness, runs
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.migrations import steps
from fluoro.store.passes import Passes
from fluoro.store.pool import Pool
from fluoro.store.upkeep import MINUTES_A_PASS
from store.building import BASE_US
from store.kept import HOUR, MINUTE, S, call, web

LATER_US = BASE_US + 1_000_000


def test_a_pass_of_another_server_is_seen(empty):
    """Each server of a ClickHouse makes some."""
    pool = empty._pool
    ours, theirs = Passes(pool, LATER_US), Passes(pool, LATER_US)
    assert ours.since_us() is None
    ours.cover(BASE_US)
    assert ours.since_us() == theirs.since_us() == BASE_US - ours.overlap_us
    theirs.cover(LATER_US)
    assert ours.since_us() == LATER_US - ours.overlap_us


def test_an_embedded_server_remembers_its_own_pass(tmp_path, monkeypatch):
    """The engine is not asked; a pass that failed is none."""
    storage = ClickHouseStorage.open(tmp_path)
    pool = storage._pool
    passes = Passes(pool, 0)
    passes.cover(BASE_US)
    with monkeypatch.context() as patched:
        patched.setattr(pool, "query", None)
        assert passes.since_us() == BASE_US
        patched.setattr(pool, "insert", None)
        with pytest.raises(TypeError):
            passes.cover(LATER_US)
        assert passes.since_us() == BASE_US
    assert Passes(pool, LATER_US).since_us() == BASE_US
    storage.close()


def test_a_pass_covers_nothing_where_nothing_came(kept, monkeypatch):
    """It still counts what has become calm."""
    kept.put(web(1, 0, S), at_us=2 * S)
    assert kept.update(2 * S) == 0
    monkeypatch.setattr(kept.storage._edges._passes, "cover", None)
    assert kept.update(10 * MINUTE) == 1
    kept.check()


@pytest.mark.parametrize("short", [runs._SHORT, 0], ids=["a short window", "a long one"])
@pytest.mark.parametrize("is_before", [True, False], ids=["before the runs", "after the runs"])
def test_a_pass_between_two_questions_of_a_map_hides_nothing(kept, is_before, short, monkeypatch):
    """What came since the last pass is asked for beside the runs; both orders are right."""
    monkeypatch.setattr(runs, "_SHORT", short)
    kept.put(*(web(n, n * MINUTE, n * MINUTE + S) for n in range(1, 30)), at_us=40 * MINUTE)
    kept.update(50 * MINUTE)
    kept.put(web(30, 5 * MINUTE, 5 * MINUTE + S, call(2, 0, S)), at_us=51 * MINUTE)
    asked = []

    def ask(function, *args):
        def call_it():
            asked.append(function)
            kept.put(web(31, 15 * MINUTE, 15 * MINUTE + S), at_us=52 * MINUTE)
            kept.update(53 * MINUTE)
            return function(*args)

        found = call_it() if is_before else None
        return lambda: call_it() if found is None else found

    window = BASE_US, BASE_US + HOUR
    found = kept.storage.graph(kept.tenant, *window, None, ask)
    assert found == kept.memory.graph(kept.tenant, *window)
    assert asked == [kept.storage._edges._changed]


def test_what_came_is_not_asked_where_nothing_came(kept, monkeypatch):
    """An embedded store has one writer, who knows that."""
    kept.put(web(1, 0, S), at_us=2 * S)
    kept.update(10 * MINUTE)
    with monkeypatch.context() as patched:
        patched.setattr(freshness, "changed", None)
        kept.check()
        kept.put(web(2, 0, S), at_us=11 * MINUTE)
        with pytest.raises(TypeError):
            kept.check()
    kept.check()


def test_notes_from_before_they_were_runs_are_kept(kept):
    """A minute that was noted, and not counted since, is counted from `spans`."""
    kept.put(web(1, 0, S), at_us=2 * S)
    kept.update(10 * MINUTE)
    kept.put(web(2, 0, S))
    assert kept.update(10 * MINUTE + S) == 0  # it is not calm yet
    pool = kept.storage._pool
    pool.command(
        "INSERT INTO stale_minutes SELECT account, region, moment, run FROM edge_runs"
        " WHERE seconds = 0"
    )
    pool.command("ALTER TABLE edge_runs DELETE WHERE seconds = 0 SETTINGS mutations_sync = 1")
    day_us = 24 * HOUR
    pool.command(  # of many days, as nothing ever went
        "INSERT INTO stale_minutes SELECT '2', 'r', toDateTime({first:UInt32}) + 86400 * number,"
        " {first:UInt64} * 1000000 + {day:UInt64} * number FROM numbers(200)",
        {"first": (BASE_US - 200 * day_us) // S, "day": day_us},
    )
    for statement in steps()[11] * 2:
        pool.command(statement)
    kept.check()


def test_a_pass_reads_only_days_with_something_left(kept, monkeypatch):
    """However old the store is; after a start it does not know, and reads all."""
    day = 24 * HOUR
    for number in range(3):
        kept.put(web(number, number * day, number * day + S), at_us=number * day + 2 * S)
        assert kept.update(number * day + 5 * MINUTE) == 1
    asked = []
    query = Pool.query

    def spy(pool, sql, parameters=None):
        if edge_table.SINCE in sql:
            asked.append(parameters["since"])
        return query(pool, sql, parameters)

    monkeypatch.setattr(Pool, "query", spy)
    kept.update(2 * day + 6 * MINUTE)
    yesterday = datetime.fromtimestamp((BASE_US + day) // S, UTC).date()
    assert set(asked) == {yesterday}
    asked.clear()
    kept.restart()
    kept.update(2 * day + 7 * MINUTE)
    assert set(asked) == {date(1970, 1, 1)}


def test_what_a_pass_leaves_is_counted_days_later(kept):
    """Minutes beyond those of one pass, and one that ends on the day after it was noted."""
    day = 24 * HOUR
    kept.put(*(web(n, n * MINUTE, n * MINUTE + S) for n in range(MINUTES_A_PASS + 5)), at_us=2 * S)
    kept.put(web(100, 20 * HOUR, 20 * HOUR + S))
    assert kept.update(2 * HOUR) == MINUTES_A_PASS
    kept.put(web(101, 3 * day, 3 * day + S), at_us=3 * day + 2 * S)
    assert kept.update(3 * day + 5 * MINUTE) == 7
    assert kept.update(3 * day + 6 * MINUTE) == 0
    kept.check(-MINUTE, 4 * day)
    assert kept.rows(43_200) > 0
