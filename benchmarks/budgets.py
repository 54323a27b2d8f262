"""The budgets of the store and the query engine, measured: one table.

A `fluoro server` takes a data set over HTTP, pinned to one processor, with the client on another.
Then it is asked, with all processors, what boto3 and the console ask. The data set is made once and
kept in a cache folder; stores are made anew on each run, so no document is one seen before.

    .venv/bin/python benchmarks/budgets.py --documents 1000000

A search that the server refuses is shown as not supported. "Warm" are the runs after the first.
"""

import argparse
import multiprocessing
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from bodies import DataSet, data_set
from budget_lines import Measured, Stored, lines
from days import end_days
from disk import read_disk
from flattening import Costs
from ingest import Ingest, check_count, ingest, light_load
from reading import HOUR_S, Reads, Times, measure_all, measure_cold, measure_some
from report import describe_commit, describe_machine, print_table, say
from sending import Sender, send_all
from serving import Server, processors, serving
from traces import DOCUMENTS_A_TRACE, ROWS_A_DOCUMENT, Ids, Shape

END = 1_767_225_600.0
"""When the newest traces start (epoch seconds): the same for everybody, so bodies can be kept."""

_LIGHT_RATE = 10
"""Documents a second."""
_BESIDE_SHARE = 0.5
"""Of the measured maximum."""
_KINDS_BESIDE = 8
_WORTH_IT = 0.7
"""Share of the data that the last hour may be for two sizes to be told apart."""


class Options(msgspec.Struct, frozen=True):
    """What the command line says."""

    documents: int = 1_000_000
    rows: int = 0
    rows_an_hour: int = 2_000_000
    services: int = 300
    seed: int = 1
    runs: int = 20
    cold_runs: int = 10
    quiet_s: float = 60
    light_s: float = 60
    beside_s: float = 40

    def shape(self, ids: Ids) -> Shape:
        """The data set of a kind of ids."""
        documents = self.rows / ROWS_A_DOCUMENT if self.rows else self.documents
        lasts_s = documents * ROWS_A_DOCUMENT / self.rows_an_hour * HOUR_S
        traces = max(1, round(documents / DOCUMENTS_A_TRACE))
        return Shape(traces, END - lasts_s, END, self.seed, ids, self.services)

    def later(self, documents: float, seed: int, lasts_s: float = HOUR_S) -> Shape:
        """Documents of a time after it, with ids of their own."""
        traces = max(1, round(documents / DOCUMENTS_A_TRACE))
        return Shape(traces, END, END + lasts_s, self.seed + seed, "xray", self.services)


class Run:
    """One run of the benchmark in a folder of its own."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.folder = folder
        self.options = options
        self.pinned, client, self.every = processors()
        os.sched_setaffinity(0, client)

    def measure(self, data: DataSet) -> Measured:
        """Everything, in about the time that the ingest of the data takes four times."""
        options, path = self.options, self.folder / "xray" / "data"
        say("light load")
        share = self.light()
        stored = self.fill(path, data)
        rate = stored.rate * _BESIDE_SHARE
        beside = data_set(options.later(rate * options.beside_s, seed=1))
        with serving(path, self.every) as server:
            server.settle()
            check_count(server, data.shape, data.shape.traces)
            say(f"reads while {rate:,.0f} documents/s come")
            during = self.beside(server, Reads(data, data.shape.end), beside, rate)
            full_bytes = server.most_resident_bytes()
        say("cold reads")
        cold = measure_cold(path, Reads(data, data.shape.end), self.every, options.cold_runs)
        end_days(path)
        disk = read_disk(path)
        shutil.rmtree(path)
        say("random ids")
        random = self.fill(self.folder / "random" / "data", data_set(options.shape("random")))
        say("raw path and Python")
        costs = msgspec.json.decode(_output("flattening.py"), type=Costs)
        return Measured(stored, random, during, cold, disk, costs, share, full_bytes)

    def light(self) -> float:
        """Share of a processor, of a store of its own: a load leaves merges for minutes."""
        lasts_s = self.options.light_s + 5
        few = self.options.later(_LIGHT_RATE * lasts_s, seed=2, lasts_s=lasts_s)
        with serving(self.folder / "light" / "data", self.every) as server:
            server.settle()
            return light_load(server, few, _LIGHT_RATE, self.options.light_s)

    def fill(self, path: Path, data: DataSet) -> Stored:
        """Send a data set to a new store, in two steps when the first one holds a whole hour."""
        shape, is_whole = data.shape, data.shape.ids == "xray"
        hour_share = HOUR_S / (shape.end - shape.start)
        share = max(hour_share, 0.1) if is_whole and hour_share < _WORTH_IT else 0.0
        cut = round(len(data.bodies) * share)
        ingests: list[Ingest] = []
        small: Mapping[str, Times] = {}
        if cut:
            say(f"taking the first {share:.0%}")
            ingests.append(self.ingest(path, data, 0, cut))
            with serving(path, self.every) as server:
                server.settle()
                reads = Reads(data, shape.start + (shape.end - shape.start) * share)
                small = measure_some(server, reads, self.options.runs)
        say("taking the rest")
        ingests.append(self.ingest(path, data, cut, len(data.bodies)))
        say("reads")
        measure = measure_all if is_whole else measure_some
        with serving(path, self.every) as server:
            server.settle()
            found = measure(server, Reads(data, shape.end), self.options.runs)
        return Stored(ingests, found, small, share)

    def ingest(self, path: Path, data: DataSet, first: int, last: int) -> Ingest:
        """Send some of the bodies."""
        return ingest(path, data, data.bodies[first:last], self.pinned, self.options.quiet_s)

    def beside(
        self, server: Server, reads: Reads, data: DataSet, rate: float
    ) -> Mapping[str, Times]:
        """Reads while documents come at a rate from another process."""
        sender = multiprocessing.get_context("fork").Process(
            target=_send, args=(server.port, data, rate)
        )
        sender.start()
        try:
            time.sleep(1)
            each_s = (self.options.beside_s - 2) / _KINDS_BESIDE
            return measure_some(server, reads, self.options.runs, each_s)
        finally:
            sender.join()


def _send(port: int, data: DataSet, rate: float) -> None:
    send_all(Sender(port), data.read(data.bodies), rate=rate)


def _output(program: str) -> bytes:
    """What another benchmark prints, in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name(program))]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def main() -> None:
    """Measure everything and print the table."""
    options = _options()
    machine, began = describe_machine(), time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="fluoro-bench-"))
    try:
        run = Run(folder, options)
        data = data_set(options.shape("xray"))
        say(f"{data.documents:,} documents, made once in {data.made_s:.0f} s: {data.path}")
        measured = run.measure(data)
    finally:
        shutil.rmtree(folder)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    print(f"\n{today}, {describe_commit()}; {machine}; took {time.monotonic() - began:.0f} s.\n")
    print(f"    {shlex.join(['benchmarks/budgets.py', *sys.argv[1:]])}\n")
    print(
        f"{data.documents:,} documents of {data.json_bytes / data.documents:,.0f} B,"
        f" {data.rows:,} rows over {(data.shape.end - data.shape.start) / HOUR_S:.1f} h,"
        f" made once in {data.made_s:.0f} s. {options}\n"
    )
    print_table(lines(measured))


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    helps = {
        "documents": "size of the data set",
        "rows": "size in rows instead, e.g. 100000000",
        "rows_an_hour": "how dense the data is in time",
        "services": "nodes that call each other",
        "seed": "of the data",
        "runs": "answers of each warm read",
        "cold_runs": "starts of the server with nothing in the page cache",
        "quiet_s": "wait after a load until it counts as idle",
        "light_s": "how long the light load lasts",
        "beside_s": "how long documents come while others are read",
    }
    for name, default in msgspec.structs.asdict(Options()).items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=type(default), default=default, help=helps[name])
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
