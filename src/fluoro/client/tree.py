"""A trace as a tree: every segment and subsegment under what called it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from fluoro.model import outcome
from fluoro.model.outcome import Outcome
from fluoro.model.segment import Segment
from fluoro.wire.segment import decode


class _Inferred(msgspec.Struct):
    """Whether a document stands for what a call reached, which sent none itself."""

    inferred: bool = False


_INFERRED = msgspec.json.Decoder(_Inferred)


@dataclass(frozen=True)
class Row:
    """A segment or subsegment, and where it stands in the tree."""

    segment: Segment
    lasts: tuple[bool, ...] = ()
    """For each level from below the root on: whether it is the last there of its siblings."""
    is_detached: bool = False
    """Its parent has not come."""
    has_children: bool = False

    @property
    def outcome(self) -> Outcome:
        """How it ended, by its flags and its HTTP status."""
        found = self.segment
        bits = outcome.flags(
            error=found.error,
            fault=found.fault,
            throttle=found.throttle,
            status=found.status,
            in_progress=found.end_us is None,
        )
        return outcome.bucket(bits)


@dataclass
class _Node:
    segment: Segment
    parent_id: str
    children: list["_Node"] = field(default_factory=list)
    is_placed: bool = False

    def age(self) -> tuple[int, str]:
        return self.segment.start_us, self.segment.id


def rows_of(documents: Iterable[bytes]) -> list[Row]:
    """The rows of a trace from top to bottom: roots by start, then what is detached.

    Args:
        documents: As BatchGetTraces gives them. Inferred segments are left out, since they repeat
            the call that they hang under.

    Raises:
        InvalidDocumentError: One is not JSON.
    """
    nodes = {
        node.segment.id: node
        for document in documents
        if not _is_inferred(document)
        for node in _nodes(decode(document))
    }
    tops = []
    for node in sorted(nodes.values(), key=_Node.age):
        parent = nodes.get(node.parent_id)
        if parent is None:
            tops.append(node)
        else:
            parent.children.append(node)
    tops.sort(key=lambda node: bool(node.parent_id))
    rows = [row for top in tops for row in _walk(top, is_detached=bool(top.parent_id))]
    for node in sorted(nodes.values(), key=_Node.age):  # left are those whose parents form a circle
        if not node.is_placed:
            rows += _walk(node, is_detached=True)
    return rows


def _is_inferred(document: bytes) -> bool:
    try:
        return _INFERRED.decode(document).inferred
    except (msgspec.DecodeError, RecursionError):  # what stands for a call is flat
        return False


def _nodes(segment: Segment) -> Iterable[_Node]:
    """An entity and all that is nested in it."""
    waiting = [(segment, segment.parent_id)]
    while waiting:
        entity, parent_id = waiting.pop()
        yield _Node(entity, parent_id)
        waiting += [(nested, entity.id) for nested in entity.subsegments]


def _walk(top: _Node, *, is_detached: bool) -> Iterable[Row]:
    waiting: list[tuple[_Node, tuple[bool, ...]]] = [(top, ())]
    while waiting:
        node, lasts = waiting.pop()
        if node.is_placed:
            continue
        node.is_placed = True
        children = [child for child in node.children if not child.is_placed]
        yield Row(node.segment, lasts, is_detached and node is top, bool(children))
        waiting += [(child, (*lasts, place == 0)) for place, child in enumerate(reversed(children))]
