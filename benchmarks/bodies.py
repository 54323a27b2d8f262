"""Requests made ahead: documents as compressed bodies in a file, so that a client only sends them.

A data set is made once for its shape and kept in a cache folder; deleting the folder is safe. Every
run sends it to an empty store, so no document is one that the store has seen.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import zstandard

from traces import Shape, traces

DOCUMENTS_A_BODY = 1_000
"""As Fluoro's agent sends them by default."""

_KNOWN = 2_000
"""Ids that are remembered of a data set, evenly over it."""


class Body(msgspec.Struct, frozen=True):
    """Where one request's body stands in the file."""

    offset: int
    length: int
    documents: int


class DataSet(msgspec.Struct, frozen=True):
    """Bodies of PutTraceSegments requests, in order of time, and what is in them."""

    shape: Shape
    path: Path
    bodies: list[Body]
    documents: int
    rows: int
    """Segments and subsegments; what is sent in progress first is counted twice."""
    json_bytes: int
    trace_ids: list[str]
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


def data_set(shape: Shape) -> DataSet:
    """The data set of a shape, from the cache if it is there."""
    source = Path(__file__).with_name("traces.py").read_bytes() + Path(__file__).read_bytes()
    key = hashlib.sha256(source + msgspec.json.encode(shape)).hexdigest()[:16]
    index = cache() / f"{key}.json"
    if not index.exists():
        index.parent.mkdir(parents=True, exist_ok=True)
        made = _make(shape, index.with_suffix(".bodies"))
        written = index.with_suffix(".part")
        written.write_bytes(msgspec.json.encode(made, enc_hook=str))
        written.rename(index)
    return msgspec.json.decode(
        index.read_bytes(), type=DataSet, dec_hook=lambda type_, value: type_(value)
    )


def body(documents: Iterable[bytes]) -> bytes:
    """One request as the agent makes it, uncompressed."""
    texts = [document.decode() for document in documents]
    return msgspec.json.encode({"TraceSegmentDocuments": texts, "Sources": []})


def _make(shape: Shape, path: Path) -> DataSet:
    began = time.monotonic()
    compressor = zstandard.ZstdCompressor(level=1)
    bodies: list[Body] = []
    trace_ids: list[str] = []
    documents: list[bytes] = []
    rows = json_bytes = count = 0
    with path.open("wb") as file:

        def write() -> None:
            compressed = compressor.compress(body(documents))
            bodies.append(Body(file.tell(), len(compressed), len(documents)))
            file.write(compressed)
            documents.clear()

        for number, trace in enumerate(traces(shape)):
            if not number % max(1, shape.traces // _KNOWN):
                trace_ids.append(msgspec.json.decode(trace[-1])["trace_id"])
            for document in trace:
                documents.append(document)
                count += 1
                json_bytes += len(document)
                rows += document.count(b'"start_time":')
                if len(documents) == DOCUMENTS_A_BODY:
                    write()
        if documents:
            write()
    made_s = time.monotonic() - began
    return DataSet(shape, path, bodies, count, rows, json_bytes, trace_ids, made_s)
