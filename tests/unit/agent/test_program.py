import socket

import pytest

from fluoro.agent.program import open_doors
from fluoro.agent.settings import AgentSettings
from fluoro.errors import SettingsError

FREE = {"udp_address": "127.0.0.1:0", "tcp_address": "127.0.0.1:0", "admin_address": "127.0.0.1:0"}


def close(*doors):
    for door in doors:
        door.close()


def test_free_ports_are_the_same_for_udp_and_tcp():
    """SDKs have one address for both."""
    doors = open_doors(AgentSettings(**FREE))
    udp, tcp, admin = (door.getsockname()[1] for door in doors)
    close(*doors)
    assert udp == tcp != admin


def test_both_versions_of_ip_arrive_at_one_socket():
    """`[::]` takes IPv4 as well, by UDP and by TCP."""
    doors = open_doors(AgentSettings(**FREE | {"udp_address": "[::]:0", "tcp_address": "[::]:0"}))
    udp, tcp, _ = doors
    port = udp.getsockname()[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"hello", ("127.0.0.1", port))
    udp.settimeout(5)
    assert udp.recv(100) == b"hello"
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        tcp.settimeout(5)
        tcp.accept()[0].close()
    close(*doors)


@pytest.mark.parametrize("setting", ["udp_address", "tcp_address", "admin_address"])
def test_a_port_in_use_names_its_setting(setting):
    """And the other doors are closed again."""
    kind = socket.SOCK_DGRAM if setting == "udp_address" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SettingsError, match=f"{address} cannot be used") as error:
            open_doors(AgentSettings(**FREE | {setting: address}))
    assert error.value.setting == setting


def test_a_host_of_nobody_names_its_setting():
    """An address that this machine does not have."""
    with pytest.raises(SettingsError) as error:
        open_doors(AgentSettings(**FREE | {"udp_address": "192.0.2.1:0"}))
    assert error.value.setting == "udp_address"


def test_a_name_is_one_host_for_udp_and_tcp():
    """SDKs have one address for both, so a name never means IPv6 for one and IPv4 for the other."""
    named = {"udp_address": "localhost:0", "tcp_address": "localhost:0"}
    doors = open_doors(AgentSettings(**FREE | named))
    udp, tcp, _ = doors
    families, names = {udp.family, tcp.family}, {udp.getsockname(), tcp.getsockname()}
    close(*doors)
    assert families == {socket.AF_INET}
    assert len(names) == 1
