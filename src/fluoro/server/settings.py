"""Settings of the server: one field is a flag, a variable, a key of the file and a line of help.

`docs/reference/settings.md` is generated from this class. Limits that AWS sets are no settings.
"""

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fluoro.errors import SettingsError
from fluoro.store.address import Address, parse
from fluoro.wire import ports

_MIB = 1024 * 1024
_ACCOUNT = re.compile(r"[0-9]{12}\Z")

LogLevel = Literal["debug", "info", "warning", "error"]
Acknowledge = Literal["durable", "received_may_be_lost"]


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """How one server listens, stores and answers."""

    address: str = ports.loopback(ports.SERVER)
    """Where the X-Ray API and the console listen, as host:port; port 0 takes a free one."""

    admin_address: str = ports.loopback(ports.SERVER_ADMIN)
    """Where /livez, /readyz and /metrics listen."""

    data: Path = Path("~/.local/state/fluoro/server")
    """Folder of the embedded store; made when it is not there. One server uses it at a time."""

    store: str = ""
    """A ClickHouse instead of the embedded store: clickhouse://user@host:8123/database, with
    ?cluster=name for a cluster, clickhouses:// for TLS."""

    store_password: str = dataclasses.field(default="", repr=False)
    """Password of the user in `store`; never by flag, which every user of a machine can see."""

    keys_file: Path | None = None
    """File of access keys, edited by `fluoro keys`; none is keys.yaml in `data`, if it is there.
    With a key in it every request must be signed. A change is noticed within 5 seconds."""

    insecure: bool = False
    """Without keys, listen beyond this machine although nobody has to sign: whoever reaches the
    address may read and write every trace."""

    store_memory_bytes: int = 0
    """Most memory that the embedded store uses; 0 is 70 % of the container's limit, 2 GB without
    one."""

    store_readers: int = 4
    """Requests that read the store at the same time; others wait. With keys of several accounts one
    account has one less; the jobs have connections of their own."""

    store_threads: int = 0
    """Processor threads of one query; 0 is the number of cores, or what a ClickHouse says."""

    flush_documents: int = 20_000
    """Documents that are written at once at most."""

    flush_interval_ms: int = 1_000
    """Longest time that a document waits for others before it is written."""

    queue_documents: int = 50_000
    """Documents that may wait to be written; past it, senders are told to come again."""

    queue_bytes: int = 128 * _MIB
    """The same in bytes. The bodies of all requests in hand may have twice this and twice
    `body_bytes`; past it they are refused with 429."""

    acknowledge: Acknowledge = "durable"
    """When PutTraceSegments answers: once documents are on disk, or as soon as they wait to be
    written. Then what waits is lost when the server is killed or an insert fails, up to
    queue_documents, and nobody sends it again."""

    requests_per_s: int = 500
    """Requests that one access key may make of this server in a second, the console's among them;
    past it they are refused with 429 and Retry-After. Without keys there is no limit."""

    body_bytes: int = 8 * _MIB
    """Longest body of a request, after decompression."""

    query_timeout_s: int = 30
    """Longest time that the store may take for one request, in all its queries together."""

    query_memory_bytes: int = 0
    """Most memory that one query may use; 0 is a quarter of the embedded store's, or what a
    ClickHouse says."""

    trace_read_bytes: int = 64 * _MIB
    """Bytes of one trace that BatchGetTraces answers; a longer one has LimitExceeded."""

    edges_interval_s: int = 60
    """Seconds between two passes of the job that counts closed minutes ahead for the map, from 20
    seconds after a full minute on (with 60, at :20 of each)."""

    retention_days: int = 30
    """Days for which everything is kept, counted from its receipt; whole days of UTC, so a
    document is there for up to one day longer."""

    retention_days_by_account: dict[str, int] = dataclasses.field(default_factory=dict)
    """Accounts that keep theirs for fewer days. In a file the accounts need quotes; as a flag
    `--retention-days-by-account.111122223333 7`, as a variable JSON."""

    disk_bytes: int = 0
    """Most bytes on disk: past it the oldest days are dropped, never today's. 0 is 80 % of the
    volume of an embedded store."""

    log_level: LogLevel = "info"
    """Least important lines that the log on stderr has."""

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            SettingsError: With the first field at fault.
        """
        ports.parse("address", self.address)
        ports.parse("admin_address", self.admin_address)
        if self.store_address is None and self.store_password:
            raise SettingsError("store_password", "it is of no use without store")
        for name, least in _LEAST.items():
            value: int = getattr(self, name)
            if value < least:
                raise SettingsError(name, f"{value} is too small: it is at least {least}")
        if 0 < self.store_memory_bytes < self.query_memory_bytes:
            raise SettingsError(
                "query_memory_bytes",
                f"{self.query_memory_bytes} is more than store_memory_bytes"
                f" ({self.store_memory_bytes}): choose a smaller number",
            )
        for account, days in self.retention_days_by_account.items():
            if not _ACCOUNT.match(account) or not 1 <= days < self.retention_days:
                raise SettingsError(
                    "retention_days_by_account",
                    f"{account}: {days} cannot be: an account has 12 digits, and keeps its own for"
                    f" fewer days than the retention_days of all ({self.retention_days})",
                )
        if self.flush_documents > self.queue_documents:
            raise SettingsError(
                "flush_documents",
                f"{self.flush_documents} documents never wait in a queue of"
                f" {self.queue_documents}: make queue_documents larger",
            )

    @property
    def keys_path(self) -> Path:
        """Where the access keys are, if there are any."""
        return (self.keys_file or self.data / "keys.yaml").expanduser()

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return ports.is_loopback(ports.parse("address", self.address)[0])

    def refuse_strangers(self) -> None:
        """Return when a server without keys may listen where it is to.

        Raises:
            SettingsError: Other machines reach it, and nobody said that they may.
        """
        if not self.insecure and not self.is_local:
            raise SettingsError(
                "address",
                f"{self.address} is reached from other machines, and nobody has to sign: make a key"
                " with `fluoro keys create`, listen on 127.0.0.1, or say --insecure if the network"
                " keeps strangers out",
            )

    @property
    def store_address(self) -> Address | None:
        """Where the ClickHouse is; None for the embedded store.

        Raises:
            SettingsError: `store` is no address.
        """
        return parse(self.store) if self.store else None

    def shown(self) -> dict[str, object]:
        """All of them for the log, without what is secret."""
        password = "***" if self.store_password else ""
        return {
            **dataclasses.asdict(self),
            "data": str(self.data),
            "keys_file": str(self.keys_path),
            "store_password": password,
        }


_LEAST = {
    "store_memory_bytes": 0,
    "store_readers": 1,
    "store_threads": 0,
    "flush_documents": 1,
    "flush_interval_ms": 1,
    "queue_documents": 1,
    "queue_bytes": 1,
    "requests_per_s": 1,
    "body_bytes": 1,
    "query_timeout_s": 1,
    "query_memory_bytes": 0,
    "trace_read_bytes": 1,
    "edges_interval_s": 1,
    "retention_days": 1,
    "disk_bytes": 0,
}
