"""What it costs to take documents: CPU from HTTP to queryable, acknowledgements, parts, memory."""

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bodies import Body, DataSet, xray
from sending import Sender, Sent, send_all
from serving import Server, request, serving
from traces import Shape, traces

_SAMPLES = 8
"""Readings of the number of parts over a load."""
_LIGHT_BATCHES_PER_S = 5
"""An agent sends what came in 200 ms."""


class Ingest(msgspec.Struct, frozen=True):
    """One load and the quiet time after it."""

    sent: Sent
    load_cpu_s: float
    """Of the server, from the first request to the last answer."""
    whole_cpu_s: float
    """The same until the end of the quiet time: the merges and edges that were left over too."""
    parts: list[tuple[int, int]]
    """Documents sent and parts then; the last one after the quiet time."""
    empty_bytes: int
    """Resident memory before the load, with the store as it was."""
    full_bytes: int
    """The most that it was."""
    idle_bytes: int
    """After the quiet time."""

    @property
    def cpu_us(self) -> float:
        """CPU a document, until the end of the quiet time."""
        return self.whole_cpu_s / self.sent.documents * 1e6

    @property
    def load_cpu_us(self) -> float:
        """CPU a document while documents came."""
        return self.load_cpu_s / self.sent.documents * 1e6

    @property
    def p99_ms(self) -> float:
        """Until a request was acknowledged."""
        return quantile(self.sent.acknowledged_s, 0.99) * 1000

    def describe_parts(self) -> str:
        """Parts over the load, then after the quiet time."""
        *during, after = [parts for _, parts in self.parts]
        return f"{', '.join(map(str, during))}; quiet {after}"


def quantile(values: Sequence[float], share: float) -> float:
    """The least value that this share of the values does not exceed (the nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]


def ingest(
    folder: Path, data: DataSet, bodies: Sequence[Body], processors: set[int], quiet_s: float
) -> Ingest:
    """Send bodies to a server on a folder as fast as it takes them, then leave it alone."""
    documents = sum(each.documents for each in bodies)
    with serving(folder, processors) as server:
        empty_bytes = server.resident_bytes()
        parts: list[tuple[int, int]] = []

        def count_parts(sent: int) -> None:
            if sent >= len(parts) * documents / _SAMPLES:
                parts.append((sent, server.parts()))

        cpu_before_s = server.cpu_s()
        sent = send_all(Sender(server.port), data.read(bodies), during=count_parts)
        load_cpu_s = server.cpu_s() - cpu_before_s
        time.sleep(quiet_s)
        parts.append((documents, server.parts()))
        return Ingest(
            sent,
            load_cpu_s,
            server.cpu_s() - cpu_before_s,
            parts,
            empty_bytes,
            server.most_resident_bytes(),
            server.resident_bytes(),
        )


def check_count(server: Server, shape: Shape, traces_sent: int) -> None:
    """End the benchmark when not every trace that was sent is found."""
    wanted = {"StartTime": shape.start - 1, "EndTime": shape.end + 1}
    status, answer = request(server.port, "POST", "/TraceSummaries", msgspec.json.encode(wanted))
    found = msgspec.json.decode(answer).get("TracesProcessedCount")
    if status != 200 or found != traces_sent:
        sys.exit(f"{traces_sent} traces were sent, found: {found} (status {status})")


def light_load(server: Server, shape: Shape, rate: int, lasts_s: float) -> float:
    """Share of one processor that the server takes while few documents come, as an agent sends.

    Args:
        server: Running, and quiet.
        shape: Of which the documents are; times and ids are the shape's own.
        rate: Documents a second.
        lasts_s: How long.
    """
    size = max(1, rate // _LIGHT_BATCHES_PER_S)
    flat = [document for trace in traces(shape) for document in trace]
    wanted = int(rate * lasts_s)
    bodies = [
        (Body(0, 0, size), xray([flat[place : place + size]])) for place in range(0, wanted, size)
    ]
    sender = Sender(server.port, headers={"Content-Type": "application/json"})
    cpu_before_s, began = server.cpu_s(), time.monotonic()
    send_all(sender, bodies, rate=rate)
    return (server.cpu_s() - cpu_before_s) / (time.monotonic() - began)
