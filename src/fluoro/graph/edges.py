"""Nodes and edges of traces, span by span: the reference that the store's SQL is held to.

Source: spec of the service graph, sections 2, 4, 5 and 7.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from fluoro.graph.histogram import Histogram, bucket_of
from fluoro.graph.nodes import kind_of
from fluoro.graph.rows import EdgeRow, GraphRows, Node, NodeRow, Statistics
from fluoro.model.outcome import OUTCOMES, bucket
from fluoro.model.span import Span
from fluoro.model.times import LAST_US

APART_US = 15 * 60 * 1_000_000
"""In a window, what begins later than this after a call has ended does not answer it, and is no
part of a segment that ended; a segment and the local work above it begin at most this far apart.
Without a bound, how a minute is counted would depend on everything that ever happened."""


def observe(
    traces: Iterable[Sequence[Span]], start_us: int, end_us: int, *, exact: bool
) -> GraphRows:
    """Count every span that ended in [start_us, end_us), on its node and its edge.

    Args:
        traces: All spans of each trace; those outside the window are needed to find callers.
        start_us: Begin of the window, epoch microseconds.
        end_us: End of the window, not in it.
        exact: Histograms of microseconds instead of buckets, and nothing is too far apart.

    Returns:
        Rows sorted by node and edge. A segment in progress makes its node appear, without counts,
        when it started in the window.
    """
    window = _Window(start_us, end_us, is_exact=exact)
    for spans in traces:
        window.add(spans)
    return window.rows()


def enclosing_segments(spans: Sequence[Span]) -> dict[str, Span]:
    """The segment around each span of a trace, by the span's id; a segment is its own.

    Follows `parent_id` over as many documents as it takes. Orphans, and what hangs in a circle,
    are left out.
    """
    by_id = {span.id: span for span in spans}
    around: dict[str, Span | None] = {span.id: span for span in spans if span.is_segment}
    for span in spans:
        path = []
        next_id = span.id
        while next_id not in around:
            around[next_id] = None  # also stops a circle
            path.append(next_id)
            above = by_id.get(by_id[next_id].parent_id)
            if above is None:
                break
            next_id = above.id
        around.update(dict.fromkeys(path, around[next_id]))
    return {id_: segment for id_, segment in around.items() if segment is not None}


def node_of(segment: Span) -> Node:
    """The service node of a segment, or the inferred node of a call."""
    return Node(segment.node_name, segment.node_type, segment.node_account)


class _Tally:
    """What is counted on one node or edge while traces are walked."""

    __slots__ = ("aliases", "counts", "durations", "first_us", "histogram", "last_us", "total_us")

    def __init__(self) -> None:
        self.counts = dict.fromkeys(OUTCOMES, 0)
        self.total_us = 0
        self.histogram: dict[int, int] = {}
        self.durations: dict[int, int] = {}
        self.aliases: set[str] = set()
        self.first_us: int | None = None
        self.last_us = 0

    def appear(self, span: Span) -> None:
        """Widen the bounds."""
        first = self.first_us
        self.first_us = span.start_us if first is None else min(first, span.start_us)
        self.last_us = max(self.last_us, span.end_us, span.start_us)

    def count(self, span: Span, key: int) -> None:
        """Count a finished span."""
        self.appear(span)
        self.counts[bucket(span.flags)] += 1
        self.total_us += span.duration_us
        self.histogram[key] = self.histogram.get(key, 0) + 1

    def statistics(self) -> Statistics:
        histogram = Histogram.of(self.histogram)
        return Statistics(**self.counts, total_us=self.total_us, histogram=histogram)


class _Window:
    """All tallies of a window."""

    def __init__(self, start_us: int, end_us: int, *, is_exact: bool) -> None:
        self._start_us, self._end_us, self._is_exact = start_us, end_us, is_exact
        self._key_of: Callable[[int], int] = (lambda us: us) if is_exact else bucket_of
        self._apart_us = LAST_US if is_exact else APART_US
        self._nodes: dict[Node, _Tally] = {}
        self._services: dict[Node, bool] = {}
        self._edges: dict[tuple[Node, bool, Node], _Tally] = {}

    def add(self, spans: Sequence[Span]) -> None:
        """Count one trace."""
        by_id = {span.id: span for span in spans}
        segments = enclosing_segments(spans)
        callees: dict[str, list[Span]] = {}
        last_end: dict[str, int] = {}
        for span in spans:
            if span.is_segment and span.parent_id:
                callees.setdefault(span.parent_id, []).append(span)
            around = segments.get(span.id)
            if around is not None and span.start_us <= around.end_us + self._apart_us:
                last_end[around.id] = max(last_end.get(around.id, 0), span.end_us)
        for span in spans:
            if span.is_segment:
                self._add_segment(span, by_id, segments, last_end.get(span.id, 0))
            elif span.is_call and self._is_counted(span):
                self._add_call(span, segments.get(span.id), callees.get(span.id, ()))

    def _is_counted(self, span: Span) -> bool:
        return span.is_finished and self._start_us <= span.end_us < self._end_us

    def _add_segment(
        self, span: Span, by_id: Mapping[str, Span], segments: Mapping[str, Span], last_end: int
    ) -> None:
        node = node_of(span)
        is_root = not span.parent_id
        if self._is_counted(span):
            tally = self._node(node)
            tally.count(span, self._key_of(span.duration_us))
            key = self._key_of(last_end - span.start_us)
            tally.durations[key] = tally.durations.get(key, 0) + 1
            parent = by_id.get(span.parent_id)
            if is_root:
                self._edge(node, node, is_client=True).count(span, self._key_of(span.duration_us))
            elif parent is not None and self._hangs_below(span, parent) and parent.id in segments:
                caller = node_of(segments[parent.id])
                self._edge(caller, node).count(span, self._key_of(span.duration_us))
        elif not span.is_finished and self._start_us <= span.start_us < self._end_us:
            self._node(node).appear(span)
        else:
            return
        self._services[node] = self._services.get(node, False) or is_root

    def _hangs_below(self, segment: Span, parent: Span) -> bool:
        """Whether a segment hangs below another, or below local work, and not below a call."""
        return not parent.is_call and abs(segment.start_us - parent.start_us) <= self._apart_us

    def _add_call(self, call: Span, around: Span | None, callees: Sequence[Span]) -> None:
        key = self._key_of(call.duration_us)
        near = [callee for callee in callees if callee.start_us <= call.end_us + self._apart_us]
        targets = {node_of(callee) for callee in near}
        if not near:
            node = node_of(call)
            targets = {node}
            tally = self._node(node)
            tally.count(call, key)
            tally.durations[key] = tally.durations.get(key, 0) + 1
        if around is None:
            return
        for target in targets:
            edge = self._edge(node_of(around), target)
            edge.count(call, key)
            if near and call.name != target.name:
                edge.aliases.add(call.name)

    def _node(self, node: Node) -> _Tally:
        return self._nodes.setdefault(node, _Tally())

    def _edge(self, source: Node, target: Node, *, is_client: bool = False) -> _Tally:
        return self._edges.setdefault((source, is_client, target), _Tally())

    def rows(self) -> GraphRows:
        """Everything that was counted."""
        nodes = tuple(
            NodeRow(
                node=node,
                kind="service" if node in self._services else kind_of(node),
                is_root=self._services.get(node, False),
                statistics=tally.statistics(),
                durations=Histogram.of(tally.durations),
                first_us=tally.first_us or 0,
                last_us=tally.last_us,
            )
            for node, tally in sorted(self._nodes.items())
        )
        edges = tuple(
            EdgeRow(
                source=source,
                is_client=is_client,
                target=target,
                aliases=tuple(sorted(tally.aliases)),
                statistics=tally.statistics(),
                first_us=tally.first_us or 0,
                last_us=tally.last_us,
            )
            for (source, is_client, target), tally in sorted(
                self._edges.items(), key=lambda item: item[0]
            )
        )
        return GraphRows(nodes, edges, self._is_exact)
