"""The life of a store's folder: opening, holding, leaving, and what must not open it."""

import time

import pytest

from fluoro.errors import MigrationError, SettingsError, StoreTimeoutError
from fluoro.model.tenant import LOCAL
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.pool import Limits
from fluoro.store.storage import SamplingReport, Search
from store.building import BASE_US, all_accepted, random_documents, segment, trace_id

S = 1_000_000


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state" / "fluoro"


def test_everything_is_there_after_reopening(folder, monkeypatch):
    """Documents, spans, graph and reports; the time zone of the process makes no difference."""
    documents = all_accepted(LOCAL, [segment(n, 1, "web", n * S, n * S + S) for n in range(1, 30)])
    ids = [trace_id(number) for number in range(1, 30)]
    report = SamplingReport("Default", "client", time.time_ns() // 1000, 1, 1, 0, 1, 2)

    def ask(storage):
        return (
            storage.documents(LOCAL, ids),
            storage.spans(LOCAL, ids),
            storage.graph(LOCAL, 0, 2**62),
            storage.search(LOCAL, Search(0, 2**62)),
            storage.latest_us(LOCAL),
            storage.sampling_reports(LOCAL, 0),
        )

    storage = ClickHouseStorage.open(folder)
    storage.insert(documents)
    storage.add_sampling_reports(LOCAL, [report])
    before = ask(storage)
    storage.close()
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        storage = ClickHouseStorage.open(folder)
        assert ask(storage) == before
        storage.close()
    finally:
        monkeypatch.undo()
        time.tzset()
    assert before[4] == BASE_US + 29 * S
    assert before[5] == [report]


def test_receipts_rise_even_when_the_clock_went_back(folder):
    """Across a restart; or an older document could outweigh a newer one."""
    storage = ClickHouseStorage.open(folder, clock_us=lambda: 5_000_000)
    storage.insert(all_accepted(LOCAL, [segment(1, 1, "web", 0, None, user="first")] * 3))
    storage.close()
    storage = ClickHouseStorage.open(folder, clock_us=lambda: 1_000_000)
    storage.insert(all_accepted(LOCAL, [segment(1, 1, "web", 0, None, user="second")]))
    (stored,) = storage.documents(LOCAL, [trace_id(1)])[trace_id(1)]
    storage.close()
    assert b"second" in stored.document
    assert stored.receipt_us == 5_000_003


def test_a_resend_on_a_later_day_changes_nothing(folder):
    """The days are partitions that no merge ever joins."""
    clock = [1_800_000_000 * S]
    storage = ClickHouseStorage.open(folder, clock_us=lambda: clock[0])
    storage.insert(all_accepted(LOCAL, [segment(1, 1, "web", 0, S)]))
    clock[0] += 86_400 * S
    storage.insert(all_accepted(LOCAL, [segment(1, 1, "web", 0, S, fault=True)]))
    (stored,) = storage.documents(LOCAL, [trace_id(1)])[trace_id(1)]
    (span,) = storage.spans(LOCAL, [trace_id(1)])[trace_id(1)]
    (node,) = storage.graph(LOCAL, 0, 2**62).nodes
    storage.close()
    assert b"fault" not in stored.document
    assert (span.flags, node.statistics.ok, node.statistics.fault) == (0, 1, 0)


def test_a_second_server_on_the_folder_is_refused_in_one_sentence(folder):
    """And does no harm to the first."""
    first = ClickHouseStorage.open(folder)
    with pytest.raises(SettingsError, match=r"another Fluoro server uses the folder") as caught:
        ClickHouseStorage.open(folder)
    first.check()
    first.close()
    assert caught.value.setting == "data"
    assert "\n" not in caught.value.message
    ClickHouseStorage.open(folder).close()


def test_a_folder_that_cannot_be_made_is_refused_in_one_sentence(tmp_path):
    """Here since a file stands in its way."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written") as caught:
        ClickHouseStorage.open(tmp_path / "file" / "store")
    assert caught.value.setting == "data"


def test_a_newer_schema_is_refused_and_the_folder_let_go(folder):
    """In one sentence that says what to do."""
    storage = ClickHouseStorage.open(folder)
    storage._pool.writer.command("INSERT INTO schema_versions VALUES (999, now('UTC'))")
    storage.close()
    for _ in range(2):
        with pytest.raises(MigrationError, match=r"schema version 999, this Fluoro knows \d+: "):
            ClickHouseStorage.open(folder)


def test_plain_text_that_a_kill_left_behind_is_removed(folder):
    """Inserts pass through a folder of their own."""
    (folder / "incoming").mkdir(parents=True)
    (folder / "incoming" / "tmp1.raw").write_text("secret")
    storage = ClickHouseStorage.open(folder)
    storage.insert(all_accepted(LOCAL, [segment(1, 1, "web", 0, S)]))
    left = list((folder / "incoming").iterdir())
    storage.close()
    assert left == []


def test_a_query_that_takes_too_much_says_so_and_harms_no_later_one(folder, chance):
    """Memory here, time in the same way."""
    storage = ClickHouseStorage.open(folder, Limits(query_memory_bytes=1_000_000, readers=1))
    storage.insert(all_accepted(LOCAL, random_documents(chance, range(1, 40))))
    with pytest.raises(StoreTimeoutError, match="ask for a shorter time range"):
        storage.graph(LOCAL, 0, 2**62)
    storage.check()
    storage.close()
