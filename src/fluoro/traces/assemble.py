"""A trace put together from its documents, as BatchGetTraces gives it back.

Source: spec of segment documents, sections 11 and 12, from answers of AWS.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import count

import msgspec

from fluoro.graph import nodes
from fluoro.graph.rows import Node
from fluoro.model.segment import Segment
from fluoro.wire.document import Entity, join, outline, render, render_member
from fluoro.wire.segment import decode

_COPIED = ("name", "start_time", "end_time", "error", "fault", "throttle", "http", "aws", "sql")
"""Members that an inferred segment takes over from its call."""
_CALLS = ("aws", "remote")
_QUEUE_TYPE = "AWS::SQS::Queue"
_QUEUE_SERVICE_TYPE = "AWS::SQS"
_SEND_OPERATIONS = frozenset({"SendMessage", "SendMessageBatch"})


class _Occurrence:
    """An entity where it stands in a document; the same id may occur in several places.

    Attributes:
        entity: Its text.
        segment: Its reading.
        around: What it is nested in, None for the root of a document.
        order: Place in the order of receipt, then of the document.
        parent: The occurrence it hangs under in the trace, None for segments and orphans.
    """

    __slots__ = ("around", "entity", "order", "parent", "segment")

    def __init__(
        self, entity: Entity, segment: Segment, around: "_Occurrence | None", order: int
    ) -> None:
        self.entity = entity
        self.segment = segment
        self.around = around
        self.order = order
        self.parent: _Occurrence | None = None

    @property
    def stays(self) -> bool:
        """It is written where it stands: it counts, and so does what it is nested in."""
        return self.parent is not None and self.parent is self.around

    def rank(self) -> tuple[bool, int]:
        """The smallest of an id counts: complete before unfinished, then the first."""
        return self.segment.end_us is None, self.order

    def age(self) -> tuple[int, str]:
        """Place in a list of siblings: by start, then id."""
        return self.segment.start_us, self.segment.id


def assemble(trace_id: str, documents: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The Segments of a trace: one for each segment, each orphan and each inferred segment.

    Subsegments that were sent alone are put into their parents, whatever the order of arrival. An
    id that occurs several times is one entity: the complete one, then the first; what is nested
    in the others moves under it. Entities whose parents form a circle hang under the earliest of
    them, which counts as an orphan.

    Args:
        trace_id: In the inside form of `model.ids`.
        documents: Id and text of the trace's documents that count, in order of receipt.

    Returns:
        (id of the entity, document): root segments first, the rest after them, each by start.
        Text that no rule changes is given back byte for byte.
    """
    found = list(_occurrences(document for _, document in documents))
    winners: dict[str, _Occurrence] = {}
    for occurrence in sorted(found, key=_Occurrence.rank):
        winners.setdefault(occurrence.segment.id, occurrence)
    entities = sorted(winners.values(), key=_Occurrence.age)
    for entity in entities:
        entity.parent = _parent(entity, winners)
    _break_circles(entities)
    for occurrence in found:
        occurrence.entity.is_cut = not occurrence.stays
    for entity in entities:
        if entity.parent and not entity.stays:
            entity.entity.is_inserted = entity.around is None
            entity.parent.entity.added.append(entity.entity)
    return [(id_, document) for *_, id_, document in sorted(_entries(trace_id, entities))]


def _occurrences(documents: Iterable[bytes]) -> Iterator[_Occurrence]:
    """Every entity of every document, parents before their children."""
    order = count()
    for document in documents:
        waiting: list[tuple[Entity, Segment, _Occurrence | None]] = [
            (outline(document), decode(document), None)
        ]
        while waiting:
            entity, segment, around = waiting.pop()
            occurrence = _Occurrence(entity, segment, around, next(order))
            yield occurrence
            waiting += [
                (nested, subsegment, occurrence)
                for nested, subsegment in zip(
                    reversed(entity.nested), reversed(segment.subsegments), strict=True
                )
            ]


def _parent(entity: _Occurrence, winners: dict[str, _Occurrence]) -> _Occurrence | None:
    """What an entity hangs under by what it says, None for a segment and without a parent."""
    if entity.around:
        return winners[entity.around.segment.id]
    return winners.get(entity.segment.parent_id) if entity.segment.is_subsegment else None


def _break_circles(entities: Sequence[_Occurrence]) -> None:
    """Make the earliest entity of every circle of parents an orphan."""
    done: set[_Occurrence] = set()
    for entity in entities:
        path: dict[_Occurrence, None] = {}
        above: _Occurrence | None = entity
        while above and above not in done and above not in path:
            path[above] = None
            above = above.parent
        if above in path:
            line = list(path)
            min(line[line.index(above) :], key=_Occurrence.age).parent = None
        done.update(path)


def _entries(
    trace_id: str, entities: Sequence[_Occurrence]
) -> Iterator[tuple[bool, int, str, bytes]]:
    """What the answer holds: whether it is no root, its start, its id, its document."""
    inferred = []
    answered = {each.segment.parent_id for each in entities if not each.segment.is_subsegment}
    for each in entities:
        if each.segment.namespace not in _CALLS or not each.segment.is_subsegment:
            continue
        node = nodes.infer(each.segment)
        each.entity.resource = _resource(each.segment, node)
        if each.segment.end_us is not None and each.segment.id not in answered:
            inferred.append((each, node))
    for each in entities:
        if each.parent is None:
            is_root = not each.segment.is_subsegment and not each.segment.parent_id
            yield not is_root, each.segment.start_us, each.segment.id, render(each.entity)
    for each, node in inferred:
        id_ = inferred_id(trace_id, each.segment.id)
        yield True, each.segment.start_us, id_, _inferred(trace_id, id_, each, node)


def _resource(call: Segment, node: Node | None) -> str:
    """Name of the AWS resource that is called; empty when only the service is known."""
    if node is None or call.namespace != "aws" or node.type == nodes.AWS_PREFIX + node.name:
        return ""
    return node.name


def _inferred(trace_id: str, id_: str, call: _Occurrence, node: Node | None) -> bytes:
    """The segment that stands for what a call reached, which sent none itself."""
    pairs = [
        ("id", msgspec.json.encode(id_)),
        ("trace_id", msgspec.json.encode(trace_id)),
        ("parent_id", call.entity.raw(b"id") or b'""'),
        ("inferred", b"true"),
    ]
    for key in _COPIED:
        value = render_member(call.entity, key.encode())
        if value is not None:
            pairs.append((key, value))
    if node and node.type != nodes.REMOTE:
        pairs.append(("origin", msgspec.json.encode(node.type)))
    if node and _is_queue(call.segment, node):
        times = [pair for pair in pairs if pair[0] in ("start_time", "end_time")]
        queue_time_id = msgspec.json.encode(_derived_id(trace_id, call.segment.id, "QueueTime"))
        queue_time = join([("id", queue_time_id), ("name", b'"QueueTime"'), *times])
        pairs.append(("subsegments", b"[%b]" % queue_time))
    return join(pairs)


def _is_queue(call: Segment, node: Node) -> bool:
    """A known queue, or a message sent to one that is not known."""
    return node.type == _QUEUE_TYPE or (
        node.type == _QUEUE_SERVICE_TYPE and call.operation in _SEND_OPERATIONS
    )


def inferred_id(trace_id: str, call_id: str) -> str:
    """Id of the segment that stands for what a call reached, the same at every reading."""
    return _derived_id(trace_id, call_id, "segment")


def _derived_id(trace_id: str, id_: str, purpose: str) -> str:
    """An id for what we make up, the same at every reading."""
    return blake2b(f"{trace_id}/{id_}/{purpose}".encode(), digest_size=8).hexdigest()
