"""What `service()` and `edge()` look at in a trace: entities of its nodes, and calls between them.

The same nodes and edges as in `graph.edges`, each with the spans that it comes from. Source: spec
of filter expressions, section 4; of the service graph, section 4.
"""

from collections.abc import Iterator
from functools import cached_property

import msgspec

from fluoro.graph.edges import node_of
from fluoro.graph.nodes import CLIENT
from fluoro.graph.rows import Node
from fluoro.model.span import Span
from fluoro.traces.trace import Trace

Window = tuple[int, int]
"""First and last epoch microsecond of what counts."""


class Visit(msgspec.Struct, frozen=True):
    """An entity of a node: a segment, or the call that an inferred segment stands for."""

    node: Node
    span: Span
    inside: tuple[Span, ...]
    """The spans of a segment, itself among them; of an inferred segment the call alone."""

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
        return max(each.end_us for each in self.inside) - self.span.start_us


class Crossing(msgspec.Struct, frozen=True):
    """A call from one node to another."""

    source: Node
    target: Node
    span: Span
    """The call as its caller saw it; without one the segment that was called."""
    caller: tuple[Span, ...]
    """All spans of the segment that called; none for a client."""
    callee: tuple[Span, ...]
    """All spans of the segment that was called; the call itself when none came."""

    @property
    def is_client(self) -> bool:
        """Whether it came from outside, to a root."""
        return self.span.is_segment and not self.span.parent_id


class Scopes:
    """The entities and calls of a trace; with a window those that ended in it."""

    def __init__(self, trace: Trace, window: Window | None = None) -> None:
        self.trace = trace
        self._window = window

    @cached_property
    def visits(self) -> list[Visit]:
        """One for each segment and each finished call without one."""
        return [
            Visit(node_of(span), span, self._inside(span))
            for span in self.trace.spans
            if self._counts(span) and (span.is_segment or self._is_unanswered(span))
        ]

    @cached_property
    def has_inferred(self) -> bool:
        """Whether some call stands for a segment that did not come, in any window."""
        return any(self._is_unanswered(span) for span in self.trace.spans)

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
        node = node_of(segment)
        if not segment.parent_id:
            client = Node(node.name, CLIENT, node.account)
            yield Crossing(client, node, segment, (), self._inside(segment))
            return
        parent = self._by_id.get(segment.parent_id)
        if parent is not None and not parent.is_call:
            caller = self.trace.segment_of.get(parent.id)
            if caller is not None:
                inside = self._inside(caller)
                yield Crossing(node_of(caller), node, segment, inside, self._inside(segment))

    def _calls(self, call: Span) -> Iterator[Crossing]:
        caller = self.trace.segment_of.get(call.id)
        if not call.is_call or caller is None:
            return
        inside = self._inside(caller)
        callees = self._callees.get(call.id)
        if callees is None:
            yield Crossing(node_of(caller), node_of(call), call, inside, (call,))
            return
        for callee in callees:
            yield Crossing(node_of(caller), node_of(callee), call, inside, self._inside(callee))

    def _inside(self, span: Span) -> tuple[Span, ...]:
        return tuple(self._spans.get(span.id, ())) or (span,)

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
    def _spans(self) -> dict[str, list[Span]]:
        """Spans by the segment around them."""
        found: dict[str, list[Span]] = {}
        for span in self.trace.spans:
            around = self.trace.segment_of.get(span.id)
            if around is not None:
                found.setdefault(around.id, []).append(span)
        return found
