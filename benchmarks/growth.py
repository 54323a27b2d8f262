"""Reads of a store of a hundred million rows, and of one of a tenth as many days: two tables.

The store is made once (`days.py`), which takes most of an hour, and kept in the cache folder.

    .venv/bin/python benchmarks/growth.py --days 10
"""

import argparse
import contextlib
import http
import os
import shlex
import sys
import threading
import time
from collections.abc import Iterator

import msgspec

from budget_lines import GROWTH_RATIO, disk_lines, ratios, read_lines
from days import Days, store_of
from disk import read_disk
from reading import DAY_S, Reads, measure, measure_all, measure_cold, measure_some
from report import Line, describe_commit, describe_machine, print_table, say
from serving import Server, processors, request, serving

_BESIDE_RATIO = 2.0
_BESIDE_RUNS = 300
_KEEP = "--retention-days=36500"
"""The days are made up, and long over."""
_COLD_RUNS = 8
_IMPATIENT = "--query-timeout-s=1"
_TOO_MUCH = 'http.url CONTAINS "there is no such page"'
"""Of all days: it takes longer than a second."""


def main() -> None:
    """Measure both stores and print what they answered and how the larger one compares."""
    options, runs = _options()
    machine, began = describe_machine(), time.monotonic()
    made = store_of(options)
    _, client, every = processors()
    os.sched_setaffinity(0, client)
    small = Reads(made.data_set(1), options.shape(0).end)
    with serving(made.path / "oldest", every, _KEEP) as server:
        server.settle()
        say("reads of the oldest day")
        before = measure_some(server, small, runs)
    last_day = options.days - 1
    large = Reads(made.data_set(options.days), options.shape(last_day).end)
    with serving(made.path / "data", every, _KEEP) as server:
        server.settle()
        say("reads of all days")
        after = measure_all(server, large, runs)
        resident_bytes = server.resident_bytes()
    say("cold reads")
    cold = measure_cold(made.path / "data", large, every, _COLD_RUNS, _KEEP)
    say("reads beside queries that pass their limit")
    with serving(made.path / "data", every, _KEEP, _IMPATIENT) as server:
        server.settle()
        alone = measure(server, large.trace(), _BESIDE_RUNS)
        with asking_too_much(server, large) as refused:
            beside = measure(server, large.trace(), _BESIDE_RUNS)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    print(f"\n{today}, {describe_commit()}; {machine}; took {time.monotonic() - began:.0f} s.\n")
    print(f"    {shlex.join(['benchmarks/growth.py', *sys.argv[1:]])}\n")
    print(
        f"{made.documents:,} documents, {made.rows:,} rows over {options.days} days of receipt,"
        f" made once in {made.made_s:.0f} s; {resident_bytes / 1e6:.0f} MB resident after the"
        f" reads. {options}\n"
    )
    grown = {name: after[name] for name in before}
    print_table(
        [
            *read_lines(after, cold),
            *ratios(f"1 to {options.days} days", grown, before, GROWTH_RATIO),
            Line(
                f"trace by id while {len(refused)} queries pass their limit, p95",
                beside.p95_ms / alone.p95_ms,
                "x",
                _BESIDE_RATIO,
                f"{beside.p95_ms:.0f} of {alone.p95_ms:.0f} ms; {refused[-1]}",
            ),
            *disk_lines(read_disk(made.path / "data")),
        ]
    )


@contextlib.contextmanager
def asking_too_much(server: Server, reads: Reads) -> Iterator[list[str]]:
    """One client asks for more than a query may take, again and again; what it is told."""
    told: list[str] = []
    over = threading.Event()
    shape = reads.data.shape
    wanted = {"StartTime": shape.start - 30 * DAY_S, "EndTime": shape.end}
    body = msgspec.json.encode({**wanted, "FilterExpression": _TOO_MUCH})

    def ask() -> None:
        while not over.is_set():
            status, text = request(server.port, "POST", "/TraceSummaries", body)
            if status != http.HTTPStatus.OK:
                told.append(msgspec.json.decode(text)["message"])

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        while not told:
            time.sleep(0.1)
        yield told
    finally:
        over.set()
        asking.join()


def _options() -> tuple[Days, int]:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in msgspec.structs.asdict(Days()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    parser.add_argument("--runs", type=int, default=20, help="answers of each warm read")
    said = vars(parser.parse_args())
    return Days(**{name: said[name] for name in msgspec.structs.asdict(Days())}), said["runs"]


if __name__ == "__main__":
    main()
