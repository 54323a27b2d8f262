"""Documents for the store's tests: written by hand, or whole random traces."""

import contextlib
import json
import random
from collections.abc import Callable, Iterable

from fluoro.errors import InvalidDocumentError
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store.storage import Accepted, Search
from fluoro.wire.segment import check

BASE_US = 1_700_000_000_000_000
"""Begin of the tests' time; the begin of a minute, not of a bucket of five."""

_Members = dict[str, object]


def trace_id(number: int) -> str:
    """The trace id with a number in it."""
    return f"1-5f84c7a1-{number:024x}"


def seconds(us: int) -> float:
    """X-Ray's time of a time in microseconds after `BASE_US`."""
    return (BASE_US + us) / 1e6


def entity(id_: int, name: str, start_us: int, end_us: int | None, **members: object) -> _Members:
    """A segment or subsegment; times in microseconds after `BASE_US`, no end while in progress."""
    end: _Members = {"in_progress": True} if end_us is None else {"end_time": seconds(end_us)}
    return {"id": f"{id_:016x}", "name": name, "start_time": seconds(start_us), **end, **members}


def segment(
    trace: int, id_: int, name: str, start_us: int, end_us: int | None, **members: object
) -> _Members:
    """A document of a segment."""
    return {"trace_id": trace_id(trace)} | entity(id_, name, start_us, end_us, **members)


def subsegment(  # noqa: PLR0913, PLR0917  what every one has, in the order of `entity`
    trace: int,
    id_: int,
    parent: int,
    name: str,
    start_us: int,
    end_us: int | None,
    **members: object,
) -> _Members:
    """A document of an independent subsegment."""
    own = {"type": "subsegment", "parent_id": f"{parent:016x}"}
    return segment(trace, id_, name, start_us, end_us, **own, **members)


def nested_in_a_line(levels: int, first_id: int, start_us: int, end_us: int) -> list[_Members]:
    """Subsegments inside one another, as a value of `subsegments`."""
    below: list[_Members] = []
    for id_ in range(first_id + levels - 1, first_id - 1, -1):
        below = [entity(id_, f"level{id_ - first_id + 1}", start_us, end_us, subsegments=below)]
    return below


def accepted(tenant: Tenant, document: _Members | bytes, source: str = "") -> Accepted:
    """A document as the server hands it to the store; it has to be one that X-Ray accepts."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    checked = check(text)
    return Accepted(
        tenant=tenant,
        trace_id=checked.trace_id,
        id=checked.id,
        document=text,
        depth=checked.depth,
        is_finished=checked.is_finished,
        start_us=checked.start_us,
        source=source,
    )


def all_accepted(tenant: Tenant, documents: Iterable[_Members | bytes]) -> list[Accepted]:
    """Several of them."""
    return [accepted(tenant, document) for document in documents]


def admitted(tenant: Tenant, documents: Iterable[bytes]) -> list[Accepted]:
    """Those of them that X-Ray accepts."""
    found = []
    for document in documents:
        with contextlib.suppress(InvalidDocumentError):
            found.append(accepted(tenant, document))
    return found


SERVICES = (("web", "AWS::EC2::Instance"), ("orders", ""), ("orders", "AWS::ECS::Container"))
CALLS: tuple[Callable[[], _Members], ...] = (
    lambda: {
        "name": "DynamoDB",
        "namespace": "aws",
        "aws": {"operation": "Query", "table_name": "T"},
    },
    lambda: {
        "name": "AmazonDynamoDBv2",
        "namespace": "aws",
        "aws": {"operation": "BatchGetItem", "table_names": ["T"]},
    },
    lambda: {"name": "Amazon S3", "namespace": "aws", "aws": {"account_id": "111122223333"}},
    lambda: {"name": "shop@db.local", "namespace": "remote", "sql": {"sanitized_query": "SELECT"}},
    lambda: {"name": "orders@db.local", "namespace": "remote"},
    lambda: {
        "name": "api.example.com",
        "namespace": "remote",
        "http": {"request": {"method": "GET", "url": "https://api.example.com/"}},
    },
)
"""Members of calls that no segment answers."""

CAUSES: tuple[object, ...] = (
    "0123456789ABCDEF",
    "nothing",
    {"id": "0123456789abcdef"},
    {"exceptions": [{"id": "0123456789abcdef", "type": "E", "message": "é \\"}, 5, [], {}]},
    {"exceptions": {"id": 1}, "working_directory": "/"},
    ["exceptions"],
    7,
    None,
)
"""What `cause` may be, as sent and as nobody should send it."""

_BREADTH = ((1, 1, 2, 3), (0, 1, 2), (0, 0, 1))
"""Subsegments below an entity, by how many services stand above."""


class TraceMaker:
    """Random traces that hold every shape the store has rules for.

    Segments call segments through remote calls, local work or nothing; subsegments are nested or
    sent alone, before or after their segment, in chains; documents come unfinished first, twice,
    without their parent, out of order.
    """

    def __init__(self, chance: random.Random, trace: int) -> None:
        self._chance = chance
        self._trace = trace
        self._last_id = trace << 16
        self._alone = chance.choice((0.0, 0.0, 0.0, 0.2))
        """How often a subsegment is sent by itself; most traces have none of those."""
        self._documents: list[_Members] = []

    def documents(self) -> list[_Members]:
        """Documents of one trace in the order of their arrival."""
        start = self._chance.randrange(0, 120_000_000)
        self._segment(None, start, start + self._chance.randrange(0, 4_000_000), depth=0)
        if self._chance.random() < 0.1:
            self._chance.shuffle(self._documents)
        if self._chance.random() < 0.1 and len(self._documents) > 1:
            del self._documents[self._chance.randrange(len(self._documents))]
        return self._documents

    def _id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _flags(self) -> _Members:
        chosen: _Members = {
            flag: True for flag in ("error", "fault", "throttle") if self._chance.random() < 0.15
        }
        if self._chance.random() < 0.15:
            chosen["cause"] = self._chance.choice(CAUSES)
        if self._chance.random() < 0.3:
            status = self._chance.choice((200, 404, 429, 503, "200", 200.7))
            chosen["http"] = {"response": {"status": status}}
        if self._chance.random() < 0.2:
            chosen["annotations"] = {"tier": "gold", "n": self._chance.randrange(5), "paid": True}
        return chosen

    def _between(self, start_us: int, end_us: int) -> tuple[int, int | None]:
        begin = self._chance.randint(start_us, end_us)
        end = self._chance.randint(begin, end_us)
        roll = self._chance.random()
        if roll < 0.05:
            return begin, None
        return begin, end + 5_000_000 if roll < 0.1 else end

    def _segment(self, parent: int | None, start_us: int, end_us: int, depth: int) -> None:
        name, origin = self._chance.choice(SERVICES)
        id_ = self._id()
        members: _Members = {"origin": origin} if origin else {}
        if self._chance.random() < 0.1:
            members["aws"] = {"account_id": "999988887777"}
        if parent is not None:
            members["parent_id"] = f"{parent:016x}"
        below = self._below(id_, start_us, end_us, depth, 1)
        if below:
            members["subsegments"] = below
        whole = segment(self._trace, id_, name, start_us, end_us, **members, **self._flags())
        roll = self._chance.random()
        if roll < 0.1:
            first = {key: value for key, value in whole.items() if key != "end_time"}
            if roll < 0.05:
                first.pop("origin", None)
            self._documents.append(first | {"in_progress": True})
        if roll > 0.05:
            self._documents.append(whole)
        if roll > 0.9:
            self._documents.append(whole | {"fault": True})

    def _below(
        self, parent: int, start_us: int, end_us: int, depth: int, level: int
    ) -> list[_Members]:
        """What is nested in an entity; sends what is not nested by itself."""
        nested = []
        for _ in range(self._chance.choice(_BREADTH[depth]) if level < 7 else 0):
            id_ = self._id()
            begin, end = self._between(start_us, end_us)
            last = end if end is not None else end_us
            members = self._kind(id_, begin, last, depth)
            goes_on = self._chance.random() < (0.35 if level < 3 else 0.6)
            below = self._below(id_, begin, last, depth, level + 1) if goes_on else []
            if below:
                members["subsegments"] = below
            name = str(members.pop("name"))
            if self._chance.random() < self._alone:
                self._documents.append(
                    subsegment(self._trace, id_, parent, name, begin, end, **members)
                )
                if self._chance.random() < 0.8:
                    continue
            nested.append(entity(id_, name, begin, end, **members))
        return nested

    def _kind(self, id_: int, start_us: int, end_us: int, depth: int) -> _Members:
        """Members of local work, of a call nobody answers, or of one that segments answer."""
        roll = self._chance.random()
        members: _Members = {"name": "render"}
        if roll < 0.35:
            members = self._chance.choice(CALLS)()
        elif roll < 0.6:
            members = {"name": self._chance.choice(("orders", "shop.local")), "namespace": "remote"}
        if depth < 2 and (0.35 <= roll < 0.55 or roll > 0.95):
            for _ in range(self._chance.choice((1, 1, 1, 2))):
                self._segment(id_, start_us, max(start_us, end_us), depth + 1)
        flags = self._flags()
        flags.pop("http" if "http" in members else "", None)
        return members | flags


def random_documents(chance: random.Random, traces: range) -> list[_Members]:
    """Documents of many traces, mixed as they would arrive."""
    found = [document for trace in traces for document in TraceMaker(chance, trace).documents()]
    for place in range(len(found) - 1):
        if chance.random() < 0.3:
            found[place], found[place + 1] = found[place + 1], found[place]
    return found


def insert(storage, tenant, *documents):
    """Each document in a flush of its own."""
    for document in documents:
        storage.insert([accepted(tenant, document)])


def found(storage, tenant, **search):
    """Traces that a search finds, from all times if it names none."""
    wanted = Search(**({"start_us": 0, "end_us": LAST_US} | search))
    return [position.trace_id for position in storage.search(tenant, wanted)]


def by_name(storage, tenant, trace):
    """The spans of a trace by their names, which have to differ."""
    spans = storage.spans(tenant, [trace])[trace]
    named = {span.name: span for span in spans}
    assert len(named) == len(spans)
    return named


WORDS = ("web", "orders", "eu-1", "a", "x y", "", "é\\", 'say "hi"', "SELECT", "a\nb", "TRUE")
"""Texts of generated traces, and of the filters that ask for them."""

NUMBERS = (0, 1, 2.5, -3, 200, 404, 0.001, 1e17, 2**60, -0.0)
KEYS = ("tier", "n", "a-b", "k.8 s", 'q"', "é")
PODS = tuple(
    json.dumps({"k8s.pod.name": pod, "k8s.namespace.name": "shop", **workload})
    for pod, workload in (
        ("web-1", {"k8s.deployment.name": "web"}),
        ("é", {"k8s.job.name": "orders", "k8s.node.Name_1": "a"}),
        ("", {}),
    )
)


def furnished(chance: random.Random, document: _Members, *, is_moved: bool) -> _Members:
    """A document with all that a filter can ask for, on some of its entities.

    Sent again, it has other members, and perhaps another start.
    """
    whole = document | _furniture(chance, document)
    if is_moved and chance.random() < 0.05:
        whole["start_time"] = float(str(document["start_time"])) - chance.choice((0.5, 400, 2000))
    return whole


def _furniture(chance: random.Random, entity: _Members) -> _Members:
    found: _Members = {}
    if chance.random() < 0.5:
        found["annotations"] = {
            chance.choice(KEYS): chance.choice((*WORDS, *NUMBERS, True, False)) for _ in range(3)
        }
    if chance.random() < 0.3:
        request = {
            name: chance.choice(WORDS) for name in ("method", "url", "user_agent", "client_ip")
        }
        status = {"status": chance.choice((200, 200.7, 404, 429, 503))}
        found["http"] = {"request": request, "response": status}
    for name in ("user", "resource_arn"):
        if chance.random() < 0.2:
            found[name] = chance.choice(WORDS)
    if chance.random() < 0.2 and "aws" not in entity:
        place = {"instance_id": chance.choice(WORDS), "availability_zone": chance.choice(WORDS)}
        found["aws"] = {
            chance.choice(("ec2", "ecs")): place,
            "account_id": chance.choice(("", "1", "web")),
        }
    if chance.random() < 0.3:
        value = chance.choice((*WORDS, *NUMBERS, True, None))
        found["metadata"] = {
            chance.choice(KEYS): {chance.choice(KEYS): [value, {chance.choice(KEYS): value}]}
        }
    below = entity.get("subsegments")
    if isinstance(below, list):
        found["subsegments"] = [each | _furniture(chance, each) for each in below]
    return found


def furnished_traces(
    chance: random.Random, tenant: Tenant, traces: range, *, is_moved: bool
) -> list[Accepted]:
    """Documents of many traces with everything in them, as they would arrive.

    With `is_moved` some state another start than when they were sent before.
    """
    return [
        accepted(tenant, furnished(chance, document, is_moved=is_moved), chance.choice(("", *PODS)))
        for document in random_documents(chance, traces)
    ]
