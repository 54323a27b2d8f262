"""How far the minutes of documents were noted, as each server knows it."""

import pytest

from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.passes import Passes
from store.building import BASE_US

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
