"""What the engine's views save: CPU of an insert against rows that are made in Python.

Inserts the same kind of documents by turns: as raw lines that the views read; with rows made by
`store.flatten` and inserted as JSON, as the store does for documents that the views do not read;
and as raw lines in small batches. CPU of this process, the engine's threads and merges included.
Prints medians in microseconds a document, as JSON.

    .venv/bin/python benchmarks/flattening.py --rounds 5
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from fluoro.model.tenant import LOCAL
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.semantics import SHALLOW
from fluoro.store.storage import Accepted
from fluoro.wire.segment import check
from traces import Shape, traces

LARGE, SMALL = 10_000, 2_000
"""Documents a batch."""


class Costs(msgspec.Struct, frozen=True):
    """CPU a document, in microseconds."""

    raw_us: float
    """Read by the views, in large batches."""
    python_us: float
    """Rows made in Python, in large batches; without what the views cost for nothing."""
    raw_small_us: float
    """Read by the views, in small batches."""
    insert_ms: float
    """CPU of an insert of one document: what each insert costs however small it is."""


def measure(folder: Path, rounds: int) -> Costs:
    """Insert by turns into a new store."""
    storage = ClickHouseStorage.open(folder)
    try:
        accepted = _accepted()
        storage.insert(_take(accepted, SMALL))  # loads what the first insert loads
        taken: dict[str, list[float]] = {"raw": [], "python": [], "small": [], "one": []}
        for _ in range(rounds):
            large = _take(accepted, LARGE)
            taken["raw"].append(_cpu_s(storage, [large]) / LARGE)
            deep = [
                msgspec.structs.replace(document, depth=SHALLOW + 1)
                for document in _take(accepted, LARGE)
            ]
            taken["python"].append(_cpu_s(storage, [deep]) / LARGE)
            small = [_take(accepted, SMALL) for _ in range(LARGE // SMALL)]
            taken["small"].append(_cpu_s(storage, small) / LARGE)
            taken["one"].append(_cpu_s(storage, [_take(accepted, 1)]))
        raw_s, python_s, small_s, one_s = map(statistics.median, taken.values())
        # The views run for documents that Python reads too, and find nothing to do.
        python_s -= one_s / LARGE
        return Costs(raw_s * 1e6, python_s * 1e6, small_s * 1e6, one_s * 1e3)
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
    """Measure in a folder of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="fluoro-bench-") as folder:
        costs = measure(Path(folder) / "data", arguments.rounds)
        print(msgspec.json.encode(costs).decode())


if __name__ == "__main__":
    main()
