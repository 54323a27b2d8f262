"""Where a trace's faults, its errors and its time came from: paths from a segment down to it.

Source: spec of trace queries, section 1.5, from answers of AWS; what is our choice says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from fluoro.graph.edges import node_of
from fluoro.model.outcome import ERROR, FAULT, THROTTLE
from fluoro.model.span import Span

_FAILED = ERROR | FAULT | THROTTLE
_COVERAGE_DIGITS = 3


class CauseException(msgspec.Struct, frozen=True):
    """An exception that a span recorded; `name` is its type."""

    name: str
    message: str


class CauseEntity(msgspec.Struct, frozen=True):
    """A segment or subsegment on the path."""

    name: str
    is_remote: bool
    """It is a call; in the receiver that was inferred from the call it is not."""
    exceptions: tuple[CauseException, ...] = ()
    coverage: float | None = None
    """Of causes of the response time: its part of the root's duration, three decimals."""


class CauseService(msgspec.Struct, frozen=True):
    """One segment on the path, real or inferred, with what was gone through below it."""

    name: str
    type: str
    """Empty when unknown, as is the account."""
    account: str
    is_inferred: bool
    entities: tuple[CauseEntity, ...]
    """The segment first; never empty."""


class Cause(msgspec.Struct, frozen=True):
    """A path of services, from where it was felt to where it came from; never empty."""

    services: tuple[CauseService, ...]
    is_client_impacting: bool


class RootCauses(msgspec.Struct, frozen=True):
    """All root causes of a trace, each list by the start of what felt it."""

    fault: tuple[Cause, ...] = ()
    error: tuple[Cause, ...] = ()
    response_time: tuple[Cause, ...] = ()


class SpanTree(Protocol):
    """What is needed of a trace; `traces.trace.Trace` is one."""

    @property
    def spans(self) -> Sequence[Span]:
        """All spans by start, then id."""

    @property
    def root(self) -> Span | None:
        """The segment that the response time is the duration of."""

    @property
    def children(self) -> Mapping[str, Sequence[Span]]:
        """Spans by the id of their parent, each list by start, then id."""


def root_causes(trace: SpanTree) -> RootCauses:
    """Find the root causes of a trace, in time linear in its spans.

    A fault or error is felt by a segment that has the flag while nothing above the call to it has;
    it impacts the client when that segment is a root. From there the path goes down over flagged
    spans to an exception or to a flagged receiver that was inferred; without either there is no
    cause. Spans whose parents form a circle are not looked at.
    """
    flags = 0
    for span in trace.spans:
        flags |= span.flags
    if not flags & _FAILED:
        return RootCauses(response_time=_response_time(trace))
    order = _Order(trace)
    return RootCauses(
        fault=_Failures(order, FAULT).causes() if flags & FAULT else (),
        error=_Failures(order, ERROR | THROTTLE).causes() if flags & (ERROR | THROTTLE) else (),
        response_time=_response_time(trace),
    )


class _Order:
    """The spans of a trace, each before what is below it; a span is named by its place.

    Attributes:
        spans: By place; siblings by start, then id.
        above: Place of the parent, -1 for roots and orphans.
        end: Place after the last span below it.
        below: Places of the children.
        is_answered: A segment hangs directly below it.
        owners: Place of the span that recorded an exception, by the exception's id.
        places: By the span's id.
    """

    __slots__ = ("above", "below", "end", "is_answered", "owners", "places", "spans")

    def __init__(self, trace: SpanTree) -> None:
        ids = {span.id for span in trace.spans}
        children = trace.children
        waiting = [(span, -1) for span in reversed(trace.spans) if span.parent_id not in ids]
        self.spans: list[Span] = []
        self.above: list[int] = []
        while waiting:
            span, above = waiting.pop()
            place = len(self.spans)
            self.spans.append(span)
            self.above.append(above)
            waiting += [(child, place) for child in reversed(children.get(span.id, ()))]
        size = len(self.spans)
        self.end = list(range(1, size + 1))
        self.below: list[list[int]] = [[] for _ in self.spans]
        self.is_answered = [False] * size
        self.owners: dict[str, int] = {}
        self.places: dict[str, int] = {}
        for place in reversed(range(size)):
            span, above = self.spans[place], self.above[place]
            self.places[span.id] = place
            self.owners.update((each.id, place) for each in span.exceptions)
            if above >= 0:
                self.end[above] = max(self.end[above], self.end[place])
                self.is_answered[above] |= span.is_segment
        for place, above in enumerate(self.above):
            if above >= 0:
                self.below[above].append(place)

    def recorder(self, place: int) -> int | None:
        """Where the exception is recorded that a span only names; None when not below it.

        Node's SDK writes the id of the span that recorded it, the others the exception's.
        """
        id_ = self.spans[place].cause_id
        found = self.owners.get(id_, self.places.get(id_))
        return found if found is not None and place < found < self.end[place] else None

    def is_unanswered_call(self, place: int) -> bool:
        """Whether a receiver is inferred from it."""
        span = self.spans[place]
        return span.is_call and span.is_finished and not self.is_answered[place]


class _Failures:
    """The causes of one kind of failure; `bits` are the flags that mean it."""

    def __init__(self, order: _Order, bits: int) -> None:
        self._order = order
        self._is_flagged = [bool(span.flags & bits) for span in order.spans]
        self._is_explained = [False] * len(order.spans)
        for place in reversed(range(len(order.spans))):
            self._is_explained[place] = self._explains(place)

    def causes(self) -> tuple[Cause, ...]:
        """One for each start from which the failure is explained."""
        order = self._order
        found = []
        is_claimed = [False] * len(order.spans)
        for place, span in enumerate(order.spans):
            above = order.above[place]
            if above >= 0:
                is_claimed[place] = is_claimed[above] or self._is_flagged[above]
            if not (self._is_flagged[place] and self._is_explained[place]):
                continue
            if span.is_segment:
                caller = above if above >= 0 and order.spans[above].is_call else place
                if not is_claimed[caller]:
                    services = tuple(self._services(self._way(place)))
                    found.append((span.start_us, span.id, Cause(services, not span.parent_id)))
            elif not is_claimed[place] and order.is_unanswered_call(place):
                cause = Cause((_inferred(span),), is_client_impacting=False)
                found.append((span.start_us, span.id, cause))
        return tuple(cause for *_, cause in sorted(found, key=lambda each: each[:2]))

    def _explains(self, place: int) -> bool:
        """Whether a way leads from here to an exception or to a failed receiver."""
        order = self._order
        span = order.spans[place]
        if span.exceptions or (self._is_flagged[place] and order.is_unanswered_call(place)):
            return True
        if span.cause_id:
            recorder = order.recorder(place)
            return recorder is not None and self._is_explained[recorder]
        return any(True for _ in self._candidates(place))

    def _candidates(self, place: int) -> Iterator[int]:
        """The spans directly below that failed and from where it is explained."""
        for child in self._order.below[place]:
            if self._is_flagged[child] and self._is_explained[child]:
                yield child

    def _way(self, place: int) -> list[int]:
        """From a span that is explained to the end of its path."""
        way = [place]
        while True:
            following = self._steps(way[-1])
            if not following:
                return way
            way += following

    def _steps(self, place: int) -> list[int]:
        """The next spans of a path; none at its end.

        A named exception leads to the span that recorded it, whatever the flags between (our
        choice: .NET names that of a throttled call in a faulty segment). Else failures of other
        services go before local ones; of equals the earliest, then the smallest id (our choice).
        """
        order = self._order
        span = order.spans[place]
        if self._is_flagged[place] and order.is_unanswered_call(place):
            return []
        if span.cause_id and not span.exceptions:
            steps = []
            step = order.recorder(place)
            while step is not None and step != place:
                steps.append(step)
                step = order.above[step]
            return steps[::-1]
        candidates = list(self._candidates(place))
        elsewhere = (child for child in candidates if self._leads_elsewhere(child))
        following = next(elsewhere, candidates[0] if candidates else None)
        return [] if following is None else [following]

    def _leads_elsewhere(self, place: int) -> bool:
        """A segment, or a call whose receiver failed."""
        order = self._order
        return (
            order.spans[place].is_segment
            or order.is_unanswered_call(place)
            or any(order.spans[child].is_segment for child in self._candidates(place))
        )

    def _services(self, way: list[int]) -> Iterator[CauseService]:
        order = self._order
        entities: list[tuple[Span, CauseEntity]] = []
        for place in way:
            span = order.spans[place]
            if span.is_segment and entities:
                yield _service(entities)
                entities = []
            exceptions = tuple(CauseException(each.type, each.message) for each in span.exceptions)
            entities.append((span, CauseEntity(span.name, span.is_call, exceptions)))
        yield _service(entities)
        if self._is_flagged[way[-1]] and order.is_unanswered_call(way[-1]):
            yield _inferred(order.spans[way[-1]])


def _response_time(trace: SpanTree) -> tuple[Cause, ...]:
    """The path of what took more than half of the root's time, if there is such a thing."""
    root = trace.root
    root_us = root.duration_us if root else 0
    if root is None or not root_us:
        return ()
    services = []
    entities = [(root, CauseEntity(root.name, is_remote=False, coverage=1.0))]
    span = root
    while True:
        below = trace.children.get(span.id, ())
        if span.is_call and not any(child.is_segment for child in below):
            services += [_service(entities), _inferred(span, entities[-1][1].coverage)]
            break
        longest, longest_us = None, root_us // 2
        for child in below:
            if longest_us < child.duration_us <= root_us:
                longest, longest_us = child, child.duration_us
        if longest is None:
            if span is root:
                return ()
            services.append(_service(entities))
            break
        span = longest
        if span.is_segment:
            services.append(_service(entities))
            entities = []
        coverage = round(longest_us / root_us, _COVERAGE_DIGITS)
        entities.append((span, CauseEntity(span.name, span.is_call, coverage=coverage)))
    return (Cause(tuple(services), is_client_impacting=True),)


def _service(entities: Sequence[tuple[Span, CauseEntity]]) -> CauseService:
    """The first of them is the segment."""
    node = node_of(entities[0][0])
    return CauseService(
        name=node.name,
        type=node.type,
        account=node.account,
        is_inferred=False,
        entities=tuple(entity for _, entity in entities),
    )


def _inferred(call: Span, coverage: float | None = None) -> CauseService:
    """What an unanswered call reached: the exceptions stay with the call."""
    node = node_of(call)
    return CauseService(
        name=node.name,
        type=node.type,
        account=node.account,
        is_inferred=True,
        entities=(CauseEntity(call.name, is_remote=False, coverage=coverage),),
    )
