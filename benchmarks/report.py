"""Tables: what was wanted, what was measured, and whether it is enough."""

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from traces import Shape, traces

_TARGETS_US = 14.1
"""CPU of `json.loads` for a document of 2 KB on the machine on which the targets were set."""
_PARSINGS = 9


class Line(msgspec.Struct, frozen=True):
    """One line of a table. All limits are upper ones."""

    name: str
    measured: float | None
    """None when it could not be measured; `note` says why."""
    unit: str = ""
    limit: float | None = None
    """None for what is only stated."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Of the measured to the limit."""
        if self.measured is None or not self.limit:
            return None
        return self.measured / self.limit

    def cells(self) -> list[str]:
        """The columns of the table."""
        ratio = self.ratio
        if self.measured is None:
            verdict = "not measured"
        elif ratio is None:
            verdict = "stated"
        else:
            verdict = "yes" if ratio <= 1 else "**no**"
        measured = "-" if self.measured is None else f"{spell(self.measured)} {self.unit}".strip()
        return [
            self.name,
            "-" if self.limit is None else f"≤ {spell(self.limit)} {self.unit}".strip(),
            f"{measured} ({self.note})" if self.note else measured,
            "-" if ratio is None else f"{ratio:.2f}",
            verdict,
        ]


def spell(value: float) -> str:
    """A number with three digits that count, without an exponent."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def print_row(*cells: str) -> None:
    """One row of a table, at once."""
    print(f"| {' | '.join(cells)} |", flush=True)


def print_table(lines: list[Line]) -> None:
    """All lines with a head."""
    print_row("line", "target", "measured", "of the target", "met")
    print_row(*["---"] * 5)
    for line in lines:
        print_row(*line.cells())


def describe_machine() -> str:
    """What the figures depend on besides the program."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{len(os.sched_getaffinity(0))} processors ({cpu[1] if cpu else platform.machine()}),"
        f" {memory:.0f} GB, Linux {platform.release()}, Python {platform.python_version()},"
        f" load {load}, json.loads {_parse_us():.1f} µs a document ({_TARGETS_US} where the targets"
        " were set)"
    )


def _parse_us() -> float:
    """CPU that the standard library takes to parse a document: how fast the machine is just now."""
    shape = Shape(500, start=1_700_000_000, end=1_700_003_600)
    documents = [document for trace in traces(shape) for document in trace]
    taken = []
    for _ in range(_PARSINGS):
        began_s = time.thread_time()
        for document in documents:
            json.loads(document)
        taken.append((time.thread_time() - began_s) / len(documents) * 1e6)
    return statistics.median(taken)


def describe_commit() -> str:
    """The checkout's commit, or that it is not known."""
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "commit not known"


def say(text: str) -> None:
    """What is going on, beside the table."""
    print(text, file=sys.stderr, flush=True)
