"""The datagrams in `tests/wire/`, captured from the official SDKs (its README says how)."""

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "wire"
NOT_JSON = frozenset({"python-nan-invalid-json", "dotnet-nan-in-annotation"})
"""Files whose documents hold NaN and Infinity, as those SDKs write them."""


class Capture(NamedTuple):
    """One datagram: the file it is from (no suffix), its place there, and its two parts."""

    file: str
    seq: int
    header: bytes
    document: bytes


class SamplingCall(NamedTuple):
    """One raw HTTP/1.1 request for rules or targets, and the file and place that it is from."""

    file: str
    seq: int
    request: bytes


def captures() -> list[Capture]:
    """Every captured datagram, by file and then by order of arrival."""
    found = []
    for path in sorted(FOLDER.glob("*.ndjson")):
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if "datagram" in record:
                header, _, document = record["datagram"].encode().partition(b"\n")
                found.append(Capture(path.stem, record["seq"], header, document))
    return found


def documents(*, valid: bool) -> list[bytes]:
    """The captured documents that are JSON, or with `valid=False` those that are not."""
    return [found.document for found in captures() if (found.file not in NOT_JSON) is valid]


def sampling_calls() -> list[SamplingCall]:
    """Every recorded call of an SDK to the TCP port, by file and then by order of arrival."""
    return [
        SamplingCall(path.stem, seq, json.loads(line)["request"].encode())
        for path in sorted(FOLDER.glob("*-sampling-http.ndjson"))
        for seq, line in enumerate(path.read_text().splitlines())
    ]
