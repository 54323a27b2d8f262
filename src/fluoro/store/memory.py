"""A Storage of plain dictionaries: the reference that the contract suite compares with.

Tests only; no program uses it.
"""

import bisect
import itertools
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from fluoro.filters.evaluate import holds
from fluoro.filters.selector import Selector, chosen, is_counted
from fluoro.graph.edges import observe
from fluoro.graph.rows import GraphRows
from fluoro.model.outcome import IN_PROGRESS
from fluoro.model.span import Span
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store.beside import Ask, later
from fluoro.store.flatten import spans_of, version
from fluoro.store.matching import read_traces
from fluoro.store.resolve import with_services
from fluoro.store.resources import Resource, changed
from fluoro.store.storage import (
    Accepted,
    BoostReport,
    MinuteCount,
    Position,
    RangeType,
    SamplingReport,
    Search,
    Stored,
)
from fluoro.wire.segment import decode

_US_PER_MINUTE = 60_000_000

_Report = TypeVar("_Report", SamplingReport, BoostReport)


def _since(reports: Sequence[_Report], since_us: int) -> list[_Report]:
    return sorted(
        (report for report in reports if report.time_us >= since_us),
        key=lambda report: report.time_us,
    )


def _time_us(spans: Sequence[Span], search: Search) -> int | None:
    """The time by which a trace is in the range of a search; None when it is not."""
    match search.kind:
        case "Event":
            times = [max(span.receipt_us for span in spans)]
        case "Service":
            times = [span.end_us for span in spans if span.is_segment and span.is_finished]
        case "TraceId":
            times = [min(span.start_us for span in spans)]
    return max((us for us in times if search.start_us <= us <= search.end_us), default=None)


class MemoryStorage:
    """Everything in this process, gone with it."""

    def __init__(self, clock_us: Callable[[], int] | None = None) -> None:
        self._clock_us = clock_us or itertools.count(1).__next__
        self._lock = threading.Lock()
        self._receipt_us = 0
        self._documents: dict[tuple[Tenant, str], dict[str, tuple[int, Stored]]] = {}
        self._spans: dict[tuple[Tenant, str], dict[str, tuple[int, Span]]] = {}
        self._deleted: set[tuple[Tenant, str]] = set()
        self._resources: dict[tuple[Tenant, str, str], tuple[Resource, bool]] = {}
        self._deleted_us: dict[tuple[Tenant, str], int] = {}
        self._reports: dict[Tenant, list[SamplingReport]] = {}
        self._boosts: dict[Tenant, list[BoostReport]] = {}
        self.agent_reports: list[tuple[Tenant, int, bytes]] = []

    def insert(self, documents: Sequence[Accepted]) -> int:
        """See `Storage.insert`; receipts count from 1 here."""
        with self._lock:
            kept = [
                document
                for document in documents
                if (document.tenant, document.trace_id) not in self._deleted
            ]
            for document in kept:
                self._receipt_us += 1
                self._insert(document, self._receipt_us)
            return len(documents) - len(kept)

    def _insert(self, document: Accepted, receipt_us: int) -> None:
        key = (document.tenant, document.trace_id)
        stored = Stored(document.id, document.document, receipt_us)
        documents = self._documents.setdefault(key, {})
        ver = version(receipt_us, is_finished=document.is_finished)
        if document.id not in documents or documents[document.id][0] < ver:
            documents[document.id] = ver, stored
        spans = self._spans.setdefault(key, {})
        for span in spans_of(decode(document.document), receipt_us, document.source):
            ver = version(receipt_us, is_finished=not span.flags & IN_PROGRESS)
            if span.id not in spans or spans[span.id][0] < ver:
                spans[span.id] = ver, span

    def documents(self, tenant: Tenant, trace_ids: Sequence[str]) -> Mapping[str, list[Stored]]:
        """See `Storage.documents`."""
        with self._lock:
            return {
                trace_id: sorted(
                    (stored for _, stored in found.values()), key=lambda stored: stored.receipt_us
                )
                for trace_id in trace_ids
                if (found := self._documents.get((tenant, trace_id)))
            }

    def spans(
        self,
        tenant: Tenant,
        trace_ids: Sequence[str],
        since_us: int = 0,  # noqa: ARG002
    ) -> Mapping[str, list[Span]]:
        """See `Storage.spans`; there are no days to leave out."""
        with self._lock:
            return {
                trace_id: self._trace(tenant, trace_id)
                for trace_id in trace_ids
                if (tenant, trace_id) in self._spans
            }

    def _trace(self, tenant: Tenant, trace_id: str) -> list[Span]:
        rows = [span for _, span in self._spans[tenant, trace_id].values()]
        return sorted(with_services(rows), key=lambda span: (span.start_us, span.id))

    def _positions(self, tenant: Tenant, wanted: Search) -> list[Position]:
        found = []
        for (owner, trace_id), rows in self._spans.items():
            if owner == tenant:
                at = _time_us([span for _, span in rows.values()], wanted)
                if at is not None:
                    found.append(Position(at, trace_id))
        return sorted(found)

    def search(self, tenant: Tenant, search: Search) -> list[Position]:
        """See `Storage.search`; the superset is all traces of the range."""
        with self._lock:
            positions = self._positions(tenant, search)
        end = len(positions)
        if search.after is not None:
            end = bisect.bisect_left(positions, search.after)
        return positions[max(end - search.limit, 0) : end][::-1]

    def matching(self, tenant: Tenant, search: Search) -> Iterator[list[str]]:
        """See `Storage.matching`."""
        window = (search.start_us, search.end_us) if search.kind == "Service" else None
        places = self.search(tenant, msgspec.structs.replace(search, limit=sys.maxsize))
        trace_ids = [place.trace_id for place in places]
        yield [
            trace.id
            for trace in read_traces(self, tenant, trace_ids, search.expression)
            if search.expression is None or holds(search.expression, trace, window)
        ]

    def count_traces(
        self, tenant: Tenant, start_us: int, end_us: int, kind: RangeType = "TraceId"
    ) -> int:
        """See `Storage.count_traces`."""
        with self._lock:
            return len(self._positions(tenant, Search(start_us, end_us, kind=kind)))

    def graph(
        self,
        tenant: Tenant,
        start_us: int,
        end_us: int,
        trace_ids: Sequence[str] | None = None,
        ask: Ask = later,  # noqa: ARG002  nothing takes long
    ) -> GraphRows:
        """See `Storage.graph`."""
        with self._lock:
            wanted = [
                trace_id
                for owner, trace_id in self._spans
                if owner == tenant and (trace_ids is None or trace_id in trace_ids)
            ]
            traces = [self._trace(tenant, trace_id) for trace_id in wanted]
        return observe(traces, start_us, end_us, exact=False)

    def began_us(self, tenant: Tenant, start_us: int, end_us: int) -> int | None:
        """See `Storage.began_us`."""
        with self._lock:
            traces = [
                self._trace(tenant, trace_id) for owner, trace_id in self._spans if owner == tenant
            ]
        return min(
            (
                min(span.start_us for span in spans)
                for spans in traces
                if any(
                    start_us <= (span.end_us if span.is_finished else span.start_us) < end_us
                    for span in spans
                )
            ),
            default=None,
        )

    def time_series(
        self,
        tenant: Tenant,
        first: int,
        last: int,
        selector: Selector,
        trace_ids: Sequence[str] | None = None,
    ) -> list[MinuteCount]:
        """See `Storage.time_series`."""
        with self._lock:
            traces = [
                self._trace(tenant, trace_id)
                for owner, trace_id in self._spans
                if owner == tenant and (trace_ids is None or trace_id in trace_ids)
            ]
        minutes = {
            span.end_us // _US_PER_MINUTE for spans in traces for span in spans if span.is_finished
        }
        found = []
        for minute in sorted(each for each in minutes if first <= each < last):
            start_us = minute * _US_PER_MINUTE
            rows = observe(traces, start_us, start_us + _US_PER_MINUTE, exact=False)
            if any(is_counted(row.statistics) for row in rows.nodes):
                statistics = chosen(rows, selector)
                found.append(MinuteCount(minute, statistics if is_counted(statistics) else None))
        return found

    def latest_us(self, tenant: Tenant) -> int | None:
        """See `Storage.latest_us`."""
        with self._lock:
            positions = self._positions(tenant, Search(0, LAST_US))
        return positions[-1].start_us if positions else None

    def regions(self, account: str) -> list[str]:
        """See `Storage.regions`."""
        with self._lock:
            owners = {owner for owner, _ in self._spans if owner.account == account}
        return sorted(owner.region for owner in owners)

    def add_sampling_reports(self, tenant: Tenant, reports: Sequence[SamplingReport]) -> None:
        """See `Storage.add_sampling_reports`."""
        with self._lock:
            self._reports.setdefault(tenant, []).extend(reports)

    def sampling_reports(self, tenant: Tenant, since_us: int) -> list[SamplingReport]:
        """See `Storage.sampling_reports`."""
        with self._lock:
            return _since(self._reports.get(tenant, []), since_us)

    def add_boost_reports(self, tenant: Tenant, reports: Sequence[BoostReport]) -> None:
        """See `Storage.add_boost_reports`."""
        with self._lock:
            self._boosts.setdefault(tenant, []).extend(reports)

    def boost_reports(self, tenant: Tenant, since_us: int) -> list[BoostReport]:
        """See `Storage.boost_reports`."""
        with self._lock:
            return _since(self._boosts.get(tenant, []), since_us)

    def add_agent_report(self, tenant: Tenant, time_us: int, report: bytes) -> None:
        """See `Storage.add_agent_report`."""
        with self._lock:
            self.agent_reports.append((tenant, time_us, report))

    def delete_traces(self, tenant: Tenant, trace_ids: Sequence[str], until_us: int) -> int:
        """See `Storage.delete_traces`; nothing here lives until then."""
        del until_us
        with self._lock:
            self._deleted.update((tenant, trace_id) for trace_id in trace_ids)
            for trace_id in trace_ids:
                self._spans.pop((tenant, trace_id), None)
            return sum(
                self._documents.pop((tenant, trace_id), None) is not None for trace_id in trace_ids
            )

    def delete_user(self, tenant: Tenant, user: str, until_us: int) -> int:
        """See `Storage.delete_user`."""
        with self._lock:
            found = [
                trace_id
                for (owner, trace_id), rows in self._spans.items()
                if owner == tenant and any(span.user == user for _, span in rows.values())
            ]
        return self.delete_traces(tenant, found, until_us)

    def resources(self, tenant: Tenant, kind: str) -> list[Resource]:
        """See `Storage.resources`."""
        with self._lock:
            return [
                resource
                for (owner, its_kind, _), (resource, is_deleted) in sorted(self._resources.items())
                if (owner, its_kind) == (tenant, kind) and not is_deleted
            ]

    def write_resource(
        self, tenant: Tenant, kind: str, name: str, body: str | None, after: int
    ) -> Resource:
        """See `Storage.write_resource`."""
        key = (tenant, kind, name)
        with self._lock:
            known, is_deleted = self._resources.get(key, (None, True))
            revision = known.revision if known else 0
            if after != (0 if is_deleted else revision):
                raise changed(kind, name)
            written = Resource(kind, name, revision + 1, body or "", self._clock_us())
            self._resources[key] = written, body is None
            if body is None:
                self._deleted_us[tenant, kind] = written.written_us
            return written

    def deleted_us(self, tenant: Tenant, kind: str) -> int:
        """See `Storage.deleted_us`."""
        with self._lock:
            return self._deleted_us.get((tenant, kind), 0)

    def check(self) -> None:
        """Memory always answers."""

    def close(self) -> None:
        """Nothing to release."""
