"""Child processes that never outlive the supervisor."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STOP_LIMIT_S = 5.0
LAST_LINES = 5


class ChildError(Exception):
    """A child ended that should not have."""


class Children:
    """The processes that were started, by name; each writes to `<name>.log` in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        sockets: Mapping[str, socket.socket] | None = None,
        *,
        speaks: bool = False,
    ) -> None:
        """Start one process in the folder, and hand the listening `sockets` over to it.

        Args:
            name: How it is called in messages, and its log file.
            command: Program and arguments.
            environment: All of its variables.
            sockets: By the variable that gets the descriptor's number; closed here afterwards,
                so that nobody waits at the door of a service that died.
            speaks: Its standard output is ours instead of the log file.
        """
        handed = sockets or {}
        numbers = {variable: str(one.fileno()) for variable, one in handed.items()}
        with (self._folder / f"{name}.log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                command,
                cwd=self._folder,
                env={**environment, **numbers},
                stdin=subprocess.DEVNULL,
                stdout=None if speaks else log,
                stderr=log,
                pass_fds=[one.fileno() for one in handed.values()],
                process_group=0,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509  one thread only, so it is safe
            )
        for one in handed.values():
            one.close()

    def wait_for_end(self, name: str) -> None:
        """Return when `name` has ended well; ChildError when another one ends, or it badly."""
        while True:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            self.check(besides=name)
            status = self._running[name].poll()
            if status == 0:
                return
            if status is not None:
                raise ChildError(self._last_words(name, status))

    def check(self, besides: str = "") -> None:
        """ChildError if a process has ended, `besides` set apart."""
        for name, process in self._running.items():
            status = process.poll()
            if name != besides and status is not None:
                raise ChildError(self._last_words(name, status))

    def stop(self) -> None:
        """Ask all to end, then make them."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + STOP_LIMIT_S
        for process in self._running.values():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _last_words(self, name: str, status: int) -> str:
        lines = (self._folder / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join([f"{name} ended with status {status}.", *lines[-LAST_LINES:]])


def _die_with(parent: int) -> Callable[[], None]:
    # Loaded before the fork: between fork and exec only the call itself is left to do.
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
