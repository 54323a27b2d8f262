import dataclasses
from pathlib import Path

import pytest

from fluoro.errors import SettingsError
from fluoro.server.settings import ServerSettings


def test_the_defaults_go_together():
    """A server without any setting starts, on this machine only."""
    settings = ServerSettings()
    assert (settings.address, settings.admin_address) == ("127.0.0.1:8080", "127.0.0.1:8081")


@pytest.mark.parametrize("address", ["0.0.0.0:8080", "[::]:8080", "10.0.0.1:0", "example.org:80"])
def test_beyond_loopback_only_when_told(address):
    """Without keys everybody could read and write."""
    with pytest.raises(SettingsError, match="--insecure") as error:
        ServerSettings(address=address).refuse_strangers()
    assert error.value.setting == "address"
    ServerSettings(address=address, insecure=True).refuse_strangers()


@pytest.mark.parametrize("address", ["127.0.0.9:1", "[::1]:8080", "localhost:8080"])
def test_loopback_is_free(address):
    """All of 127/8, ::1 and localhost stay on this machine."""
    settings = ServerSettings(address=address)
    assert settings.is_local
    settings.refuse_strangers()


def test_where_the_keys_are():
    """In the server's folder, unless told otherwise; a home is written out."""
    assert ServerSettings(data=Path("/d")).keys_path == Path("/d/keys.yaml")
    assert ServerSettings(data=Path("/d"), keys_file=Path("/k")).keys_path == Path("/k")
    assert ServerSettings(keys_file=Path("~/k")).keys_path == Path.home() / "k"


@pytest.mark.parametrize("address", ["", "8080", "host:", ":8080", "::1:80", "a:65536", "a:-1"])
@pytest.mark.parametrize("field", ["address", "admin_address"])
def test_what_is_no_address(field, address):
    """The message shows what one looks like."""
    with pytest.raises(SettingsError, match=r"write host:port") as error:
        ServerSettings(**{field: address})
    assert error.value.setting == field


@pytest.mark.parametrize(
    "field",
    [
        field.name
        for field in dataclasses.fields(ServerSettings)
        if isinstance(field.default, int) and not isinstance(field.default, bool)
    ],
)
def test_no_number_is_negative(field):
    """Every number has a least one."""
    with pytest.raises(SettingsError, match="too small") as error:
        ServerSettings(**{field: -1})
    assert error.value.setting == field


@pytest.mark.parametrize("own", [{"1": 3}, {"111122223333": 30}, {"111122223333": 0}])
def test_an_account_keeps_its_own_for_fewer_days_than_all(own):
    """Partitions of all accounts are dropped together, so it cannot be more."""
    with pytest.raises(SettingsError, match="12 digits") as error:
        ServerSettings(retention_days=30, retention_days_by_account=own)
    assert error.value.setting == "retention_days_by_account"
    ServerSettings(retention_days=30, retention_days_by_account={"111122223333": 29})


def test_numbers_that_do_not_go_together():
    """A query within the store's memory, a flush within the queue."""
    with pytest.raises(SettingsError, match="more than store_memory_bytes"):
        ServerSettings(store_memory_bytes=5, query_memory_bytes=6)
    with pytest.raises(SettingsError, match="queue_documents"):
        ServerSettings(flush_documents=6, queue_documents=5)


def test_the_store_is_an_address():
    """Read once at the start, so a wrong one ends it."""
    assert ServerSettings().store_address is None
    address = ServerSettings(store="clickhouse://ada@ch/traces").store_address
    assert (address.user, address.host, address.database) == ("ada", "ch", "traces")
    with pytest.raises(SettingsError, match="not an address"):
        ServerSettings(store="ch:8123")


def test_a_password_without_a_store_is_a_mistake():
    """Somebody believes that a ClickHouse is used."""
    with pytest.raises(SettingsError, match="without store") as error:
        ServerSettings(store_password="hunter2")  # noqa: S106
    assert error.value.setting == "store_password"


def test_no_log_shows_the_password():
    """Neither the settings as they are logged, nor as Python prints them."""
    settings = ServerSettings(store="clickhouse://ch", store_password="hunter2")  # noqa: S106
    assert "hunter2" not in f"{settings} {settings.shown()}"
    assert settings.shown()["store_password"] == "***"  # noqa: S105
    assert ServerSettings().shown()["store_password"] == ""
