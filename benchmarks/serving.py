"""A program under test as a process: its processors, CPU and memory, its parts, the page cache."""

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

T = TypeVar("T")
_SCHEDULED = 2
"""Kind of a processor clock: the one that counts what was given, in nanoseconds."""
_START_LIMIT_S = 120
_STOP_LIMIT_S = 120
_ANSWER_LIMIT_S = 120
_SETTLE_LIMIT_S = 180
_LOOK_S = 2.0
_CALM_LOOKS = 4
_CALM_SHARE = 0.15
"""Of a processor."""
_PART = re.compile(r"([^_]+)_(\d+)_(\d+)_(\d+)(?:_\d+)?$")


class Program:
    """A process that listens on loopback ports of its own.

    Attributes:
        port: Where it answers questions.
    """

    def __init__(
        self, command: Sequence[object], processors: set[int], log: Path, port: int
    ) -> None:
        self.port = port
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                list(map(str, command)),
                stdout=output,
                stderr=output,
                preexec_fn=lambda: os.sched_setaffinity(0, processors),  # noqa: PLW1509  no threads
            )
        self._log = log

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def until(self, ask: Callable[[], T | None], what: str, limit_s: float) -> T:
        """What `ask` answers once it answers something."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                sys.exit(f"the program ended: see {self._log}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if (answer := ask()) is not None:
                    return answer
            time.sleep(0.02)
        return sys.exit(f"waited {limit_s} s in vain for {what}: see {self._log}")

    def settle(self) -> None:
        """Wait until it does next to nothing: merges and jobs go on after its start."""
        deadline = time.monotonic() + _SETTLE_LIMIT_S
        calm = 0
        while calm < _CALM_LOOKS and time.monotonic() < deadline:
            before_s = self.cpu_s()
            time.sleep(_LOOK_S)
            is_calm = self.cpu_s() - before_s < _CALM_SHARE * _LOOK_S
            calm = calm + 1 if is_calm else 0

    def stop(self) -> None:
        """End it in an orderly way."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def cpu_s(self) -> float:
        """User and system time so far, all threads."""
        # What clock_getcpuclockid(3) makes of a process; /proc counts in hundredths of a second.
        return time.clock_gettime(~self._process.pid << 3 | _SCHEDULED)

    def resident_bytes(self) -> int:
        """Resident memory now."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def most_resident_bytes(self) -> int:
        """The most that its resident memory has been."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0


class Server(Program):
    """`fluoro server` on a folder."""

    def __init__(self, folder: Path, processors: set[int], *options: str) -> None:
        self.folder = folder
        port, admin_port = free_port(), free_port()
        command = [
            Path(sys.executable).with_name("fluoro"),
            "server",
            f"--address=127.0.0.1:{port}",
            f"--admin-address=127.0.0.1:{admin_port}",
            f"--data={folder}",
            *options,
        ]
        folder.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(command, processors, folder.with_name("server.log"), port)

        def is_ready() -> bool | None:
            status, _ = request(admin_port, "GET", "/readyz")
            return status == http.HTTPStatus.OK or None

        self.until(is_ready, "the server's start", _START_LIMIT_S)

    def parts(self) -> int:
        """Parts that no merged part replaces, of all tables together."""
        return count_parts(self.folder)


@contextlib.contextmanager
def serving(folder: Path, processors: set[int], *options: str) -> Iterator[Server]:
    """A `fluoro server` for as long as the block lasts."""
    with Server(folder, processors, *options) as server:
        yield server


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def request(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
) -> tuple[int, bytes]:
    """One request on a connection of its own: status and body."""
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_LIMIT_S)
    ) as connection:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()


def count_parts(folder: Path) -> int:
    """Parts in a store's folder that no other part covers; looked up by their folders' names."""
    tables: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for path in folder.glob("store/store/*/*/*_*_*_*"):
        if found := _PART.match(path.name):
            key = str(path.parent), found[1]
            tables.setdefault(key, []).append((int(found[2]), int(found[3]), int(found[4])))
    return sum(
        not any(
            other != part and other[0] <= part[0] and part[1] <= other[1] and other[2] > part[2]
            for other in parts
        )
        for parts in tables.values()
        for part in parts
    )


def evict(folder: Path) -> None:
    """Write a folder's files to the disk and drop them from the page cache."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            opened = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(opened)


def disk_bytes(folder: Path) -> int:
    """What the files of a folder take on the disk; holes in them take nothing."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def processors() -> tuple[set[int], set[int], set[int]]:
    """The server's processor, the client's, and all that there are."""
    every = sorted(os.sched_getaffinity(0))
    if len(every) == 1:
        sys.exit("server and client need a processor each")
    return {every[-1]}, {every[0]}, set(every)
