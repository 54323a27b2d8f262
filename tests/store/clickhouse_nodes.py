"""Real ClickHouse processes: one by itself, or a cluster of several shards.

There is no ClickHouse server in a package registry, but the shared library of chDB's npm package
holds the whole engine, and its `clickhouse local` serves HTTP and the native protocol. So a node is
a Python process that calls the library and does little else. What that mode lacks: ON CLUSTER,
replication, and the patience of a server with connections that are reset (it ends); so its
process passes on what arrives, and ends each connection in good order.
"""

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import functools
import http.client
import os
import platform
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

CLUSTER = "shards"
PAIR = "pair"
"""The same nodes as one shard of two replicas, which replicate nothing, and one of the rest."""

USER = "fluoro"
PASSWORD = "only for tests"  # noqa: S105
GRANTS = (
    "SELECT, INSERT, ALTER, CREATE, DROP, CHECK ON fluoro*.*",
    "SELECT ON system.clusters, SELECT ON system.parts",
    "CREATE TEMPORARY TABLE, REMOTE ON *.*",
    "TABLE ENGINE ON *",
)
"""What docs/guides/clickhouse.md tells people to grant."""

START_LIMIT_S = 120

_PACKAGE = Path(__file__).parent / "clickhouse"
CERTIFICATE = _PACKAGE / "tls.pem"
"""Of the three nodes, and its key; signed by nobody."""

_LIBRARY = _PACKAGE / "node_modules/@chdb/lib-linux-x64-gnu/libchdb.so"
_SERVE = (
    "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP;"
    " SELECT sleepEachRow(1) FROM numbers(100000)"
    " SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null"
)
_SIGNAL_OF_PARENTS_END = 1  # PR_SET_PDEATHSIG
_CONFIG = """<clickhouse>
  <users_config>users.xml</users_config>
  <logger><level>none</level></logger>
  <max_server_memory_usage>1500000000</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <remote_servers>
    <{cluster}>{shards}</{cluster}>
    <{pair}>{pairs}</{pair}>
  </remote_servers>
</clickhouse>
"""
_SHARD = "<shard><internal_replication>true</internal_replication>{replicas}</shard>"
_REPLICA = """
      <replica><host>{host}</host><port>{port}</port>
        <user>{user}</user><password>{password}</password></replica>"""
_USERS = """<clickhouse>
  <users>
    <default><password/><networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile><quota>default</quota></default>
    <{user}><password>{password}</password><networks><ip>127.0.0.0/8</ip></networks>
      <profile>default</profile><quota>default</quota><grants>{grants}</grants></{user}>
  </users>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
</clickhouse>
"""


def library() -> Path:
    """The library with the engine, installed if it is not there yet.

    Where it cannot be had the test is skipped, but on a machine that says `CI=true` it fails.
    """
    problem = None
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        problem = "the library is built for Linux on x86-64 only"
    else:
        with (_PACKAGE / "package.json").open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # another worker may be at it
            problem = None if _LIBRARY.exists() else _install()
    if problem is not None:
        message = f"this test starts ClickHouse processes, and {problem}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return _LIBRARY


def _install() -> str | None:
    """Install the library; what went wrong, if anything did."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is missing: https://nodejs.org/en/download"
    command = [npm, "ci", "--prefer-offline", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=_PACKAGE, check=False, capture_output=True, text=True)
    if done.returncode or not _LIBRARY.exists():
        return f"`npm ci` in {_PACKAGE} failed: {done.stderr[-500:]}"
    return None


class ClickHouseNode:
    """One ClickHouse process with a folder and an address of its own; killed, it can come back."""

    def __init__(self, folder: Path, host: str, ports: Sequence[int]) -> None:
        self.folder = folder
        self.host = host
        self.http_port, self.tcp_port, self.https_port = self._ports = ports
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and not killed."""
        return self._process is not None

    def start(self) -> None:
        """Begin to start; `wait` returns when it answers."""
        ports = map(str, self._ports)
        command = [sys.executable, __file__, str(library()), str(self.folder), self.host, *ports]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )

    def wait(self) -> None:
        """Return when the node answers."""
        assert self._process is not None
        deadline = time.monotonic() + START_LIMIT_S
        log = self.folder / "log"
        while not self._answers():
            assert self._process.poll() is None, f"ClickHouse ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"ClickHouse never answered:\n{log.read_text()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a machine ends whose power fails."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def store(self, database: str, options: str = "") -> str:
        """One of its databases, as setting `store` names it."""
        return f"clickhouse://{USER}@{self.host}:{self.http_port}/{database}{options}"

    def secure_store(self, database: str, options: str = "") -> str:
        """The same over TLS."""
        return f"clickhouses://{USER}@{self.host}:{self.https_port}/{database}{options}"

    def _answers(self) -> bool:
        """Both doors: HTTP, and the native protocol that shards speak."""
        inner = _inner(self.host)
        connection = http.client.HTTPConnection(inner, self.http_port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/ping")
            if connection.getresponse().status == http.client.OK:
                socket.create_connection((inner, self.tcp_port), timeout=5).close()
                return True
        return False


@contextlib.contextmanager
def running(folder: Path, count: int) -> Iterator[list[ClickHouseNode]]:
    """Run so many nodes that know each other as shards of `CLUSTER`.

    As on machines of their own they have equal ports, and hosts that differ.
    """
    hosts = [f"127.0.0.{2 + number}" for number in range(count)]
    ports = lasting_ports([*hosts, *map(_inner, hosts)], 3)
    started = [ClickHouseNode(folder / host, host, ports) for host in hosts]
    replicas = [
        _REPLICA.format(host=host, port=ports[1], user=USER, password=PASSWORD) for host in hosts
    ]
    shards = "".join(_SHARD.format(replicas=replica) for replica in replicas)
    pairs = [replicas[:2], *([replica] for replica in replicas[2:])]
    paired = "".join(_SHARD.format(replicas="".join(pair)) for pair in pairs)
    grants = "".join(f"<query>GRANT {what}</query>" for what in GRANTS)
    try:
        for node in started:
            node.folder.mkdir()
            config = _CONFIG.format(cluster=CLUSTER, shards=shards, pair=PAIR, pairs=paired)
            (node.folder / "config.xml").write_text(config)
            users = _USERS.format(user=USER, password=PASSWORD, grants=grants)
            (node.folder / "users.xml").write_text(users)
            node.start()
        for node in started:
            node.wait()
        yield started
    finally:
        for node in started:
            node.kill()


def lasting_ports(hosts: Sequence[str], count: int) -> list[int]:
    """Ports free on each host, below those that the system gives away: nobody takes them meanwhile.

    Raises:
        OSError: There are not so many.
    """
    first_given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found: list[int] = []
    for port in random.Random().sample(range(10_000, first_given), k=200):
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for host in hosts:
                probes.enter_context(socket.create_server((host, port)))
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(errno.EADDRINUSE, f"no {count} ports are free")


def _inner(host: str) -> str:
    """Where the engine of a node listens, on the same ports."""
    return host.replace("127.0.0.", "127.0.1.")


async def _pass_on(host: str, ports: Sequence[int]) -> None:
    """Pass on what arrives at a node's ports, for ever."""

    async def both_ways(
        port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection(_inner(host), port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_one_way(reader, inner_writer), _one_way(inner_reader, writer))
        writer.close()
        inner_writer.close()

    http_port, tcp_port, https_port = ports
    for port in (http_port, tcp_port):
        await asyncio.start_server(functools.partial(both_ways, port), host, port)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    handler = functools.partial(both_ways, http_port)
    await asyncio.start_server(handler, host, https_port, ssl=tls)
    await asyncio.Event().wait()


async def _one_way(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Until the source ends or is reset; what a sink no longer takes is read all the same."""
    with contextlib.suppress(ConnectionError):
        while data := await source.read(1 << 16):
            with contextlib.suppress(ConnectionError):
                sink.write(data)
                await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof() if sink.can_write_eof() else sink.close()


def _run(library_path: str, folder: Path, host: str, ports: Sequence[str]) -> int:
    """Be a node until the parent ends."""
    ctypes.CDLL(None).prctl(_SIGNAL_OF_PARENTS_END, signal.SIGKILL)
    passing_on = _pass_on(host, [int(port) for port in ports])
    threading.Thread(target=asyncio.run, args=(passing_on,), daemon=True).start()
    arguments = [
        *("clickhouse", "--config-file", str(folder / "config.xml"), "--path", str(folder / "db")),
        *("--http_port", ports[0], "--tcp_port", ports[1], "--listen_host", _inner(host)),
        *("--query", _SERVE),
    ]
    engine = ctypes.CDLL(library_path)
    engine.chdb_query_cmdline.restype = ctypes.c_void_p
    argv = (ctypes.c_char_p * len(arguments))(*map(str.encode, arguments))
    engine.chdb_query_cmdline(len(arguments), argv)
    return 1


if __name__ == "__main__":
    sys.exit(_run(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:]))
