"""A clock that is set back, or was ahead once, changes neither a map nor how long it is kept."""

import pytest

from fluoro.errors import StoreUnavailableError
from fluoro.model.times import LAST_US
from fluoro.store import inserter
from fluoro.store.pool import Pool
from fluoro.store.upkeep import Retention
from store.building import BASE_US, accepted, all_accepted
from store.kept import HOUR, MINUTE, S, call, web


def delete(kept, trace):
    deleted = accepted(kept.tenant, web(trace, 0, S)).trace_id
    for storage in (kept.storage, kept.memory):
        storage.delete_traces(kept.tenant, [deleted], LAST_US)


def fail(kept):
    """An insert fails: its receipts are of nothing."""

    def insert(*_):
        raise OSError("no room")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(inserter, "insert_whole", insert)
        with pytest.raises(StoreUnavailableError):
            kept.storage.insert(all_accepted(kept.tenant, [web(9, 0, S)]))


@pytest.mark.parametrize("is_restarted", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize("is_deletion", [False, True], ids=["documents", "a deletion"])
@pytest.mark.parametrize("newest", ["there", "deleted", "failed", "passed by the clock"])
def test_a_clock_that_is_set_back_hides_nothing(kept, is_restarted, is_deletion, newest):
    """What comes or goes afterwards counts, whatever became of what came last before."""
    kept.put(web(1, 0, S), web(2, 0, S, call(2, 0, S)), at_us=2 * S)
    kept.put(web(4, 0, S), at_us=29 * MINUTE)
    if newest == "failed":
        fail(kept)
    kept.update(30 * MINUTE)
    if newest == "deleted":
        delete(kept, 4)
    if newest == "passed by the clock":  # as versions before wrote it, and another one may again
        kept.storage._pool.insert("edge_passes", [[0, kept.clock.now_us - 1]])
        kept.restart()
    kept.update(31 * MINUTE)
    kept.check()
    kept.clock.now_us = BASE_US + 20 * MINUTE
    if is_restarted:
        kept.restart()
    if is_deletion:
        delete(kept, 2)
    else:
        kept.put(web(3, 0, S, call(2, 0, S)))
    kept.check()
    for at_us in (21 * MINUTE, 40 * MINUTE):
        kept.update(at_us)
        kept.check()
    assert kept.update(41 * MINUTE) == 0


def test_a_run_whose_server_was_killed_is_not_added_to_the_next(kept, monkeypatch):
    """Also while the clock is behind: its rows are there, and no run of that number counts."""
    kept.put(web(1, 0, S), at_us=2 * S)
    kept.update(30 * MINUTE)
    kept.clock.now_us = BASE_US + 20 * MINUTE
    kept.put(web(2, 0, S))
    insert = Pool.insert

    def kill(pool, table, *rest):
        if table == "edge_runs":
            raise StoreUnavailableError("killed")
        insert(pool, table, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(Pool, "insert", kill)
        with pytest.raises(StoreUnavailableError):
            kept.update(40 * MINUTE)
    rows = kept.rows(60)
    kept.clock.now_us = BASE_US + 20 * MINUTE
    kept.restart()
    kept.update(22 * MINUTE)
    kept.update(40 * MINUTE)
    assert kept.rows(60) > rows
    kept.check()


def test_a_clock_once_ahead_keeps_nothing_longer(kept):
    """What is counted afterwards goes with the day on which it was."""
    day = 24 * HOUR
    kept.put(web(1, 0, S), at_us=2 * S)
    kept.update(365 * day)
    kept.clock.now_us = BASE_US + HOUR
    kept.restart()
    kept.put(web(2, day, day + S), at_us=day + 2 * S)
    assert kept.update(day + HOUR) == 1
    kept.check(day - MINUTE, day + HOUR)
    kept.clock.now_us = BASE_US + 100 * day
    kept.storage.upkeep.expire(Retention(30, {}))
    window = BASE_US + day - MINUTE, BASE_US + day + HOUR
    assert not kept.storage.graph(kept.tenant, *window).nodes


def test_what_is_over_is_not_counted_again(kept):
    """A day that was dropped takes the notes of its minutes along."""
    kept.put(web(1, 0, S), at_us=2 * S)
    assert kept.update(30 * MINUTE) == 1
    kept.clock.now_us = BASE_US + 40 * 24 * HOUR
    kept.storage.upkeep.expire(Retention(30, {}))
    assert kept.update(40 * 24 * HOUR) == 0
