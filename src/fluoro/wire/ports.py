"""Every port and default address of Fluoro, in one place. Nothing else states a number."""

import ipaddress

from fluoro.errors import SettingsError

AGENT = 2000
"""UDP segments and TCP sampling calls, as AWS's daemon."""
AGENT_ADMIN = 2001
SERVER = 8080
"""X-Ray API, OTLP/HTTP, console."""
SERVER_ADMIN = 8081
OTLP_GRPC = 4317
OTLP_HTTP = 4318
CLICKHOUSE_HTTP = 8123
CLICKHOUSE_HTTPS = 8443

LOOPBACK = "127.0.0.1"

_LAST_PORT = 65_535


def loopback(port: int) -> str:
    """`127.0.0.1:port`, the default of every listener."""
    return f"{LOOPBACK}:{port}"


def parse(setting: str, address: str) -> tuple[str, int]:
    """Host (without brackets) and port of `host:port` or `[v6]:port`; port 0 takes a free one.

    Raises:
        SettingsError: It is neither; the message says what is wanted of `setting`.
    """
    host, colon, port = address.rpartition(":")
    is_v6 = host.startswith("[") and host.endswith("]")
    if is_v6:
        host = host[1:-1]
    is_port = port.isascii() and port.isdigit() and int(port) <= _LAST_PORT
    if not (colon and host and is_port and (is_v6 or ":" not in host)):
        raise SettingsError(
            setting, f"{address!r} is no address: write host:port, as in 127.0.0.1:8080"
        )
    return host, int(port)


def spell(host: str, port: int) -> str:
    """`host:port`, with brackets around an IPv6 address; the inverse of `parse`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address of this host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
