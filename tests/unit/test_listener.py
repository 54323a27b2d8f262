import socket

import pytest

from fluoro.errors import SettingsError
from fluoro.listener import address_of, bind


def test_a_free_port():
    """Port 0 takes one that can be asked for."""
    with bind("address", "127.0.0.1:0") as listener:
        host, _, port = address_of(listener).rpartition(":")
        assert host == "127.0.0.1"
        assert int(port) > 0


def test_every_address_of_both_families():
    """`[::]` takes IPv4 as well, so that one setting serves a dual-stack cluster."""
    with bind("address", "[::]:0") as listener:
        port = listener.getsockname()[1]
        assert address_of(listener) == f"[::]:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


def test_a_port_in_use():
    """The sentence has the address and the system's words, once."""
    with bind("admin_address", "127.0.0.1:0") as listener:
        address = address_of(listener)
        with pytest.raises(SettingsError) as error:
            bind("admin_address", address)
    assert error.value.setting == "admin_address"
    assert error.value.message == (
        f"{address} cannot be used (Address already in use): stop what listens there or choose"
        " another address"
    )


def test_a_host_that_is_not_there():
    """A name that nobody knows."""
    with pytest.raises(SettingsError, match="cannot be used"):
        bind("address", "host.invalid:0")
