"""Settings of the agent: one field is a flag, a variable, a key of the file and a line of help.

`docs/reference/settings.md` is generated from this class.
"""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from fluoro.errors import SettingsError
from fluoro.wire import ports, sigv4

_MIB = 1024 * 1024

LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class AgentSettings:
    """How one agent listens, batches and sends."""

    udp_address: str = ports.loopback(ports.AGENT)
    """Where segments arrive, as host:port; port 0 takes a free one, the same for TCP."""

    tcp_address: str = ports.loopback(ports.AGENT)
    """Where SDKs ask for sampling rules and targets."""

    admin_address: str = ports.loopback(ports.AGENT_ADMIN)
    """Where /livez, /readyz and /metrics listen."""

    upstream: str = f"http://{ports.loopback(ports.SERVER)}"
    """The Fluoro server that segments go to and sampling calls are passed on to."""

    access_key_id: str = ""
    """Access key that requests to the server are signed with, those of SDKs that are passed on
    among them; a server without keys asks for none."""

    secret_access_key: str = field(default="", repr=False)
    """Secret of this key; never by flag, which every user of a machine can see."""

    region: str = ""
    """Region whose data the segments are; without it the variable AWS_REGION, else us-east-1."""

    batch_documents: int = 1_000
    """Documents of one request at most."""

    batch_bytes: int = 2 * _MIB
    """Bytes of the documents of one request at most."""

    batch_interval_ms: int = 200
    """Longest time that a document waits for others."""

    senders: int = 8
    """Requests that are under way at the same time."""

    request_timeout_s: int = 10
    """Longest time that one request may take."""

    buffer_bytes: int = 64 * _MIB
    """Documents that wait for the server, in bytes; past it the oldest are dropped and counted.
    Never more than a quarter of the container's memory limit."""

    receive_buffer_bytes: int = 8 * _MIB
    """Socket buffer asked of the kernel; what was granted is logged and a metric."""

    drain_s: float = 0.0
    """On SIGTERM: seconds to go on receiving while /readyz answers 503."""

    flush_deadline_s: float = 30.0
    """On SIGTERM: seconds to send what waits; the rest is dropped and counted."""

    tcp_connections: int = 256
    """Open TCP connections; one more is closed at once."""

    tcp_body_bytes: int = 1 * _MIB
    """Longest body of a sampling call."""

    tcp_timeout_s: float = 5.0
    """Longest time for the head or the body of a sampling call to arrive."""

    sampling_cache_s: int = 3600
    """While the server is away, how old its last answer about sampling rules may be."""

    telemetry_interval_s: int = 60
    """Seconds between two reports of the agent's own counts to the server."""

    log_level: LogLevel = "info"
    """Least important lines that the log on stderr has."""

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: With the first field at fault.
        """
        for name in ("udp_address", "tcp_address", "admin_address"):
            ports.parse(name, getattr(self, name))
        if not _is_url(self.upstream):
            raise SettingsError(
                "upstream", f"{self.upstream!r} is no URL: write it as in http://127.0.0.1:8080"
            )
        if bool(self.access_key_id) != bool(self.secret_access_key):
            missing = "secret_access_key" if self.access_key_id else "access_key_id"
            raise SettingsError(missing, "an access key is both, its id and its secret")
        if self.region and not sigv4.is_region(self.region):
            raise SettingsError("region", f"{self.region!r} is no region, as us-east-1 is")
        for name, (least, most) in _RANGES.items():
            value: float = getattr(self, name)
            if not value >= least:  # so that NaN is refused, too
                raise SettingsError(name, f"{value} is too small: it is at least {least}")
            if value > most:
                raise SettingsError(name, f"{value} is too large: it is at most {most}")
        if self.batch_bytes > self.buffer_bytes:
            raise SettingsError(
                "batch_bytes",
                f"{self.batch_bytes} bytes never fit into a buffer of {self.buffer_bytes}:"
                " make buffer_bytes larger",
            )


def _is_url(text: str) -> bool:
    """Whether a client could call it: scheme, host and, if any, a port that exists."""
    try:
        url = urlsplit(text)
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return False


_DAY_S = 86_400
_GIB = 1024 * _MIB
_RANGES: dict[str, tuple[float, float]] = {
    "batch_documents": (1, 5_000),
    "batch_bytes": (65_536, _GIB),
    "batch_interval_ms": (1, 60_000),
    "senders": (1, 100),
    "request_timeout_s": (1, 3_600),
    "buffer_bytes": (65_536, 1024 * _GIB),
    "receive_buffer_bytes": (1, _GIB),
    "drain_s": (0, _DAY_S),
    "flush_deadline_s": (0, _DAY_S),
    "tcp_connections": (1, 100_000),
    "tcp_body_bytes": (1, _GIB),
    "tcp_timeout_s": (0.1, 3_600),
    "sampling_cache_s": (0, 365 * _DAY_S),
    "telemetry_interval_s": (1, _DAY_S),
}
