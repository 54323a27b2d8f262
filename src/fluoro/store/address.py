"""The address of a ClickHouse server, as setting `store` has it.

`clickhouse://user@host:8123/database?cluster=name&replicated=1`, or `clickhouses://` for TLS.
"""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from fluoro.errors import SettingsError
from fluoro.wire import ports

_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_CLUSTER = re.compile(r"\w[\w.-]*\Z", re.ASCII)
_YES_OR_NO = {"1": True, "true": True, "0": False, "false": False}
_FORM = "clickhouse://user@host:8123/database?cluster=name"


class Address(msgspec.Struct, frozen=True):
    """Where a ClickHouse is; its password travels apart."""

    host: str
    port: int
    user: str = "default"
    database: str = "default"
    cluster: str = ""
    """Name of a cluster in the server's `remote_servers`; empty for the one server alone."""
    is_replicated: bool = False
    """Tables have engines that replicate within a shard."""
    is_secure: bool = False
    """HTTP over TLS."""


def parse(text: str) -> Address:
    """Read an address.

    Raises:
        SettingsError: It is none, or holds a password; the message never shows that.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _refused(f"its port or host cannot be read ({error})") from error
    if parts.scheme not in {"clickhouse", "clickhouses"}:
        raise _refused(f"`{parts.scheme}` is no scheme that it can have")
    if parts.password is not None:
        raise _refused("it holds a password: give that by store_password")
    if not parts.hostname or parts.fragment:
        raise _refused("it needs a host, and has nothing behind a `#`")
    options = _options(parts.query)
    is_secure = parts.scheme == "clickhouses" or _is_set(options, "secure")
    database = unquote(parts.path.strip("/")) or "default"
    if not _NAME.match(database):
        raise _refused(f"`{database}` is no database's name: letters, digits and _")
    cluster = options.pop("cluster", "")
    if cluster and not _CLUSTER.match(cluster):
        raise _refused(f"`{cluster}` is no cluster's name: letters, digits, `_`, `-` and `.`")
    is_replicated = _is_set(options, "replicated")
    if is_replicated and not cluster:
        raise _refused("`replicated` needs a `cluster`")
    options.pop("secure", None)
    options.pop("replicated", None)
    if options:
        raise _refused(f"it has no `{min(options)}`: it can have cluster, replicated and secure")
    return Address(
        host=parts.hostname,
        port=port or (ports.CLICKHOUSE_HTTPS if is_secure else ports.CLICKHOUSE_HTTP),
        user=unquote(parts.username or "default"),
        database=database,
        cluster=cluster,
        is_replicated=is_replicated,
        is_secure=is_secure,
    )


def _options(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError as error:
        raise _refused("what follows its `?` is not name=value&name=value") from error


def _is_set(options: dict[str, str], name: str) -> bool:
    value = options.get(name, "0")
    if value not in _YES_OR_NO:
        raise _refused(f"`{name}` is 1 or 0")
    return _YES_OR_NO[value]


def _refused(why: str) -> SettingsError:
    return SettingsError("store", f"not an address such as {_FORM}: {why}")
