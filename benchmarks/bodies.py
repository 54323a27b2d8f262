"""Requests made ahead: documents as compressed bodies in a file, so that a client only sends them.

A data set is made once for its shape and kept in a cache folder; deleting the folder is safe. Every
run sends it to an empty store, so no document is one that the store has seen.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
import zstandard

import otlp
from traces import Shape, traces

Protocol = Literal["xray", "otlp"]

_DOCUMENTS_A_BODY = 1_000
"""As many as Fluoro's agent sends by default, and what is left of a trace."""

_KNOWN = 2_000
"""Traces that are remembered of a data set, evenly over it."""


class Body(msgspec.Struct, frozen=True):
    """Where one request's body stands in the file."""

    offset: int
    length: int
    documents: int


class Known(msgspec.Struct, frozen=True):
    """A trace to ask for."""

    id: str
    service: str
    """That it begins in."""
    item_id: int
    """The value of its rare annotation; modulo `TENANTS`, of its common one."""


class DataSet(msgspec.Struct, frozen=True):
    """Bodies of requests, in order of time, and what is in them."""

    shape: Shape
    path: Path
    bodies: list[Body]
    documents: int
    rows: int
    """Segments and subsegments; what is sent in progress first is counted twice."""
    json_bytes: int
    known: list[Known]
    """Some traces, evenly over the whole."""
    made_s: float
    """How long it took to make it; it was made once."""

    def read(self, bodies: Iterable[Body]) -> Iterator[tuple[Body, bytes]]:
        """The bytes of some bodies."""
        with self.path.open("rb") as file:
            for body in bodies:
                file.seek(body.offset)
                yield body, file.read(body.length)


def cache() -> Path:
    """Folder for what is made once."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "fluoro" / "benchmarks"


def data_set(shape: Shape, protocol: Protocol = "xray") -> DataSet:
    """The data set of a shape, from the cache if it is there."""
    sources = [Path(__file__).with_name(f"{name}.py") for name in ("traces", "bodies", "otlp")]
    source = b"".join(path.read_bytes() for path in sources)
    key = hashlib.sha256(source + msgspec.json.encode([shape, protocol])).hexdigest()[:16]
    index = cache() / f"{key}.json"
    if not index.exists():
        index.parent.mkdir(parents=True, exist_ok=True)
        made = _make(shape, protocol, index.with_suffix(".bodies"))
        written = index.with_suffix(".part")
        written.write_bytes(msgspec.json.encode(made, enc_hook=str))
        written.rename(index)
    return msgspec.json.decode(
        index.read_bytes(), type=DataSet, dec_hook=lambda type_, value: type_(value)
    )


def xray(traces: Iterable[list[bytes]]) -> bytes:
    """A PutTraceSegments request as the agent makes it, uncompressed."""
    texts = [document.decode() for trace in traces for document in trace]
    return msgspec.json.encode({"TraceSegmentDocuments": texts, "Sources": []})


def _make(shape: Shape, protocol: Protocol, path: Path) -> DataSet:
    began = time.monotonic()
    compressor = zstandard.ZstdCompressor(level=1)
    encode = {"xray": xray, "otlp": otlp.request}[protocol]
    bodies: list[Body] = []
    known: list[Known] = []
    rows = json_bytes = 0
    with path.open("wb") as file:
        for together in _groups(traces(shape), known, max(1, shape.traces // _KNOWN)):
            compressed = compressor.compress(encode(together))
            bodies.append(Body(file.tell(), len(compressed), sum(map(len, together))))
            file.write(compressed)
            documents = [document for trace in together for document in trace]
            json_bytes += sum(map(len, documents))
            rows += sum(document.count(b'"start_time":') for document in documents)
    count = sum(each.documents for each in bodies)
    made_s = time.monotonic() - began
    return DataSet(shape, path, bodies, count, rows, json_bytes, known, made_s)


def _groups(
    every: Iterable[list[bytes]], known: list[Known], step: int
) -> Iterator[list[list[bytes]]]:
    """Traces that are sent together; notes every so many."""
    together: list[list[bytes]] = []
    documents = 0
    for number, trace in enumerate(every):
        if not number % step:
            root = next(document for document in trace if b'"parent_id"' not in document)
            said = msgspec.json.decode(root)
            item_id = said["annotations"]["item_id"]
            known.append(Known(said["trace_id"], said["name"], item_id))
        together.append(trace)
        documents += len(trace)
        if documents >= _DOCUMENTS_A_BODY:
            yield together
            together, documents = [], 0
    if together:
        yield together
