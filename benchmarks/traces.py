"""Deterministic traces for the benchmarks: nine segments a trace, about 2 KB and 4.5 rows each.

The shape follows the prototype's data set: a gateway calls services, which call services,
DynamoDB, S3 and SQS; log-normal durations, a few errors, throttles and faults; annotations of the
three types, one of them rare, metadata, users. Same arguments, same bytes.
"""

import json
import random
from collections.abc import Iterator

SERVICES = [
    "gateway",
    "storefront",
    "checkout",
    "orders",
    "payments",
    "inventory",
    "catalog",
    "search",
    "users",
    "auth",
    "cart",
    "pricing",
    "shipping",
    "notifications",
    "recommendations",
    "reviews",
    "ledger",
    "fraud",
    "tax",
    "media",
]
SEGMENTS_A_TRACE = 9
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0"
_STACK = [
    {"path": f"/srv/app/{name}.py", "line": line, "label": label}
    for name, line, label in (
        ("handlers", 112, "place_order"),
        ("orders", 87, "reserve"),
        ("client", 301, "call"),
        ("retry", 44, "attempt"),
    )
]


def traces(count: int, *, start: float, end: float, seed: int = 1) -> Iterator[list[str]]:
    """Yield `count` traces as lists of documents, evenly from `start` to `end` (epoch s)."""
    chance = random.Random(seed)
    for number in range(count):
        yield _trace(chance, number, start + (end - start) * number / count)


def _trace(chance: random.Random, number: int, start: float) -> list[str]:
    trace_id = f"1-{int(start):08x}-{chance.getrandbits(96):024x}"
    documents: list[str] = []
    calls: list[tuple[str, float, float]] = [("", start, chance.lognormvariate(-1.2, 0.8))]
    for position in range(SEGMENTS_A_TRACE):
        parent, began, took = calls.pop(0)
        name = SERVICES[0] if position == 0 else chance.choice(SERVICES[1:])
        segment, downstream = _segment(chance, trace_id, number, name, parent, began, took)
        calls.extend(downstream)
        documents.append(json.dumps(segment, separators=(",", ":")))
    return documents


def _segment(  # noqa: PLR0913, PLR0917  one segment's facts, given once
    chance: random.Random,
    trace_id: str,
    number: int,
    name: str,
    parent: str,
    start: float,
    took: float,
) -> tuple[dict[str, object], list[tuple[str, float, float]]]:
    status = chance.choices((200, 201, 404, 429, 500), (88, 5, 4, 1, 2))[0]
    downstream: list[tuple[str, float, float]] = []
    subsegments: list[dict[str, object]] = []
    at = start
    for _ in range(2):
        call_id = f"{chance.getrandbits(64):016x}"
        part = took * chance.uniform(0.1, 0.4)
        subsegments.append(
            {
                "id": call_id,
                "name": "backend.internal",
                "namespace": "remote",
                "start_time": round(at, 6),
                "end_time": round(at + part, 6),
                "http": {
                    "request": {
                        "method": "GET",
                        "url": f"http://backend.internal/api/items/{number % 5000}",
                    },
                    "response": {"status": 200, "content_length": chance.randrange(100, 90000)},
                },
            }
        )
        downstream.append((call_id, at + part * 0.05, part * 0.9))
        at += part
    subsegments.append(_aws_call(chance, at, took * 0.1))
    if chance.random() < 0.7:
        subsegments.append(
            {
                "id": f"{chance.getrandbits(64):016x}",
                "name": "render",
                "start_time": round(at, 6),
                "end_time": round(at + took * 0.05, 6),
                "metadata": {"default": {"template": "item.html", "size": number % 977}},
            }
        )
    segment: dict[str, object] = {
        "trace_id": trace_id,
        "id": f"{chance.getrandbits(64):016x}",
        "name": name,
        "origin": "AWS::EKS::Container",
        "start_time": round(start, 6),
        "end_time": round(start + took, 6),
        "http": {
            "request": {
                "method": chance.choice(("GET", "GET", "POST")),
                "url": f"http://{name}.example.com/api/v2/items/{number % 5000}?page=2",
                "client_ip": f"10.{number % 7}.{number % 250}.{number % 199}",
                "user_agent": _AGENT,
            },
            "response": {"status": status, "content_length": chance.randrange(100, 90000)},
        },
        "aws": {
            "xray": {"sdk": "X-Ray for Python", "sdk_version": "2.15.0"},
            "eks": {"cluster_name": "prod", "pod": f"{name}-5d8c7b6f9-{number % 30:05x}"},
        },
        "service": {"runtime": "CPython", "runtime_version": "3.11.7", "version": "2026.11.3"},
        "annotations": {
            "item_id": number % 50_000,
            "tenant": f"tenant-{number % 12}",
            "premium": number % 5 == 0,
        },
        "metadata": {
            "default": {"request": {"attempt": 1, "flags": ["a", "b"], "shard": number % 64}}
        },
        "subsegments": subsegments,
    }
    if parent:
        segment["parent_id"] = parent
    else:
        segment["user"] = f"user-{number % 9000}"
    if status >= 500:
        segment["fault"] = True
        segment["cause"] = {
            "working_directory": "/srv/app",
            "exceptions": [
                {
                    "id": f"{chance.getrandbits(64):016x}",
                    "type": "TimeoutError",
                    "message": "operation timed out after 3000 ms",
                    "stack": _STACK,
                }
            ],
        }
    elif status >= 400:
        segment["error"] = True
        segment["throttle"] = status == 429
    return segment, downstream


def _aws_call(chance: random.Random, at: float, took: float) -> dict[str, object]:
    name, aws = chance.choice(
        (
            ("DynamoDB", {"operation": "GetItem", "table_name": "orders"}),
            ("S3", {"operation": "GetObject", "bucket_name": "media-prod"}),
            ("SQS", {"operation": "SendMessage", "queue_url": "https://sqs.local/1/shipments"}),
        )
    )
    return {
        "id": f"{chance.getrandbits(64):016x}",
        "name": name,
        "namespace": "aws",
        "start_time": round(at, 6),
        "end_time": round(at + took, 6),
        "aws": {**aws, "region": "us-east-1", "request_id": f"{chance.getrandbits(128):032x}"},
        "http": {"response": {"status": 200}},
    }
