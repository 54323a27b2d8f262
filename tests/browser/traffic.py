"""What is sent to the agent: traces made by hand, and the official SDKs' moved to now."""

import json
import re
import socket
import time
from collections.abc import Iterable
from typing import Any

from captures import NOT_JSON, captures
from fluoro_up import Fluoro

HEADER = b'{"format":"json","version":1}\n'
EXACT = 2**53 + 1
"""The first integer that a double cannot hold."""
MANY_SERVICES = 300
MANY_SPANS = 10_000
SPANS_A_DOCUMENT = 50

TRACE_ID = re.compile(rb"1-[0-9a-f]{8}-[0-9a-f]{24}")
TIME = re.compile(rb'("(?:start|end)_time": ?)(\d{10}(?:\.\d+)?)')

Document = dict[str, Any]


def send(fluoro: Fluoro, *documents: Document) -> None:
    """Datagrams to the agent, as an SDK sends them."""
    send_bytes(fluoro, (HEADER + json.dumps(document).encode() for document in documents))


def send_bytes(fluoro: Fluoro, datagrams: Iterable[bytes]) -> None:
    host, _, port = fluoro.agent.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, (host, int(port)))
            time.sleep(0.001)  # a burst larger than the socket's buffer is not what is tested


def trace_id(start: float, number: int) -> str:
    return f"1-{int(start):08x}-{number:024x}"


def order(start: float) -> Document:
    """A faulty root with everything that the drill-down shows."""
    return {
        "trace_id": trace_id(start, 1),
        "id": "00000000000000a1",
        "name": "shop",
        "start_time": start,
        "end_time": start + 1.5,
        "fault": True,
        "user": "ada",
        "http": {
            "request": {"method": "POST", "url": "http://shop.example/buy"},
            "response": {"status": 500},
        },
        "annotations": {"order": "o-7", "premium": True, "serial": EXACT},
        "metadata": {"default": {"exact": EXACT}},
        "cause": {
            "exceptions": [
                {
                    "id": "00000000000000e1",
                    "type": "ValueError",
                    "message": "no tea left",
                    "stack": [
                        {"path": "tea.py", "line": 3, "label": "pour"},
                        {"path": "shop.py", "line": 41, "label": "buy"},
                    ],
                }
            ]
        },
        "subsegments": [
            {
                "id": "00000000000000b1",
                "name": "tea@db.example",
                "namespace": "remote",
                "start_time": start + 0.1,
                "end_time": start + 0.4,
                "sql": {"sanitized_query": "SELECT * FROM tea", "database_type": "PostgreSQL"},
            },
            {
                "id": "00000000000000b2",
                "name": "api.example",
                "namespace": "remote",
                "start_time": start + 0.5,
                "end_time": start + 1.4,
                "http": {"request": {"method": "GET", "url": "http://api.example/stock"}},
            },
        ],
    }


def stock(start: float) -> Document:
    """The segment that answers the second call."""
    return {
        "trace_id": trace_id(start, 1),
        "id": "00000000000000a2",
        "parent_id": "00000000000000b2",
        "name": "stock",
        "origin": "AWS::ECS::Container",
        "start_time": start + 0.6,
        "end_time": start + 1.3,
    }


def quick(start: float, number: int, status: int) -> Document:
    """A root of another service, by its HTTP status."""
    marks: dict[int, Document] = {404: {"error": True}, 429: {"error": True, "throttle": True}}
    return {
        "trace_id": trace_id(start, number),
        "id": f"{number:016x}",
        "name": "front",
        "start_time": start,
        "end_time": start + 0.02,
        "http": {
            "request": {"method": "GET", "url": "http://front.example/"},
            "response": {"status": status},
        },
    } | marks.get(status, {})


def services(start: float) -> list[Document]:
    """One root for each of many services."""
    return [
        quick(start, number + 10, 200) | {"name": f"service-{number}"}
        for number in range(MANY_SERVICES)
    ]


def long_trace(start: float) -> list[Document]:
    """A root, and its many subsegments in documents of their own, fifty in each."""
    root = quick(start, 1, 200) | {"name": "long", "end_time": start + 5}

    def step(number: int) -> Document:
        return {
            "id": f"{number + 100:016x}",
            "name": f"step {number % 9}",
            "start_time": start + number / 5000,
            "end_time": start + number / 5000 + 0.5,
        }

    streamed = [
        step(first)
        | {"type": "subsegment", "trace_id": root["trace_id"], "parent_id": root["id"]}
        | {"subsegments": [step(first + more) for more in range(1, SPANS_A_DOCUMENT)]}
        for first in range(0, MANY_SPANS, SPANS_A_DOCUMENT)
    ]
    return [*streamed, root]


def captured(end: float) -> dict[str, list[bytes]]:
    """The SDKs' documents by file, in the order of arrival, each file moved to end at `end`.

    Only the digits of times and of trace ids differ from what the SDK sent.
    """
    files: dict[str, list[bytes]] = {}
    for found in captures():
        if found.file not in NOT_JSON:
            files.setdefault(found.file, []).append(found.document)
    return {file: moved(documents, end) for file, documents in files.items()}


def moved(documents: list[bytes], end: float) -> list[bytes]:
    times = [float(found[2]) for document in documents for found in TIME.finditer(document)]
    shift = end - max(times)
    epoch = f"1-{int(end):08x}-".encode()

    def later(found: re.Match[bytes]) -> bytes:
        return found[1] + f"{float(found[2]) + shift:.6f}".encode()

    return [
        TRACE_ID.sub(lambda found: epoch + found[0][11:], TIME.sub(later, document))
        for document in documents
    ]


def in_order(text: str | bytes) -> Any:
    """JSON to compare as it is written: members in order, numbers by their digits."""
    return json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=list)
