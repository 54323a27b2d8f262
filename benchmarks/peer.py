"""Fluoro next to Jaeger v2 with its Badger store, on the same spans: one table.

Both take the same traces over HTTP, compressed alike and with as many requests in flight, pinned to
one processor: Fluoro as segment documents, Jaeger as OpenTelemetry's protobuf. Both answer their
own clients' questions with all processors. Jaeger runs twice: acknowledging what is on the disk, as
Fluoro does, and with its default, which acknowledges before.

    .venv/bin/python benchmarks/peer.py --documents 20000

Jaeger's ClickHouse store is left out: in this release its searches and dependencies are not written
yet (`FindTraces`, `FindTraceIDs` and `GetDependencies` panic).
"""

import argparse
import itertools
import os
import random
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode

import msgspec

import jaeger
from bodies import DataSet, Known, data_set
from disk import read_disk
from ingest import ingest
from reading import HOUR_S, Question, Questions, Reads, Times, measure, xray
from report import describe_commit, describe_machine, print_row, say, spell
from sending import Sender, send_all
from serving import disk_bytes, evict, processors, request, serving
from traces import DOCUMENTS_A_TRACE, TENANTS, Shape

END = 1_767_225_600.0
_PROTOBUF = {"Content-Type": "application/x-protobuf", "Content-Encoding": "zstd"}


class Options(msgspec.Struct, frozen=True):
    """What the command line says."""

    documents: int = 20_000
    seed: int = 1
    runs: int = 20
    quiet_s: float = 20

    def shape(self) -> Shape:
        """An hour; nothing in progress, which OpenTelemetry does not send."""
        traces = max(1, round(self.documents / DOCUMENTS_A_TRACE))
        return Shape(traces, END - HOUR_S, END, self.seed, in_progress=0)


class Side(msgspec.Struct, frozen=True):
    """One program's figures."""

    cpu_us: float
    """A span, from receipt until it is quiet again."""
    spans_a_second: float
    bytes_a_span: float
    resident_bytes: int
    reads: Mapping[str, Times]


def main() -> None:
    """Measure both and print the table."""
    options = _options()
    machine = describe_machine()
    binary = jaeger.build()
    pinned, client, every = processors()
    os.sched_setaffinity(0, client)
    folder = Path(tempfile.mkdtemp(prefix="fluoro-bench-"))
    try:
        sides = [
            _fluoro(folder / "fluoro" / "data", options, (pinned, every)),
            _jaeger(folder / "durable", binary, options, (pinned, every), is_durable=True),
            _jaeger(folder / "default", binary, options, (pinned, every), is_durable=False),
        ]
    finally:
        shutil.rmtree(folder)
    data = data_set(options.shape())
    today = time.strftime("%Y-%m-%d", time.gmtime())
    print(f"\n{today}, {describe_commit()}; Jaeger {jaeger.VERSION}; {machine}.\n")
    print(f"    {shlex.join(['benchmarks/peer.py', *sys.argv[1:]])}\n")
    print(f"{data.documents:,} documents = {data.rows:,} spans over 1 h. {options}\n")
    _print(*sides)


def _fluoro(path: Path, options: Options, cores: tuple[set[int], set[int]]) -> Side:
    say("Fluoro")
    pinned, every = cores
    data = data_set(options.shape())
    taken = ingest(path, data, data.bodies, pinned, options.quiet_s)
    reads = Reads(data, data.shape.end)
    hour = {"StartTime": data.shape.start, "EndTime": data.shape.end}

    def search(spell_filter: Callable[[Known], str]) -> Questions:
        for known in _asked(reads):
            expression = f'service("{known.service}"){spell_filter(known)}'
            yield xray("/TraceSummaries", "TraceSummaries", FilterExpression=expression, **hour)

    questions = {
        "trace by id": reads.trace(),
        "search by service": search(lambda _: ""),
        "search by service and common tag": search(
            lambda known: f' AND annotation.tenant = "{_tenant(known)}"'
        ),
        "search by service and rare tag": search(
            lambda known: f" AND annotation.item_id = {known.item_id}"
        ),
        "dependencies of 1 h": reads.graph(HOUR_S),
    }
    with serving(path, every) as server:
        server.settle()
        found = {name: measure(server, asked, options.runs) for name, asked in questions.items()}
        full_bytes = max(taken.full_bytes, server.most_resident_bytes())
    disk = read_disk(path)
    return Side(
        taken.whole_cpu_s / data.rows * 1e6,
        data.rows / taken.sent.took_s,
        disk.whole_bytes / data.rows,
        full_bytes,
        found,
    )


def _tenant(known: Known) -> str:
    return f"tenant-{known.item_id % TENANTS}"


def _asked(reads: Reads) -> Iterator[Known]:
    """Traces whose services and annotations are asked for, both sides the same."""
    chance = random.Random(reads.data.shape.seed)
    while True:
        yield chance.choice(reads.known)


def _jaeger(
    path: Path,
    binary: Path,
    options: Options,
    cores: tuple[set[int], set[int]],
    *,
    is_durable: bool,
) -> Side:
    say(f"Jaeger, {'durable' if is_durable else 'by default'}")
    pinned, every = cores
    data = data_set(options.shape(), "otlp")
    with jaeger.Jaeger(binary, path, pinned, is_durable=is_durable) as server:
        before_s = server.cpu_s()
        sender = Sender(server.otlp_port, "/v1/traces", _PROTOBUF)
        sent = send_all(sender, data.read(data.bodies))
        time.sleep(options.quiet_s)
        cpu_s = server.cpu_s() - before_s
        _check(server, data)
        full_bytes = server.most_resident_bytes()
    evict(path)
    with jaeger.Jaeger(binary, path, every, is_durable=is_durable) as server:
        server.settle()
        found = {
            name: measure(server, asked, options.runs)
            for name, asked in _jaeger_questions(Reads(data, data.shape.end)).items()
        }
        full_bytes = max(full_bytes, server.most_resident_bytes())
    return Side(
        cpu_s / data.rows * 1e6,
        data.rows / sent.took_s,
        disk_bytes(server.folder) / data.rows,
        full_bytes,
        found,
    )


def _jaeger_questions(reads: Reads) -> dict[str, Questions]:
    shape = reads.data.shape
    hour = {"start": int(shape.start * 1e6), "end": int(shape.end * 1e6) + 1, "limit": 100}

    def trace() -> Questions:
        for asked in reads.trace():
            (trace_id,) = msgspec.json.decode(asked.body or b"")["TraceIds"]
            yield _get(f"/api/traces/{_hex(trace_id)}")

    def search(tags: Callable[[Known], Mapping[str, str]]) -> Questions:
        for known in _asked(reads):
            asked: dict[str, object] = {"service": known.service, **hour}
            if wanted := tags(known):
                asked["tags"] = msgspec.json.encode(wanted).decode()
            yield _get(f"/api/traces?{urlencode(asked)}")

    window = {"endTs": int(shape.end * 1e3), "lookback": HOUR_S * 1000}
    return {
        "trace by id": trace(),
        "search by service": search(lambda _: {}),
        "search by service and common tag": search(lambda known: {"tenant": _tenant(known)}),
        "search by service and rare tag": search(lambda known: {"item_id": str(known.item_id)}),
        "dependencies of 1 h": itertools.repeat(_get(f"/api/dependencies?{urlencode(window)}")),
    }


def _get(path: str) -> Question:
    return Question("GET", path, None, "data")


def _hex(trace_id: str) -> str:
    return trace_id.replace("-", "")[1:]


def _check(server: jaeger.Jaeger, data: DataSet) -> None:
    """End the benchmark when a trace that was sent is not found."""
    for known in data.known[:: max(1, len(data.known) // 20)]:
        status, _ = request(server.port, "GET", f"/api/traces/{_hex(known.id)}")
        if status != 200:
            sys.exit(f"Jaeger does not find {known.id}: status {status}")


def _print(fluoro: Side, durable: Side, default: Side) -> None:
    print_row("line", "Fluoro", "Jaeger, durable", "Fluoro of Jaeger", "ahead", "Jaeger by default")
    print_row(*["---"] * 6)

    def row(name: str, unit: str, values: list[float], *, more: bool = False) -> None:
        ours, theirs, by_default = values
        is_ahead = ours > theirs if more else ours < theirs
        spelled = [f"{spell(value)} {unit}".strip() for value in (ours, theirs, by_default)]
        verdict = "yes" if is_ahead else "**no**"
        print_row(name, *spelled[:2], f"{ours / theirs:.2f}", verdict, spelled[2])

    sides = (fluoro, durable, default)
    row("CPU a span, receipt to queryable", "µs", [side.cpu_us for side in sides])
    rates = [side.spans_a_second for side in sides]
    row("spans/s by the clock, one processor", "", rates, more=True)
    row("disk, a span", "B", [side.bytes_a_span for side in sides])
    row("resident memory, most", "MB", [side.resident_bytes / 1e6 for side in sides])
    for name in fluoro.reads:
        times = [side.reads[name] for side in sides]
        if any(each.refusal for each in times):
            print_row(name, *(each.refusal or "answered" for each in times[:2]), "-", "-", "-")
            continue
        counts = ", ".join(str(each.found) for each in times[:2])
        row(f"{name}, p50 (found {counts})", "ms", [each.p50_ms for each in times])
        row(f"{name}, p95", "ms", [each.p95_ms for each in times])
        row(f"{name}, CPU", "ms", [each.cpu_ms for each in times])


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in msgspec.structs.asdict(Options()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    return Options(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
