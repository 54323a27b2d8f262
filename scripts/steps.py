"""Run a command as one step of something longer: one line, and its output only if it fails."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self, TypeVar

from checkout import ROOT, RUN

T = TypeVar("T")
_TICK_S = 2.0
_TAIL_LINES = 40


class StepError(Exception):
    """A step failed; the message says which, and what to do or what it printed."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def run(what: str, *commands: Sequence[object], cwd: Path = ROOT) -> None:
    """Run commands until one succeeds, each to its end, with a dot every two seconds.

    Raises:
        StepError: None ended with status 0; the message holds the end of the last one's output.
    """
    log = RUN / "logs" / f"{what.replace(' ', '-').replace('/', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with Waiting(what) as waiting:
        if any(_succeeds(command, log, cwd, waiting) for command in commands):
            return
    command = " ".join(map(str, commands[-1]))
    raise StepError(f"{what} failed ({command}):\n{tail(log)}")


def _succeeds(command: Sequence[object], log: Path, cwd: Path, waiting: "Waiting") -> bool:
    with log.open("wb") as output:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            return waiting.until(process.poll) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])


class Waiting:
    """`what`, dots while it lasts, then the seconds it took."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = time.monotonic()
        self._next_dot = self._began + _TICK_S

    def __enter__(self) -> Self:
        print(self._what, end=" ", flush=True)
        return self

    def __exit__(self, *_: object) -> None:
        print(f"{time.monotonic() - self._began:.1f} s", flush=True)

    def until(self, ask: Callable[[], T | None], deadline_s: float = float("inf")) -> T | None:
        """Ask ten times a second until the answer is not None; None when the time is over."""
        while (answer := ask()) is None and time.monotonic() - self._began < deadline_s:
            time.sleep(0.1)
            if time.monotonic() >= self._next_dot:
                self._next_dot += _TICK_S
                print(".", end="", flush=True)
        return answer


def main(steps: Callable[[], int]) -> None:
    """Run a script's body; a failed step or Ctrl-C ends it with a sentence and a status."""
    # Without kept bytecode every start of a program compiles its libraries: over a second each.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        sys.exit(steps())
    except StepError as error:
        print(error, file=sys.stderr)
        sys.exit(error.status)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
