"""A store's copy, what it tells about itself, and what it notices when it is broken."""

import contextlib
import json
from pathlib import Path

import pytest

from fluoro.errors import MigrationError, SettingsError, StoreUnavailableError
from fluoro.model.ids import trace_id_hex
from fluoro.model.tenant import LOCAL
from fluoro.model.times import LAST_US
from fluoro.store import backup, inspection
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.pool import Limits
from fluoro.store.storage import Search
from store.building import accepted, all_accepted, found, random_documents, segment, trace_id

S = 1_000_000
DAY = 86_400 * S
BEGIN_US = 1_799_971_200 * S
ONE, TWO = trace_id(1), trace_id(2)


@pytest.fixture
def clock():
    return [BEGIN_US]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def storage(folder, clock):
    """A store of the test's own; a test may close it before its end."""
    opened = ClickHouseStorage.open(folder, clock_us=lambda: clock[0])
    closed = []
    close = opened.close

    def once():
        if not closed:
            closed.append(True)
            close()

    opened.close = once
    yield opened
    opened.close()


def everything(storage, numbers):
    """What reads tell of traces and of the graph."""
    ids = [trace_id(number) for number in numbers]
    return (
        storage.documents(LOCAL, ids),
        storage.spans(LOCAL, ids),
        storage.search(LOCAL, Search(0, LAST_US)),
        storage.graph(LOCAL, 0, LAST_US),
    )


def reopened(folder, clock):
    """A restored store, closed after the block."""
    return contextlib.closing(ClickHouseStorage.open(folder, clock_us=lambda: clock[0]))


def test_a_restored_store_answers_as_the_first_one_did(storage, tmp_path, clock, chance):
    """Documents of several days, and tombstones; it takes new documents."""
    for first in (1, 21):
        storage.insert(all_accepted(LOCAL, random_documents(chance, range(first, first + 20))))
        clock[0] += DAY
    storage.delete_traces(LOCAL, [ONE], clock[0] + 30 * DAY)
    before = everything(storage, range(1, 41))
    storage.upkeep.back_up(tmp_path / "copy")
    storage.close()
    note = backup.restore(tmp_path / "copy", tmp_path / "new", Limits())
    with reopened(tmp_path / "new", clock) as restored:
        assert everything(restored, range(1, 41)) == before
        assert restored.insert(all_accepted(LOCAL, [segment(1, 1, "web", 0, S)])) == 1
        assert restored.insert(all_accepted(LOCAL, [segment(99, 1, "web", 0, S)])) == 0
        assert trace_id(99) in found(restored, LOCAL)
    assert note.made_us == clock[0]
    assert note.newest_us == max(
        each.receipt_us for documents in before[0].values() for each in documents
    )


@pytest.mark.parametrize("copied_first", ["documents", "spans"])
def test_what_came_while_it_was_copied_is_there_whole_or_not_at_all(
    storage, tmp_path, clock, copied_first
):
    """The tables are copied one after the other."""
    storage.insert([accepted(LOCAL, segment(1, 1, "web", 0, S))])
    storage.insert([accepted(LOCAL, segment(4, 4, "web", 0, None))])
    newest_us = storage._inserter.newest_us
    storage.insert(all_accepted(LOCAL, [segment(n, n, "web", 0, S) for n in (2, 3, 4)]))
    storage._pool.command(
        f"ALTER TABLE {copied_first} DELETE WHERE"
        " trace_id = toFixedString(unhex({trace:String}), 16) SETTINGS mutations_sync = 2",
        {"trace": trace_id_hex(TWO)},
    )
    storage._pool.command("OPTIMIZE TABLE documents FINAL")
    storage._pool.command("OPTIMIZE TABLE spans FINAL")
    backup.back_up(storage._pool, tmp_path / "copy", newest_us, clock[0])
    storage.close()
    backup.restore(tmp_path / "copy", tmp_path / "new", Limits())
    ids = [trace_id(number) for number in (1, 2, 3, 4)]
    with reopened(tmp_path / "new", clock) as restored:
        assert restored.documents(LOCAL, ids).keys() == {ONE, ids[2], ids[3]}
        assert restored.spans(LOCAL, ids).keys() == {ONE, ids[2], ids[3]}
        assert all(each.is_fine for each in restored.upkeep.check())


def test_a_backup_holds_no_deleted_row(storage, tmp_path, clock):
    """Not even masked."""
    storage.insert(all_accepted(LOCAL, [segment(n, n, "web", 0, S) for n in (1, 2)]))
    storage.delete_traces(LOCAL, [ONE], clock[0] + DAY)
    storage.upkeep.back_up(tmp_path / "copy")
    storage.close()
    backup.restore(tmp_path / "copy", tmp_path / "new", Limits())
    with reopened(tmp_path / "new", clock) as restored:
        counts = [
            restored._pool.query(f"{count} SETTINGS apply_deleted_mask = 0")
            for count in ("SELECT count() FROM documents", "SELECT count() FROM spans")
        ]
    assert counts == [[(1,)], [(1,)]]


def test_a_backup_goes_into_a_folder_of_its_own(storage, tmp_path):
    """One that is there is not touched."""
    (tmp_path / "copy").mkdir()
    with pytest.raises(SettingsError, match="is there already: name a new folder"):
        storage.upkeep.back_up(tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be made"):
        storage.upkeep.back_up(tmp_path / "file" / "copy")


def test_a_backup_that_was_cut_short_is_none(storage, tmp_path):
    """Its note is written last."""
    storage.upkeep.back_up(tmp_path / "copy")
    storage.close()
    (tmp_path / "copy" / "fluoro.json").unlink()
    with pytest.raises(SettingsError, match="no backup, or one that was not finished") as error:
        backup.restore(tmp_path / "copy", tmp_path / "new", Limits())
    assert error.value.setting == "from"
    assert not (tmp_path / "new").exists()


def test_a_folder_with_something_in_it_is_not_restored_into(storage, folder, tmp_path):
    """However harmless it looks; what is there stays."""
    storage.upkeep.back_up(tmp_path / "copy")
    storage.close()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "note").write_text("mine")
    for there in (folder, tmp_path / "new", tmp_path / "new" / "note"):
        with pytest.raises(SettingsError, match="is not empty: restore into a new folder"):
            backup.restore(tmp_path / "copy", there, Limits())
    assert (tmp_path / "new" / "note").read_text() == "mine"


def test_a_backup_of_a_newer_version_is_refused(storage, tmp_path):
    """Before anything is made."""
    storage.upkeep.back_up(tmp_path / "copy")
    storage.close()
    note = json.loads((tmp_path / "copy" / "fluoro.json").read_text())
    (tmp_path / "copy" / "fluoro.json").write_text(json.dumps(note | {"schema_version": 999}))
    with pytest.raises(MigrationError, match=r"schema version 999, this Fluoro knows \d+: "):
        backup.restore(tmp_path / "copy", tmp_path / "new", Limits())
    assert not (tmp_path / "new").exists()


def test_a_restore_that_fails_leaves_nothing(storage, tmp_path):
    """So that it can be tried again."""
    storage.upkeep.back_up(tmp_path / "copy")
    storage.close()
    (tmp_path / "copy" / "store" / ".backup").write_text("broken")
    with pytest.raises(StoreUnavailableError):
        backup.restore(tmp_path / "copy", tmp_path / "new", Limits())
    assert not (tmp_path / "new").exists()


def test_statistics_tell_what_is_there(storage, clock):
    """By table and day of receipt, with the oldest and the newest receipt."""
    empty = storage.upkeep.statistics()
    assert (empty.oldest_receipt_us, empty.newest_receipt_us, empty.tombstones) == (None, None, 0)
    storage.insert(all_accepted(LOCAL, [segment(n, n, "web", 0, S) for n in (1, 2)]))
    clock[0] += DAY
    storage.insert(all_accepted(LOCAL, [segment(3, 3, "web", 0, S)]))
    storage.delete_traces(LOCAL, [trace_id(4), trace_id(5)], clock[0] + 1)
    found = storage.upkeep.statistics()
    documents = [each for each in found.tables if each.table == "documents"]
    assert [(each.day, each.rows, each.parts) for each in documents] == [
        ("2027-01-15", 2, 1),
        ("2027-01-16", 1, 1),
    ]
    assert all(each.bytes > 0 for each in documents)
    assert (found.oldest_receipt_us, found.newest_receipt_us) == (BEGIN_US, BEGIN_US + DAY)
    assert found.tombstones == 2
    clock[0] += 1
    assert storage.upkeep.statistics().tombstones == 0


def test_a_sound_store_is_fine(storage, clock, chance):
    """Whatever the documents are: unfinished, sent twice, nested and alone, over two days."""
    documents = all_accepted(LOCAL, random_documents(chance, range(1, 60)))
    for part in (documents, documents[::2]):
        storage.insert(part)
        clock[0] += DAY
    findings = storage.upkeep.check()
    assert [each.message for each in findings if not each.is_fine] == []
    days = [each.message for each in findings if each.check.startswith("tables on")]
    assert len(days) == 2
    assert all("0 without spans; 0 spans without their document" in each for each in days)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("documents", "0 documents on 2027-01-15, 0 without spans; 3 spans without their document"),
        ("spans", "3 documents on 2027-01-15, 3 without spans; 0 spans without their document"),
    ],
)
def test_tables_that_disagree_are_noticed(storage, clock, monkeypatch, table, message):
    """From more rows on than a flush that a kill tore may leave, whichever table lost them."""
    storage.insert(all_accepted(LOCAL, [segment(n, n, "web", 0, S) for n in (1, 2, 3)]))
    storage._pool.command("TRUNCATE TABLE {table:Identifier}", {"table": table})
    clock[0] += 3600 * S

    def days():
        return [each for each in storage.upkeep.check() if each.check == "tables on 2027-01-15"]

    assert [(each.is_fine, each.message) for each in days()] == [(True, message)]
    monkeypatch.setattr(inspection, "TORN", 2)
    assert [(each.is_fine, each.message) for each in days()] == [(False, message)]


def test_a_broken_file_is_noticed(storage):
    """By its checksum, with the part's name."""
    storage.insert(all_accepted(LOCAL, [segment(1, 1, "web", 0, S)]))
    ((path, name),) = storage._pool.query(
        "SELECT path, name FROM system.parts WHERE active AND table = 'documents'"
    )
    file = next(Path(path).glob("data.bin"))
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 0xFF
    file.write_bytes(changed)
    broken = {each.check: each.message for each in storage.upkeep.check() if not each.is_fine}
    assert broken.keys() == {"parts of documents", "tables"}
    assert f"1 of 1 parts of documents are broken: ['{name}']" in broken["parts of documents"]


def test_a_store_of_another_version_is_noticed(storage):
    """It is brought forward by the next start."""
    storage._pool.command("INSERT INTO schema_versions VALUES (999, now('UTC'))")
    finding = storage.upkeep.check()[0]
    assert (finding.check, finding.is_fine) == ("schema", False)
    with pytest.raises(MigrationError, match="schema version 999"):
        inspection.refuse_newer(storage._pool)
