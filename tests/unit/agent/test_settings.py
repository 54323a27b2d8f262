import pytest

from fluoro.agent.settings import AgentSettings
from fluoro.errors import SettingsError


def test_the_defaults_hold():
    """An agent without any setting listens where AWS's daemon does."""
    settings = AgentSettings()
    assert settings.udp_address == settings.tcp_address == "127.0.0.1:2000"
    assert settings.admin_address == "127.0.0.1:2001"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("udp_address", "2000"),
        ("tcp_address", "localhost"),
        ("admin_address", "::1:2001"),
        ("upstream", "127.0.0.1:8080"),
        ("upstream", "aws"),
        ("upstream", "http://"),
        ("upstream", "http://[::1"),
        ("upstream", "http://server:99999"),
        ("upstream", "http://server:http"),
        ("region", "us east"),
        ("batch_documents", 0),
        ("batch_documents", 5001),
        ("batch_bytes", 65_535),
        ("batch_bytes", 65 * 1024 * 1024),
        ("batch_interval_ms", 0),
        ("senders", 0),
        ("request_timeout_s", 0),
        ("receive_buffer_bytes", 0),
        ("drain_s", -0.1),
        ("flush_deadline_s", -1),
        ("tcp_connections", 0),
        ("tcp_body_bytes", 0),
        ("tcp_timeout_s", 0),
        ("sampling_cache_s", -1),
        ("telemetry_interval_s", 0),
        ("drain_s", float("nan")),
        ("flush_deadline_s", float("inf")),
        ("receive_buffer_bytes", 2**31),
    ],
)
def test_what_cannot_work_is_refused(name, value):
    """The error names the setting at fault."""
    with pytest.raises(SettingsError) as error:
        AgentSettings(**{name: value})
    assert error.value.setting == name


def test_ports_may_be_free_ones_and_addresses_of_both_versions():
    """Port 0 and IPv6 in brackets are addresses."""
    settings = AgentSettings(udp_address="[::]:0", tcp_address="0.0.0.0:0", admin_address="[::1]:0")
    assert settings.udp_address == "[::]:0"


def test_a_key_is_an_id_and_a_secret():
    """One without the other is a mistake, named by what is missing."""
    for given, missing in (
        ("access_key_id", "secret_access_key"),
        ("secret_access_key", "access_key_id"),
    ):
        with pytest.raises(SettingsError, match="is both") as error:
            AgentSettings(**{given: "x"})
        assert error.value.setting == missing


def test_no_text_shows_the_secret():
    """As Python prints the settings."""
    assert "hunter2" not in repr(AgentSettings(access_key_id="a", secret_access_key="hunter2"))  # noqa: S106
