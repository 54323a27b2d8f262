"""How fast the server takes segments, what they cost on disk and in memory, and how fast it reads.

Starts `fluoro server` on an empty folder, pinned to one processor, sends documents over HTTP from
the other one, waits until all are queryable, then times the four reads through the X-Ray API.

    .venv/bin/python benchmarks/server.py --documents 1000000
"""

import argparse
import concurrent.futures
import http.client
import itertools
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from traces import SEGMENTS_A_TRACE, traces

DOCUMENTS_PER_REQUEST = 1000
SENDERS = 8
HOUR_S = 3600
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Server:
    """A `fluoro server` process and one folder."""

    def __init__(self, folder: Path, processors: set[int]) -> None:
        self.folder = folder
        self.port, self.admin_port = _free_port(), _free_port()
        self.process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name("fluoro")),
                "server",
                f"--address=127.0.0.1:{self.port}",
                f"--admin-address=127.0.0.1:{self.admin_port}",
                f"--data={folder}",
            ],
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),  # noqa: PLW1509  no threads yet
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.call("GET", "/readyz", None, self.admin_port)[0] == http.HTTPStatus.OK:
                    return
            except OSError:
                time.sleep(0.1)
        sys.exit("the server did not start")

    def call(
        self, method: str, path: str, body: object, port: int | None = None
    ) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=120)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def cpu_s(self) -> float:
        """User and system time so far, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def resident_bytes(self) -> int:
        """Resident memory now."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def disk_bytes(self) -> int:
        """Size of everything in the folder."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _load(server: Server, batches: Iterator[list[str]]) -> list[float]:
    """Send every batch; give the seconds until each was acknowledged."""

    def send(batch: list[str]) -> float:
        began = time.monotonic()
        body = {"TraceSegmentDocuments": batch, "Sources": []}
        while True:
            status, answer = server.call("POST", "/TraceSegments", body)
            if status == http.HTTPStatus.TOO_MANY_REQUESTS:
                time.sleep(0.5)
                continue
            if status != http.HTTPStatus.OK or json.loads(answer)["UnprocessedTraceSegments"]:
                sys.exit(f"refused: {status} {answer[:300]!r}")
            return time.monotonic() - began

    acknowledged: list[float] = []
    with concurrent.futures.ThreadPoolExecutor(SENDERS) as senders:
        running: set[concurrent.futures.Future[float]] = set()
        for batch in batches:
            if len(running) >= SENDERS:
                done, running = concurrent.futures.wait(
                    running, return_when=concurrent.futures.FIRST_COMPLETED
                )
                acknowledged += [future.result() for future in done]
            running.add(senders.submit(send, batch))
        acknowledged += [future.result() for future in running]
    return acknowledged


def _time(call: Callable[[], tuple[int, bytes]], runs: int) -> list[float]:
    taken = []
    for _ in range(runs):
        began = time.monotonic()
        status, answer = call()
        if status != http.HTTPStatus.OK:
            sys.exit(f"failed: {status} {answer[:300]!r}")
        taken.append((time.monotonic() - began) * 1000)
    return taken[1:]


def _quantiles(values: list[float]) -> str:
    ordered = statistics.quantiles(values, n=20)
    return f"p50 {statistics.median(values):.0f} ms, p95 {ordered[18]:.0f} ms"


def _row(what: str, figure: str, prototype: str) -> None:
    print(f"| {what} | {figure} | {prototype} |", flush=True)


def main() -> None:
    """Run everything once and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=1_000_000)
    options.add_argument("--hours", type=float, default=6.0, help="time that the traces span")
    options.add_argument("--runs", type=int, default=30, help="runs of each read")
    options.add_argument("--seed", type=int, default=1)
    arguments = options.parse_args()

    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[0]})
    folder = Path(tempfile.mkdtemp(prefix="fluoro-bench-"))
    server = Server(folder / "data", {processors[-1]})
    try:
        _measure(server, arguments)
    finally:
        server.process.terminate()
        server.process.wait(60)
        shutil.rmtree(folder)


def _measure(server: Server, arguments: argparse.Namespace) -> None:
    end = time.time() - 60
    start = end - arguments.hours * HOUR_S
    trace_count = arguments.documents // SEGMENTS_A_TRACE
    json_bytes = 0

    def batches() -> Iterator[list[str]]:
        nonlocal json_bytes
        documents = itertools.chain.from_iterable(
            traces(trace_count, start=start, end=end, seed=arguments.seed)
        )
        while batch := list(itertools.islice(documents, DOCUMENTS_PER_REQUEST)):
            json_bytes += sum(map(len, batch))
            yield batch

    print(f"{trace_count * SEGMENTS_A_TRACE} documents over {arguments.hours} h\n")
    print("| what | measured | prototype |\n| --- | --- | --- |")
    idle_bytes = server.resident_bytes()
    cpu_before, began = server.cpu_s(), time.monotonic()
    acknowledged = _load(server, batches())
    took_s, cpu_s = time.monotonic() - began, server.cpu_s() - cpu_before
    count = trace_count * SEGMENTS_A_TRACE
    full_bytes = server.resident_bytes()
    _row(
        "HTTP to queryable, one core",
        f"{count / took_s:,.0f} documents/s, {cpu_s / count * 1e6:.0f} µs of CPU a document",
        "12-25k/s, 50 µs",
    )
    _row(
        "acknowledgement of 1,000 documents",
        _quantiles([s * 1000 for s in acknowledged]),
        "not measured",
    )
    time.sleep(30)
    disk = server.disk_bytes()
    _row(
        "disk",
        f"{disk / count:.0f} B a document of {json_bytes / count:.0f} B: "
        f"{disk / json_bytes:.2f} of the JSON",
        "404 B of 1,992 B: 0.20",
    )
    _row(
        "resident memory, empty / after the load",
        f"{idle_bytes / 1e6:.0f} MB / {full_bytes / 1e6:.0f} MB",
        "280 MB / below 1.8 GB",
    )
    _reads(server, end, arguments)


def _reads(server: Server, end: float, arguments: argparse.Namespace) -> None:
    hour = {"StartTime": end - HOUR_S, "EndTime": end}
    page = json.loads(server.call("POST", "/TraceSummaries", hour)[1])
    ids = [summary["Id"] for summary in page["TraceSummaries"]]
    chance = random.Random(arguments.seed)
    by_id = _time(
        lambda: server.call("POST", "/Traces", {"TraceIds": [chance.choice(ids)]}), arguments.runs
    )
    _row("BatchGetTraces, one trace", _quantiles(by_id), "7-11 ms")
    one = _time(
        lambda: server.call("POST", "/TraceGraph", {"TraceIds": [chance.choice(ids)]}),
        arguments.runs,
    )
    _row("GetTraceGraph", _quantiles(one), "9-12 ms (rows)")
    search = _time(lambda: server.call("POST", "/TraceSummaries", hour), arguments.runs)
    _row(f"GetTraceSummaries, 1 h, {len(ids)} a page", _quantiles(search), "55 + 33 ms for 100")
    faulty = {**hour, "FilterExpression": 'service("orders") fault'}
    filtered = _time(lambda: server.call("POST", "/TraceSummaries", faulty), arguments.runs)
    _row("GetTraceSummaries, 1 h, service and fault", _quantiles(filtered), "39 + 33 ms for 100")
    graph = _time(lambda: server.call("POST", "/ServiceGraph", hour), arguments.runs)
    _row("GetServiceGraph, 1 h, from rows", _quantiles(graph), "200-220 ms")


if __name__ == "__main__":
    main()
