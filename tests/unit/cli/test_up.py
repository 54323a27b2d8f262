import socket

import pytest

from fluoro.cli.up import up
from fluoro.errors import SettingsError


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("server_address", socket.SOCK_STREAM),
        ("agent_address", socket.SOCK_STREAM),
        ("agent_address", socket.SOCK_DGRAM),
    ],
)
def test_a_port_in_use(setting, kind):
    """Said by the flag of `up`, before anything is started."""
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        free = {"server_address": "127.0.0.1:0", "agent_address": "127.0.0.1:0"}
        with pytest.raises(SettingsError, match="Address already in use") as error:
            up(**(free | {setting: address}))
    assert error.value.setting == setting
    assert address in error.value.message
