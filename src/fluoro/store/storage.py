"""The seam between the server and what keeps its data.

Two implementations: `store.clickhouse` (chDB in this process) and `store.memory` (the reference
that the tests compare with; no program uses it). Both pass one contract suite, `tests/store/`.

All calls block and are made from worker threads. Every read is of one tenant. What is returned
belongs to the caller.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from fluoro.filters.selector import Selector
from fluoro.filters.tree import Expression
from fluoro.graph.rows import GraphRows, Statistics
from fluoro.model.span import Span
from fluoro.model.tenant import Tenant
from fluoro.store.beside import Ask, later
from fluoro.store.resources import Resource


class Accepted(msgspec.Struct, frozen=True):
    """A document that passed `wire.segment.check`, on its way to the store."""

    tenant: Tenant
    trace_id: str
    id: str
    """Id of the document's root entity, lower case."""
    document: bytes
    """The UTF-8 JSON as it was sent."""
    depth: int
    """Levels of subsegments below the root entity, 0 for none."""
    is_finished: bool
    start_us: int
    """When the root entity began, epoch microseconds."""
    source: str = ""
    """JSON of the pod that sent it, or empty."""


class Stored(msgspec.Struct, frozen=True):
    """A document as it was sent, and when it was received (epoch microseconds, unique)."""

    id: str
    document: bytes
    receipt_us: int


class Position(msgspec.Struct, frozen=True, order=True):
    """A trace's place in the newest-first order of a search: its time (µs), then its id."""

    start_us: int
    trace_id: str


RangeType = Literal["TraceId", "Event", "Service"]
"""The time by which a trace is in a range: its start, its last receipt, or the end of a segment.

With Service it is the latest of the ends that are in the range.
"""


class Search(msgspec.Struct, frozen=True):
    """Traces whose time is in [start_us, end_us], narrowed by an expression, newest first."""

    start_us: int
    end_us: int
    expression: Expression | None = None
    after: Position | None = None
    """Only traces that come after this place (older ones)."""
    limit: int = 1000
    kind: RangeType = "TraceId"
    """With Service, `service()` and `edge()` mean what ended in the range alone."""


class MinuteCount(msgspec.Struct, frozen=True):
    """A minute in which something ended."""

    minute: int
    """Since 1970."""
    statistics: Statistics | None
    """Of what was selected; None when nothing of it ended."""


class SamplingReport(msgspec.Struct, frozen=True):
    """One statistics document of one client for one rule, and what it was given."""

    rule: str
    client: str
    time_us: int
    """When the server received it."""
    requests: int
    sampled: int
    borrowed: int
    quota: int
    quota_until_us: int


class BoostReport(msgspec.Struct, frozen=True):
    """What one client saw of anomalies in a service, among the requests of one rule."""

    rule: str
    service: str
    time_us: int
    """When the server received it."""
    anomalies: int
    requests: int
    sampled_anomalies: int


class Storage(Protocol):
    """What keeps traces and sampling reports."""

    def insert(self, documents: Sequence[Accepted]) -> int:
        """Keep documents; on return they are durable and every read sees them.

        Of the documents with one (tenant, trace, id) the first finished one counts, else the
        newest; of the span rows with one (tenant, trace, id), wherever they came from, the same.
        Receipt times are given here: epoch microseconds, strictly increasing, one per document.

        Returns:
            How many of them are not kept, since somebody deleted their trace.

        Raises:
            StoreUnavailableError: Nothing is promised; the caller sends again.
        """

    def documents(self, tenant: Tenant, trace_ids: Sequence[str]) -> Mapping[str, list[Stored]]:
        """The documents that count, by trace id; a trace that is not there has no key."""

    def spans(
        self, tenant: Tenant, trace_ids: Sequence[str], since_us: int = 0
    ) -> Mapping[str, list[Span]]:
        """The span rows that count, by trace id, each list by (start, id).

        None of the traces began before `since_us`: then what was received a day earlier need not
        be looked through.

        `service` is filled for independent subsegments too: the nearest enclosing segment's name
        along `parent_id`, possibly several documents up; empty for orphans.
        """

    def search(self, tenant: Tenant, search: Search) -> list[Position]:
        """Places of at most `limit` traces in newest-first order (time, then id, descending).

        A superset: each trace that the expression holds for is there, in order, but the caller
        checks each again with `filters.evaluate` on its spans. A trace's start is the earliest
        start over its rows.
        Fewer than `limit` means that there are no more.
        """

    def matching(self, tenant: Tenant, search: Search) -> Iterator[list[str]]:
        """Ids of all traces of a range that the expression holds for, some at a time, in no order.

        Exact, without a limit. A trace that did nothing for 15 minutes may come twice.
        """

    def count_traces(
        self, tenant: Tenant, start_us: int, end_us: int, kind: RangeType = "TraceId"
    ) -> int:
        """How many traces there are whose time is in [start_us, end_us]."""

    def graph(
        self,
        tenant: Tenant,
        start_us: int,
        end_us: int,
        trace_ids: Sequence[str] | None = None,
        ask: Ask = later,
    ) -> GraphRows:
        """Nodes and edges of everything that ended in [start_us, end_us), with buckets.

        A span in progress makes its node appear, with zero counts, when it started in the window.
        With `trace_ids` only those traces count. `ask` calls what may be asked beside
        something else; by default one thing comes after the other.
        """

    def began_us(self, tenant: Tenant, start_us: int, end_us: int) -> int | None:
        """When the earliest began of the traces that count in the graph of a window.

        None when nothing counts there. So a search from then on finds all of them, also those that
        began before the window.
        """

    def time_series(
        self,
        tenant: Tenant,
        first: int,
        last: int,
        selector: Selector,
        trace_ids: Sequence[str] | None = None,
    ) -> list[MinuteCount]:
        """What was counted in each minute in which anything ended, oldest first.

        Args:
            tenant: Whose.
            first: The first minute, since 1970.
            last: The minute behind the last one.
            selector: Nodes or edges, which are added up; None is all edges from clients.
            trace_ids: Only these traces count.
        """

    def latest_us(self, tenant: Tenant) -> int | None:
        """Start of the newest trace, epoch microseconds, or None when there is none at all."""

    def regions(self, account: str) -> list[str]:
        """Regions in which an account has traces, in alphabetical order."""

    def add_sampling_reports(self, tenant: Tenant, reports: Sequence[SamplingReport]) -> None:
        """Keep reports for one hour; reads see them at once."""

    def sampling_reports(self, tenant: Tenant, since_us: int) -> list[SamplingReport]:
        """All reports received at or after `since_us`, oldest first."""

    def add_boost_reports(self, tenant: Tenant, reports: Sequence[BoostReport]) -> None:
        """Keep reports of anomalies for one hour; reads see them at once."""

    def boost_reports(self, tenant: Tenant, since_us: int) -> list[BoostReport]:
        """All reports of anomalies received at or after `since_us`, oldest first."""

    def add_agent_report(self, tenant: Tenant, time_us: int, report: bytes) -> None:
        """Keep an agent's telemetry record (JSON) for the retention time."""

    def resources(self, tenant: Tenant, kind: str) -> list[Resource]:
        """The resources of a kind that there are, by name."""

    def write_resource(
        self, tenant: Tenant, kind: str, name: str, body: str | None, after: int
    ) -> Resource:
        """Make, change or delete a resource; on return every read sees it.

        Args:
            tenant: Whose.
            kind: Such as `rule`.
            name: Of the resource.
            body: JSON; None deletes it.
            after: The revision that is there, 0 when there is none.

        Raises:
            ResourceChangedError: Another one is there, or came meanwhile.
        """

    def deleted_us(self, tenant: Tenant, kind: str) -> int:
        """When a resource of a kind was deleted last, epoch microseconds; 0 when none ever was."""

    def delete_traces(self, tenant: Tenant, trace_ids: Sequence[str], until_us: int) -> int:
        """Delete traces; on return no read finds them, and what is sent of them is not kept.

        Args:
            tenant: Whose they are.
            trace_ids: Those that are not there are refused from now on all the same.
            until_us: Until when, epoch microseconds.

        Returns:
            How many of them were there.
        """

    def delete_user(self, tenant: Tenant, user: str, until_us: int) -> int:
        """Delete every trace in which a segment has this `user`, as `delete_traces` does.

        Returns:
            How many there were.
        """

    def check(self) -> None:
        """Return when the store answers.

        Raises:
            StoreUnavailableError: It does not.
        """

    def close(self) -> None:
        """Release the folder or the connections; nothing may be called after it."""
