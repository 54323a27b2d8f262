"""One trace seen through its spans: what is attached, when it ran, how its root answered.

Source: spec of trace queries, section 1.4, and of segment documents, section 11.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain

from fluoro.graph.edges import enclosing_segments, node_of, observe
from fluoro.graph.nodes import CLIENT
from fluoro.graph.rows import GraphRows, Node
from fluoro.model.outcome import FAULT, Outcome, bucket
from fluoro.model.span import Span
from fluoro.model.times import LAST_US
from fluoro.traces.root_causes import RootCauses, root_causes


class Trace:
    """The view of a trace; each property is computed when it is first asked for.

    Attributes:
        spans: All spans that count, at least one, in any order.
        metadata: What the documents hold of it (`traces.metadata`), by the span's id; empty unless
            it was asked for.
    """

    def __init__(self, spans: Sequence[Span], metadata: Mapping[str, object] | None = None) -> None:
        self.metadata = metadata or {}
        self.spans = sorted(spans, key=lambda span: (span.start_us, span.id))

    @property
    def id(self) -> str:
        """The trace's id in the inside form."""
        return self.spans[0].trace_id

    @cached_property
    def root(self) -> Span | None:
        """The segment without a parent, the earliest of several; None when it has not come."""
        return next((span for span in self.spans if _is_root(span)), None)

    @cached_property
    def children(self) -> dict[str, list[Span]]:
        """Spans by the id they name as their parent, each list by start, then id."""
        children: dict[str, list[Span]] = {}
        for span in self.spans:
            if not _is_root(span):
                children.setdefault(span.parent_id, []).append(span)
        return children

    @cached_property
    def attached(self) -> list[Span]:
        """Spans below a root segment, the roots among them; parents before children."""
        return list(self._walk(span for span in self.spans if _is_root(span)))

    @cached_property
    def orphans(self) -> list[Span]:
        """Spans that no root can be reached from, by start; with each one all that is below it."""
        attached = {span.id for span in self.attached}
        return [span for span in self.spans if span.id not in attached]

    @cached_property
    def start_us(self) -> int:
        """Earliest start of what is attached; of all spans when nothing is."""
        return min(span.start_us for span in self._timed)

    @cached_property
    def duration_us(self) -> int:
        """From the start to the last end of what is attached; unfinished spans end as they start.

        Longer than the response when work went on after it.
        """
        return max(max(span.start_us, span.end_us) for span in self._timed) - self.start_us

    @property
    def response_us(self) -> int | None:
        """How long the root segment took; None while it is missing or in progress."""
        root = self.root
        return root.duration_us if root is not None and root.is_finished else None

    @property
    def outcome(self) -> Outcome | None:
        """How the root segment answered; None when it has not come."""
        return None if self.root is None else bucket(self.root.flags)

    @property
    def is_partial(self) -> bool:
        """Whether something is in progress or hangs on a parent that has not come."""
        return bool(self.orphans) or not all(span.is_finished for span in self.spans)

    @property
    def faults(self) -> int:
        """How many spans have the fault bit."""
        return sum(bool(span.flags & FAULT) for span in self.spans)

    @cached_property
    def graph(self) -> GraphRows:
        """Nodes and edges of this trace alone, with exact histograms."""
        return observe([self.spans], 0, LAST_US + 1, exact=True)

    @cached_property
    def nodes(self) -> list[Node]:
        """Nodes of the graph by first start, the client before the service it calls."""
        answered = {span.parent_id for span in self.spans if span.is_segment}
        first: dict[Node, tuple[int, bool]] = {}
        for span in self.spans:
            if span.is_segment:
                node = node_of(span)
                if _is_root(span) and span.is_finished:
                    first.setdefault(Node(node.name, CLIENT, node.account), (span.start_us, False))
                first.setdefault(node, (span.start_us, True))
            elif span.is_call and span.is_finished and span.id not in answered:
                first.setdefault(node_of(span), (span.start_us, True))
        return sorted(first, key=lambda node: (*first[node], node))

    @cached_property
    def segment_of(self) -> dict[str, Span]:
        """The segment around each span, by the span's id; orphans of no segment are left out."""
        return enclosing_segments(self.spans)

    @cached_property
    def root_causes(self) -> RootCauses:
        """Where its faults, its errors and its time came from."""
        return root_causes(self)

    def recorder_of(self, span: Span) -> Span | None:
        """The span that recorded the exception which this one names; None when it has not come.

        Node's SDK names the span, the others the exception.
        """
        id_ = span.cause_id
        named = (each for each in self.spans if id_ in {found.id for found in each.exceptions})
        written = (each for each in self.spans if each.id == id_)
        return next(chain(named, written), None) if id_ else None

    @property
    def revision(self) -> int:
        """How many receipts of documents brought what counts."""
        return len({span.receipt_us for span in self.spans})

    @cached_property
    def _timed(self) -> list[Span]:
        """The spans that the trace's times come from; a start of 0 is no time."""
        return [span for span in self.attached if span.start_us] or self.spans

    def _walk(self, roots: Iterator[Span]) -> Iterator[Span]:
        waiting = list(roots)
        for span in waiting:
            yield span
            waiting.extend(self.children.get(span.id, ()))


def _is_root(span: Span) -> bool:
    return span.is_segment and not span.parent_id
