"""What `service()` and `edge()` look at in a trace: entities of its nodes, and calls between them.

The same nodes and edges as in `graph.edges`, each with the spans that it comes from. Source: spec
of filter expressions, section 4; of the service graph, section 4.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from fluoro.filters import compare
from fluoro.filters.tree import Test, Value
from fluoro.graph.edges import node_of
from fluoro.graph.nodes import CLIENT
from fluoro.graph.rows import Node
from fluoro.model.span import Span
from fluoro.traces.trace import Trace
from fluoro.wire import json_text

Window = tuple[int, int]
"""First and last epoch microsecond of what counts."""


class Inside:
    """Spans that belong together: a segment and what is in it, or one call.

    Attributes:
        spans: At least one, by start, then id.
    """

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans
        self._answers: dict[Test, bool] = {}

    def fits(self, test: Test) -> bool:
        """Whether some annotation in it fits; every call of a segment asks, one answer is found."""
        if test not in self._answers:
            values = self.annotations.get(test.field.key, ())
            self._answers[test] = compare.fits(test, values)
        return self._answers[test]

    @cached_property
    def annotations(self) -> dict[str, list[Value]]:
        """The values of each key."""
        found: dict[str, list[Value]] = {}
        for span in self.spans:
            for key, value in span.annotations.items():
                found.setdefault(key, []).append(value)
        return found


class Visit(msgspec.Struct, frozen=True):
    """An entity of a node: a segment, or the call that an inferred segment stands for."""

    node: Node
    span: Span
    inside: Inside

    @property
    def is_inferred(self) -> bool:
        """Whether no segment came."""
        return not self.span.is_segment

    @property
    def is_root(self) -> bool:
        """Whether the trace begins with it."""
        return self.span.is_segment and not self.span.parent_id

    @property
    def duration_us(self) -> int:
        """From its start to the last end of what is inside, longer than the response or equal."""
        return max(each.end_us for each in self.inside.spans) - self.span.start_us


class Crossing(msgspec.Struct, frozen=True):
    """A call from one node to another."""

    source: Node
    target: Node
    span: Span
    """The call as its caller saw it; without one the segment that was called."""
    caller: Inside | None
    """The segment that called; None for a client."""
    callee: Inside
    """The segment that was called; the call itself when none came."""

    @property
    def is_client(self) -> bool:
        """Whether it came from outside, to a root."""
        return self.span.is_segment and not self.span.parent_id


class Scopes:
    """The entities and calls of a trace; with a window those that ended in it."""

    def __init__(self, trace: Trace, window: Window | None = None) -> None:
        self.trace = trace
        self._window = window
        self._pods: dict[str, Mapping[str, object]] = {}

    @cached_property
    def visits(self) -> list[Visit]:
        """One for each segment and each finished call without one."""
        return [
            Visit(
                node_of(span), span, self._inside[span.id] if span.is_segment else Inside((span,))
            )
            for span in self.trace.spans
            if self._counts(span) and (span.is_segment or self._is_unanswered(span))
        ]

    @cached_property
    def has_inferred(self) -> bool:
        """Whether some call stands for a segment that did not come, in any window."""
        return any(self._is_unanswered(span) for span in self.trace.spans)

    def pod(self, source: str) -> Mapping[str, object]:
        """What is known of a pod: the members of a span's `source`."""
        if source not in self._pods:
            members = json_text.read(source.encode())
            self._pods[source] = members if isinstance(members, dict) else {}
        return self._pods[source]

    @cached_property
    def clients(self) -> list[Node]:
        """The client of each finished root."""
        return [each.source for each in self.crossings if each.is_client]

    @cached_property
    def crossings(self) -> list[Crossing]:
        """One for each finished call and each segment that it reached; what is in no call counts.

        An orphaned call has no caller, hence is none of them.
        """
        return [
            crossing
            for span in self.trace.spans
            if span.is_finished and self._counts(span)
            for crossing in (self._arrivals(span) if span.is_segment else self._calls(span))
        ]

    def _counts(self, span: Span) -> bool:
        if self._window is None:
            return True
        return span.is_finished and self._window[0] <= span.end_us <= self._window[1]

    def _is_unanswered(self, span: Span) -> bool:
        return span.is_call and span.is_finished and span.id not in self._callees

    def _arrivals(self, segment: Span) -> Iterator[Crossing]:
        """How a segment was reached without a call: by a client, or from work that is no call."""
        node, inside = node_of(segment), self._inside[segment.id]
        if not segment.parent_id:
            yield Crossing(Node(node.name, CLIENT, node.account), node, segment, None, inside)
            return
        parent = self._by_id.get(segment.parent_id)
        caller = None if parent is None else self.trace.segment_of.get(parent.id)
        if parent is not None and not parent.is_call and caller is not None:
            yield Crossing(node_of(caller), node, segment, self._inside[caller.id], inside)

    def _calls(self, call: Span) -> Iterator[Crossing]:
        caller = self.trace.segment_of.get(call.id)
        if not call.is_call or caller is None:
            return
        source, inside = node_of(caller), self._inside[caller.id]
        callees = self._callees.get(call.id)
        if callees is None:
            yield Crossing(source, node_of(call), call, inside, Inside((call,)))
            return
        for callee in callees:
            yield Crossing(source, node_of(callee), call, inside, self._inside[callee.id])

    @cached_property
    def _by_id(self) -> dict[str, Span]:
        return {span.id: span for span in self.trace.spans}

    @cached_property
    def _callees(self) -> dict[str, list[Span]]:
        """Segments by the call that reached them."""
        found: dict[str, list[Span]] = {}
        for span in self.trace.spans:
            if span.is_segment and span.parent_id:
                found.setdefault(span.parent_id, []).append(span)
        return found

    @cached_property
    def _inside(self) -> dict[str, Inside]:
        """What is in each segment, by the segment's id."""
        found: dict[str, list[Span]] = {}
        for span in self.trace.spans:
            around = self.trace.segment_of.get(span.id)
            if around is not None:
                found.setdefault(around.id, []).append(span)
        return {id_: Inside(spans) for id_, spans in found.items()}
