"""Programs that outlive the script that started them, each a process group with a pid file."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from checkout import ROOT, RUN

PATIENCE_S = 45.0
"""Longer than the agent's own deadline to flush (30 s) and the server's to close its store."""
_REST_S = 5.0
_DEAD = {"Z", "X"}


class Program:
    """One program by name; `.run/NAME.pid` names the leader of its group."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.output = RUN / f"{name}.out"
        self.log = RUN / f"{name}.log"
        self._pid_file = RUN / f"{name}.pid"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[object]) -> "subprocess.Popen[bytes]":
        """Start it in a session of its own, output to `output`, errors to `log`.

        It gets no proxy: what is started here speaks to this machine only.
        """
        RUN.mkdir(exist_ok=True)
        with self.output.open("wb") as output, self.log.open("wb") as log:
            self._process = subprocess.Popen(
                list(map(str, command)),
                cwd=ROOT,
                env={k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=True,
            )
        pid = self._process.pid
        self._pid_file.write_text(f"{pid} {_start_ticks(pid)}")
        return self._process

    def is_running(self) -> bool:
        """Whether any process of its group lives."""
        return bool(self._members())

    def stop(self) -> None:
        """SIGTERM to the leader, which ends its children in its own order; then to what is left."""
        leader = self._leader()
        if leader and self._members():
            _signal(os.kill, leader, signal.SIGTERM)
            _wait(lambda: leader not in self._members(), PATIENCE_S)
            for last in (signal.SIGTERM, signal.SIGKILL):
                if self._members():
                    _signal(os.killpg, leader, last)
                    _wait(lambda: not self._members(), _REST_S)
        if self._process is not None:
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)

    def _leader(self) -> int | None:
        """Pid as written at the start, or None when that pid is another process by now."""
        if not self._pid_file.exists():
            return None
        pid, _, ticks = self._pid_file.read_text().partition(" ")
        now = _start_ticks(int(pid))
        return int(pid) if now in {"", ticks} else None

    def _members(self) -> list[int]:
        """Living processes of the group. Zombies don't count: nobody may be there to reap them."""
        leader = self._leader()
        if leader is None:
            return []
        members = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            state, _, group = (_stat(stat) or ["Z", "", ""])[:3]
            if group == str(leader) and state not in _DEAD:
                members.append(int(stat.parent.name))
        return members


def _stat(path: Path) -> list[str]:
    """Fields of /proc/PID/stat from the third (state) on; empty when the process is gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _start_ticks(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty when it is gone."""
    fields = _stat(Path(f"/proc/{pid}/stat"))
    return fields[19] if fields else ""


def _signal(send: Callable[[int, int], None], target: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        send(target, number)


def _wait(is_over: Callable[[], bool], deadline_s: float) -> None:
    end = time.monotonic() + deadline_s
    while not is_over() and time.monotonic() < end:
        time.sleep(0.05)
