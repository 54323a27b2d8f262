"""What the engine's views save: CPU of an insert against rows that are made in Python.

Inserts documents of one kind in three ways, by turns: as raw lines that the views read; with rows
made in Python, as the store does with a small insert and with what the views do not read; and as
raw lines in small batches. Each time into a new store and in a process of its own, so that no merge
of one is counted with another. CPU of the process, the engine's threads included.
Prints medians in microseconds a document, as JSON.

    .venv/bin/python benchmarks/flattening.py --rounds 5
"""

import argparse
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from fluoro.model.tenant import LOCAL
from fluoro.store import inserter
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.storage import Accepted
from fluoro.wire.segment import check
from traces import Shape, traces

LARGE, SMALL = 10_000, 2_000
"""Documents a batch."""

Way = Literal["raw", "python", "small"]
WAYS: tuple[Way, ...] = ("raw", "python", "small")


class Costs(msgspec.Struct, frozen=True):
    """CPU a document, in microseconds."""

    raw_us: float
    """Read by the views, in large batches."""
    python_us: float
    """Rows made in Python, in large batches."""
    raw_small_us: float
    """Read by the views, in small batches."""


def measure(rounds: int) -> Costs:
    """Medians of every way, by turns."""
    taken = [[_measure_alone(way) for way in WAYS] for _ in range(rounds)]
    return Costs(*map(statistics.median, zip(*taken, strict=True)))


def _measure_alone(way: Way) -> float:
    command = [sys.executable, __file__, f"--way={way}"]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def measure_way(way: Way) -> float:
    """Microseconds of CPU a document of as many as a large batch holds, into a new store."""
    accepted = _accepted()
    with tempfile.TemporaryDirectory(prefix="fluoro-bench-") as folder:
        inserter.SMALL_BYTES = sys.maxsize if way == "python" else 0
        storage = ClickHouseStorage.open(Path(folder) / "data")
        try:
            storage.insert(_take(accepted, SMALL))  # loads what the first insert loads
            size = SMALL if way == "small" else LARGE
            batches = [_take(accepted, size) for _ in range(LARGE // size)]
            return _cpu_s(storage, batches) / LARGE * 1e6
        finally:
            storage.close()


def _accepted() -> Iterator[Accepted]:
    """Documents without end, none twice."""
    for seed in itertools.count(1):
        for trace in traces(Shape(10_000, start=1_700_000_000, end=1_700_003_600, seed=seed)):
            for document in trace:
                checked = msgspec.structs.asdict(check(document))
                yield Accepted(tenant=LOCAL, document=document, **checked)


def _take(accepted: Iterator[Accepted], count: int) -> list[Accepted]:
    return list(itertools.islice(accepted, count))


def _cpu_s(storage: ClickHouseStorage, batches: list[list[Accepted]]) -> float:
    before_s = time.process_time()
    for batch in batches:
        storage.insert(batch)
    return time.process_time() - before_s


def main() -> None:
    """Measure every way, or one in this process."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--way", choices=WAYS)
    arguments = options.parse_args()
    if arguments.way:
        print(measure_way(arguments.way))
    else:
        print(msgspec.json.encode(measure(arguments.rounds)).decode())


if __name__ == "__main__":
    main()
