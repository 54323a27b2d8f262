"""The lines of the table of budgets: what is wanted, out of what was measured."""

from collections.abc import Mapping

import msgspec

from disk import Disk
from flattening import Costs
from ingest import Ingest
from reading import Times
from report import Line

_SUMMARIES_MS = 150.0
"""A page's summaries, on top of the search."""
_SEARCHES_MS = {
    "newest": 60.0,
    "service + fault": 60.0,
    "rare annotation": 150.0,
    "common annotation": 200.0,
    "two conditions": 200.0,
    "edge": 200.0,
}
_GRAPHS_MS = {"graph 1 h": 50.0, "graph 24 h": 150.0, "graph 30 d": 300.0}
_BESIDE_RATIO, _RANDOM_RATIO, GROWTH_RATIO = 2.5, 1.5, 1.3
_MB = 1e6


class Stored(msgspec.Struct, frozen=True):
    """A data set in a store: what taking it cost, and how it is read."""

    ingests: list[Ingest]
    reads: Mapping[str, Times]
    small: Mapping[str, Times]
    """The same while the store held only a part; empty when the data spans too little time."""
    small_share: float

    @property
    def documents(self) -> int:
        """How many were sent."""
        return sum(each.sent.documents for each in self.ingests)

    @property
    def rate(self) -> float:
        """Documents a second, by the clock."""
        return self.documents / sum(each.sent.took_s for each in self.ingests)

    @property
    def cpu_us(self) -> float:
        """CPU a document, merges of the quiet time included."""
        return sum(each.whole_cpu_s for each in self.ingests) / self.documents * 1e6

    @property
    def load_cpu_us(self) -> float:
        """CPU a document while documents came."""
        return sum(each.load_cpu_s for each in self.ingests) / self.documents * 1e6


class Measured(msgspec.Struct, frozen=True):
    """Everything that one run has found out."""

    stored: Stored
    random: Stored
    """The same data with ids that hold no time."""
    during: Mapping[str, Times]
    """Reads while documents came at half speed."""
    cold: Times
    disk: Disk
    costs: Costs
    light_share: float
    full_bytes: int
    """Most resident memory with reads and documents at the same time."""


def lines(measured: Measured) -> list[Line]:
    """The table, in the order of the budgets."""
    stored, costs = measured.stored, measured.costs
    idle_bytes = max(each.idle_bytes for each in stored.ingests)
    full_bytes = max(measured.full_bytes, *(each.full_bytes for each in stored.ingests))
    return [
        *ingest_lines(stored),
        Line("the same with random ids", measured.random.cpu_us, "µs", 65.0),
        Line(
            "raw path, of Python flattening",
            costs.raw_us / costs.python_us,
            "x",
            0.75,
            f"{costs.raw_us:.0f} of {costs.python_us:.0f} µs",
        ),
        Line(
            "a document of an insert of 10,000, of one of 2,000",
            costs.raw_us / costs.raw_small_us,
            "x",
            1.0,
            f"{costs.raw_us:.0f} of {costs.raw_small_us:.0f} µs",
        ),
        *disk_lines(measured.disk),
        Line("light load, 10 documents/s", measured.light_share * 100, "% of a processor", 10.0),
        *read_lines(stored.reads, measured.cold),
        *ratios("random ids", measured.random.reads, stored.reads, _RANDOM_RATIO),
        *ratios("at half speed", measured.during, stored.reads, _BESIDE_RATIO, is_alone=False),
        Line("resident memory, idle", idle_bytes / _MB, "MB", 400.0),
        Line("resident memory, full load", full_bytes / _MB, "MB", 2000.0),
        *_growth_lines(stored),
    ]


def ingest_lines(stored: Stored) -> list[Line]:
    """What taking the documents cost, and how they were acknowledged."""
    last = stored.ingests[-1]
    return [
        Line(
            "HTTP to queryable, CPU a document, merges included",
            stored.cpu_us,
            "µs",
            65.0,
            f"{stored.load_cpu_us:.0f} µs without the quiet time",
        ),
        Line("documents/s for one processor's CPU", 1e6 / stored.cpu_us),
        Line("documents/s by the clock, server on one processor", stored.rate),
        Line("acknowledgement of 1,000 documents, p99", last.p99_ms, "ms"),
        Line("parts of all tables", last.parts[-1][1], note=last.describe_parts()),
    ]


def disk_lines(disk: Disk) -> list[Line]:
    """Bytes by table, and of the JSON."""
    documents, spans = disk.documents, disk.spans
    marks = sum(table.disk_bytes - table.column_bytes for table in (documents, spans))
    return [
        Line(
            "disk: a document",
            documents.column_bytes / documents.rows,
            "B",
            note=f"{disk.json_bytes / documents.rows:,.0f} B of JSON; {documents.parts} parts",
        ),
        Line("disk: a row", spans.column_bytes / spans.rows, "B", note=f"{spans.parts} parts"),
        Line(
            "disk: indexes and marks, a row",
            marks / spans.rows,
            "B",
            note=f"{spans.skipping_bytes / spans.rows:.2f} B of skipping indexes",
        ),
        Line(
            "disk: everything, of the JSON",
            (documents.disk_bytes + spans.disk_bytes) / disk.json_bytes,
            "x",
            0.22,
        ),
        Line("disk: rows with their indexes, a row", spans.disk_bytes / spans.rows, "B", 90.0),
    ]


def read_lines(reads: Mapping[str, Times], cold: Times) -> list[Line]:
    """Every kind of read, with its budget."""
    return [
        _read_line("trace by id, warm", reads["trace by id"], 50.0),
        _read_line("trace by id, cold", cold, 150.0),
        *(
            _read_line(f"list of 100 of 1 h: {name}", reads[name], limit_ms + _SUMMARIES_MS)
            for name, limit_ms in _SEARCHES_MS.items()
        ),
        *(
            _read_line(f"GetTraceSummaries of 1 h: {name}", reads[f"GetTraceSummaries, {name}"])
            for name in _SEARCHES_MS
        ),
        *(
            _read_line(name, reads[name], limit_ms, is_by_median=True)
            for name, limit_ms in _GRAPHS_MS.items()
        ),
    ]


def _read_line(
    name: str, times: Times, limit_ms: float | None = None, *, is_by_median: bool = False
) -> Line:
    """By the p95, or by the median where a target names no share of the answers."""
    if times.refusal:
        return Line(name, None, "ms", limit_ms, f"not supported: {times.refusal}")
    p95, p50 = ("p95", times.p95_ms), ("p50", times.p50_ms)
    (share, ms), (other, other_ms) = (p50, p95) if is_by_median else (p95, p50)
    cpu = f", CPU {times.cpu_ms:.0f}" if times.cpu_ms else ""
    note = f"{other} {other_ms:.0f}{cpu}; found {times.found}"
    return Line(f"{name}, {share}", ms, "ms", limit_ms, note)


def ratios(
    what: str,
    these: Mapping[str, Times],
    those: Mapping[str, Times],
    limit: float,
    *,
    is_alone: bool = True,
) -> list[Line]:
    """Medians of one kind of reads, as multiples of the other's.

    With the same of CPU, which a busy machine changes less, where nothing else uses any.
    """
    found = []
    for name, times in these.items():
        if times.refusal or those[name].refusal:
            found.append(Line(f"{what}: {name}", None, "x", limit, "not supported"))
            continue
        ratio = times.p50_ms / those[name].p50_ms
        note = f"{times.p50_ms:.0f} of {those[name].p50_ms:.0f} ms"
        if is_alone:
            note += f"; CPU {times.cpu_ms / those[name].cpu_ms:.2f} x"
        found.append(Line(f"{what}: {name}", ratio, "x", limit, note))
    return found


def _growth_lines(stored: Stored) -> list[Line]:
    if not stored.small:
        return [Line("growth", None, "x", GROWTH_RATIO, "needs more than 1.4 hours of data")]
    what = f"growth {stored.small_share:.0%} to 100 %"
    grown = {name: stored.reads[name] for name in stored.small}
    return ratios(what, grown, stored.small, GROWTH_RATIO)
