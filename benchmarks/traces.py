"""Deterministic traces for the benchmarks: nine segments each, about 2 KB and 4.5 rows a document.

Services call each other along a fixed topology, and DynamoDB, S3, SQS and a database; durations are
log-normal, a few calls fail; annotations of the three types, one of them rare; metadata and users.
Of the segments 5 % are sent in progress first, of the calls 2 % as documents of their own. Same
arguments, same bytes.
"""

import random
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

Ids = Literal["xray", "random", "mix"]

SEGMENTS_A_TRACE = 9
DOCUMENTS_A_TRACE = 9.6
"""With those in progress and those of calls; in the mean."""
ROWS_A_DOCUMENT = 4.63
"""In the mean; the bodies that are made count their own."""
ITEMS = 6_000
"""Values of the rare annotation, `item_id`; the number of the trace names it."""
TENANTS = 12
"""Values of the common annotation, `tenant`."""
EXPANDED = 4
"""Segments of a trace that call two services each."""
_CALLEES = 2
_RESOURCES = 8
"""Tables, buckets, queues and databases, each."""
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0"
_FRAMES = (
    ("handlers", 112, "place_order"),
    ("orders", 87, "reserve"),
    ("client", 301, "call"),
    ("retry", 44, "attempt"),
)
_STACK = [
    {"path": f"/srv/app/{name}.py", "line": line, "label": label} for name, line, label in _FRAMES
]
_QUERIES = (
    "SELECT id, sku, quantity, price FROM items WHERE id = ? AND deleted_at IS NULL",
    "UPDATE orders SET state = ?, updated_at = now() WHERE id = ? AND version = ?",
    "INSERT INTO events (id, kind, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
)
_ENCODE = msgspec.json.Encoder().encode

Members = dict[str, object]


class Shape(msgspec.Struct, frozen=True):
    """What one data set is made of."""

    traces: int
    start: float
    """Epoch seconds at which the first trace starts; the last one does at `end`."""
    end: float
    seed: int = 1
    ids: Ids = "xray"
    """Trace ids that hold their time, that hold none as OpenTelemetry's, or half of each."""
    services: int = 300
    in_progress: float = 0.05
    streamed: float = 0.02


class Service(NamedTuple):
    """One service of the topology."""

    name: str
    callees: list[int]
    backends: list[str]


def topology(services: int) -> list[Service]:
    """The same services whatever the seed: each with two callees, and a backend or two."""
    chance = random.Random(services)
    backends = ("DynamoDB", "S3", "SQS", "sql")
    return [
        Service(
            f"service-{number:03d}",
            chance.sample(range(services), _CALLEES),
            chance.sample(backends, 1 if number % 3 else 2),
        )
        for number in range(services)
    ]


def traces(shape: Shape) -> Iterator[list[bytes]]:
    """Each trace as its documents, in the order in which an SDK would send them."""
    maker = _Maker(shape)
    step = (shape.end - shape.start) / shape.traces
    for number in range(shape.traces):
        yield maker.trace(number, shape.start + step * number)


class _Maker:
    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.chance = random.Random(shape.seed)
        self.services = topology(shape.services)

    def id(self) -> str:
        return f"{self.chance.getrandbits(64):016x}"

    def trace_id(self, number: int, start: float) -> str:
        digits = f"{self.chance.getrandbits(128):032x}"
        ids = self.shape.ids
        if ids == "random" or (ids == "mix" and number % 2):
            return f"1-{digits[:8]}-{digits[8:]}"
        return f"1-{int(start):08x}-{digits[8:]}"

    def trace(self, number: int, start: float) -> list[bytes]:
        chance = self.chance
        trace_id = self.trace_id(number, start)
        documents: list[bytes] = []
        took = chance.lognormvariate(-1.2, 0.8)
        waiting = [(chance.randrange(len(self.services) // 2), "", start, took)]
        for position in range(SEGMENTS_A_TRACE):
            place, parent, began, lasts = waiting.pop(0)
            segment = self.segment(trace_id, number, self.services[place], began, lasts)
            if parent:
                segment["parent_id"] = parent
            else:
                segment["user"] = f"user-{number % 9000}"
            below = segment["subsegments"]
            assert isinstance(below, list)  # noqa: S101  for the type checker
            if position < EXPANDED:
                callees = self.services[place].callees
                for share, callee in zip((0.05, 0.5), callees, strict=True):
                    call = self.call(number, callee, began + lasts * share, lasts * 0.4)
                    inside = began + lasts * (share + 0.02), lasts * 0.36
                    waiting.append((callee, str(call["id"]), *inside))
                    if chance.random() < self.shape.streamed:
                        alone = {"trace_id": trace_id, "parent_id": segment["id"]}
                        documents.append(_ENCODE({"type": "subsegment", **alone, **call}))
                    else:
                        below.append(call)
            if chance.random() < self.shape.in_progress:
                open_ = {name: segment[name] for name in segment.keys() - {"end_time", *_LATE}}
                documents.append(_ENCODE({**open_, "in_progress": True}))
            documents.append(_ENCODE(segment))
        return documents

    def segment(
        self, trace_id: str, number: int, service: Service, start: float, took: float
    ) -> Members:
        chance, name = self.chance, service.name
        status = chance.choices((200, 201, 404, 429, 500), (88, 5, 4, 1, 2))[0]
        backends = service.backends * (2 if len(service.backends) == 1 else 1)
        subsegments = [
            self.backend(name, backend, start + took * 0.1, took * 0.2)
            for backend in backends[: 1 if chance.random() < 0.1 else 2]
        ]
        if chance.random() < 0.2:
            subsegments.append(self.local("authorize", start, took * 0.1))
        if chance.random() < 0.9:
            render = self.local("render", start + took * 0.9, took * 0.05)
            template = {"template": "item.html", "size": number % 977, "cached": False}
            subsegments.append({**render, "metadata": {"default": template}})
        segment: Members = {
            "trace_id": trace_id,
            "id": self.id(),
            "name": name,
            "origin": "AWS::EKS::Container",
            "start_time": round(start, 6),
            "end_time": round(start + took, 6),
            "http": {
                "request": {
                    "method": chance.choice(("GET", "GET", "POST")),
                    "url": f"http://{name}.example.com/api/v2/items/{number % ITEMS}?page=2",
                    "client_ip": f"10.{number % 7}.{number % 250}.{number % 199}",
                    "user_agent": _AGENT,
                },
                "response": {"status": status, "content_length": chance.randrange(100, 90000)},
            },
            "aws": {
                "account_id": "123456789012",
                "xray": {"sdk": "X-Ray for Python", "sdk_version": "2.15.0"},
                "eks": {
                    "cluster_name": "prod",
                    "pod": f"{name}-5d8c7b6f9-{number % 30:05x}",
                    "container_id": f"{number % 30:064x}",
                },
            },
            "service": {"runtime": "CPython", "runtime_version": "3.11.7", "version": "2026.11.3"},
            "annotations": {
                "item_id": number % ITEMS,
                "tenant": f"tenant-{number % TENANTS}",
                "premium": number % 5 == 0,
                "amount": round(chance.lognormvariate(3, 1), 2),
            },
            "metadata": {
                "default": {
                    "request": {"attempt": 1, "flags": ["a", "b"], "shard": number % 64},
                    "headers": {"x-request-id": f"{chance.getrandbits(128):032x}"},
                }
            },
            "subsegments": subsegments,
        }
        if status >= 500:
            segment["fault"] = True
            segment["cause"] = {
                "working_directory": "/srv/app",
                "exceptions": [
                    {
                        "id": self.id(),
                        "type": "TimeoutError",
                        "message": "operation timed out after 3000 ms",
                        "stack": _STACK,
                    }
                ],
            }
        elif status >= 400:
            segment["error"] = True
            segment["throttle"] = status == 429
        return segment

    def call(self, number: int, callee: int, start: float, took: float) -> Members:
        name = self.services[callee].name
        url = f"http://{name}.example.com/api/v2/items/{number % ITEMS}"
        length = self.chance.randrange(100, 90000)
        return {
            **self.local(name, start, took),
            "namespace": "remote",
            "http": {
                "request": {"method": "GET", "url": url},
                "response": {"status": 200, "content_length": length},
            },
        }

    def backend(self, name: str, backend: str, start: float, took: float) -> Members:
        resource = f"main-{int(name.rpartition('-')[2]) % _RESOURCES}"
        if backend == "sql":
            return {
                **self.local(f"{resource}@db.cluster-c1.eu-west-1.rds.amazonaws.com", start, took),
                "namespace": "remote",
                "sql": {
                    "url": f"postgresql://db.internal:5432/{resource}",
                    "sanitized_query": self.chance.choice(_QUERIES),
                    "database_type": "PostgreSQL",
                    "database_version": "15.4",
                    "user": "app",
                },
            }
        operation, member, value = {
            "DynamoDB": ("GetItem", "table_name", resource),
            "S3": ("GetObject", "bucket_name", resource),
            "SQS": ("SendMessage", "queue_url", f"https://sqs.local/1/{resource}"),
        }[backend]
        request_id = f"{self.chance.getrandbits(128):032X}"
        return {
            **self.local(backend, start, took),
            "namespace": "aws",
            "aws": {
                "operation": operation,
                member: value,
                "region": "us-east-1",
                "request_id": request_id,
            },
            "http": {"response": {"status": 200}},
        }

    def local(self, name: str, start: float, took: float) -> Members:
        end = round(start + took * self.chance.uniform(0.5, 1.0), 6)
        return {"id": self.id(), "name": name, "start_time": round(start, 6), "end_time": end}


_LATE = frozenset({"subsegments", "cause", "fault", "error", "throttle"})
"""What a segment does not have yet when it is sent in progress."""
