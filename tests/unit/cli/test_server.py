import shutil
from pathlib import Path

import pytest

from fluoro.cli.server import fitted
from fluoro.errors import SettingsError
from fluoro.server.settings import ServerSettings


def test_what_the_machine_decides():
    """70 % of the container's limit, a quarter of that for a query, all cores."""
    settings = fitted(ServerSettings(), 1000, 3)
    assert (settings.store_memory_bytes, settings.query_memory_bytes) == (700, 175)
    assert settings.store_threads == 3


def test_a_machine_without_limit():
    """2 GB, not the whole machine."""
    assert fitted(ServerSettings(), None, 1).store_memory_bytes == 2_000_000_000


def test_what_was_set_stays():
    """Only zeros are worked out."""
    settings = ServerSettings(
        data=Path("/x"),
        store_memory_bytes=9,
        store_threads=2,
        query_memory_bytes=4,
        disk_bytes=5,
    )
    assert fitted(settings, 1000, 8) == settings


def test_the_users_folder(monkeypatch):
    """`~` is the home folder."""
    monkeypatch.setenv("HOME", "/home/ada")
    assert fitted(ServerSettings(data=Path("~/x")), None, 1).data == Path("/home/ada/x")


def test_four_fifths_of_the_volume(tmp_path):
    """Of the one that the folder will be on; a ClickHouse server has its own disks."""
    settings = fitted(ServerSettings(data=tmp_path / "not" / "yet"), None, 1)
    assert settings.disk_bytes == int(shutil.disk_usage(tmp_path).total * 0.8)
    assert fitted(ServerSettings(store="clickhouse://host"), None, 1).disk_bytes == 0


def test_a_query_beyond_the_machine():
    """Refused when the machine is known."""
    with pytest.raises(SettingsError, match="store_memory_bytes"):
        fitted(ServerSettings(query_memory_bytes=701), 1000, 1)


def test_a_clickhouse_has_a_machine_of_its_own():
    """Memory and threads of its queries are its own settings' unless ours say more."""
    settings = fitted(ServerSettings(store="clickhouse://ch"), 1000, 3)
    assert (settings.store_threads, settings.query_memory_bytes) == (0, 0)
    settings = ServerSettings(store="clickhouse://ch", query_memory_bytes=10**12)
    assert fitted(settings, 1000, 3).query_memory_bytes == 10**12
