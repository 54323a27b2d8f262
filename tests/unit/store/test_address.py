import pytest

from fluoro.errors import SettingsError
from fluoro.store.address import Address, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("clickhouse://ch", Address("ch", 8123)),
        ("clickhouse://ada@ch:81/traces", Address("ch", 81, "ada", "traces")),
        ("clickhouse://a%40b@ch/", Address("ch", 8123, "a@b")),
        ("clickhouse://[::1]:81", Address("::1", 81)),
        ("clickhouse://ch/t?cluster=main-1", Address("ch", 8123, database="t", cluster="main-1")),
        (
            "clickhouse://ch?cluster=c&replicated=1",
            Address("ch", 8123, cluster="c", is_replicated=True),
        ),
        ("clickhouses://ch", Address("ch", 8443, is_secure=True)),
        ("clickhouse://ch?secure=1", Address("ch", 8443, is_secure=True)),
        ("clickhouse://ch?secure=0", Address("ch", 8123)),
    ],
)
def test_what_an_address_says(text, address):
    """Everything but the host has a default; the port's goes by TLS."""
    assert parse(text) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://ch:8123", "`http` is no scheme"),
        ("ch:8123", "`ch` is no scheme"),
        ("clickhouse:///traces", "needs a host"),
        ("clickhouse://ch:x/", "port or host"),
        ("clickhouse://ch:99999/", "port or host"),
        ("clickhouse://ch/a/b", "no database's name"),
        ("clickhouse://ch/a`;DROP", "no database's name"),
        ("clickhouse://ch/t?cluster=a'b", "no cluster's name"),
        ("clickhouse://ch/t?cluster", "name=value"),
        ("clickhouse://ch/t?replicated=1", "needs a `cluster`"),
        ("clickhouse://ch/t?secure=maybe", "`secure` is 1 or 0"),
        ("clickhouse://ch/t?compress=1", "has no `compress`"),
        ("clickhouse://ch/t#x", "behind a `#`"),
    ],
)
def test_what_is_no_address(text, why):
    """Refused with the form that is wanted and what is wrong."""
    with pytest.raises(SettingsError, match=why) as refused:
        parse(text)
    assert refused.value.setting == "store"
    assert "clickhouse://user@host:8123/database" in refused.value.message


def test_a_password_in_the_address_is_refused_and_not_repeated():
    """It would stand in logs and lists of processes."""
    with pytest.raises(SettingsError, match="store_password") as refused:
        parse("clickhouse://ada:hunter2@ch/traces")
    assert "hunter2" not in refused.value.message
