"""Nodes and edges of a window from `spans`: the steps of `store.graph_sql`, and their rows.

A row stands for spans of one kind between two nodes, in one minute or in the whole window. Rows add
up (`Counted.plus`), which is how minutes make a window and shards a cluster.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from fluoro.graph.edges import APART_US
from fluoro.graph.histogram import Histogram
from fluoro.graph.nodes import kind_of
from fluoro.graph.rows import EdgeRow, GraphRows, Node, NodeRow, Statistics, total
from fluoro.model.tenant import Tenant
from fluoro.store import graph_sql
from fluoro.store.keys import OWNER, buckets, owner, traces
from fluoro.store.pool import Parameters, Pool, Row
from fluoro.store.session import Session

_DAY_US = 86_400 * 1_000_000
_LAST_DAY = 65_535
"""Latest day of a Date."""

_ROWS_AT_ONCE = 400_000
"""Rows that are counted together, about: with their joins they take some 200 MB."""

_SAMPLE = 64
"""Rows looked at for each slice, so that these are of like size."""

_MOST_LINKS = 12
"""Rounds, each of which doubles how many documents lie between a subsegment and its segment."""

NO_NODE = Node("", "")


class Counted(msgspec.Struct, frozen=True, gc=False):
    """What was counted of one kind (`graph_sql.SEGMENTS` ...) between two nodes."""

    minute: int
    """Since 1970; 0 in rows of a whole window."""
    kind: str
    is_root: bool
    source: Node
    target: Node
    statistics: Statistics
    outliving: Histogram
    """How many more (or fewer) durations than responses lie in a bucket, where work goes on after a
    segment's end."""
    aliases: tuple[str, ...]
    first_us: int
    last_us: int
    first_finished_us: int
    """0 when nothing has finished, as the next."""
    last_finished_us: int

    @property
    def key(self) -> tuple[str, bool, Node, Node]:
        """What rows have in common that are added up."""
        return self.kind, self.is_root, self.source, self.target

    def plus(self, other: "Counted") -> "Counted":
        """Both as one row of the whole window."""
        firsts = [each.first_finished_us for each in (self, other) if each.first_finished_us]
        return msgspec.structs.replace(
            self,
            minute=0,
            statistics=total((self.statistics, other.statistics)),
            outliving=Histogram.total((self.outliving, other.outliving)),
            aliases=tuple(sorted({*self.aliases, *other.aliases})),
            first_us=min(self.first_us, other.first_us),
            last_us=max(self.last_us, other.last_us),
            first_finished_us=min(firsts, default=0),
            last_finished_us=max(self.last_finished_us, other.last_finished_us),
        )


class Window(msgspec.Struct, frozen=True):
    """What is counted: everything of a tenant that ended in [start_us, end_us)."""

    tenant: Tenant
    start_us: int
    end_us: int
    trace_ids: Sequence[str] | None = None
    """Only these traces."""


def began_us(pool: Pool, window: Window) -> int | None:
    """Start of the earliest of the traces that have anything in a window."""
    within = f"{OWNER} AND {graph_sql.RECEIVED}"
    spans, documents = pool.local("spans"), pool.local("documents")
    values = {
        **owner(window.tenant),
        "start": window.start_us,
        "end": window.end_us,
        "since": _day(window.start_us - _DAY_US),
    }
    found = []
    for lent in pool.sessions():
        with lent as session:
            ((traces_found, first_us),) = session.query(
                f"SELECT count(), min(start_us) FROM {documents} WHERE {OWNER} AND trace_id IN"
                f" (SELECT trace_id FROM {spans} WHERE {within}"
                f" AND ({graph_sql.ENDED} OR {graph_sql.BEGAN}))",
                values,
            )
            found += [first_us] if traces_found else []
    return min(found, default=None)


def count(pool: Pool, window: Window, *, by_minute: bool) -> list[Counted]:
    """Count a window on every shard; rows of several shards, or slices, are not added up."""
    found: list[Counted] = []
    for lent in pool.sessions():
        with lent as session:
            found += _count(pool, session, window, by_minute=by_minute)
    return found


def _count(pool: Pool, session: Session, window: Window, *, by_minute: bool) -> list[Counted]:
    parameters, ended = _parameters(pool, session, window)
    bounds = _bounds(pool, session, parameters, -(-ended // _ROWS_AT_ONCE))
    return [
        row
        for first, last in itertools.pairwise(bounds)
        for row in _count_slice(
            pool,
            session,
            {**parameters, "first_trace": f"{first:032x}", "last_trace": f"{last - 1:032x}"},
            of_traces=window.trace_ids is not None,
            by_minute=by_minute,
        )
    ]


def _bounds(pool: Pool, session: Session, parameters: Parameters, slices: int) -> list[int]:
    """Ids, as numbers, between which about equally many rows of the window ended."""
    chosen: list[str] = []
    if slices > 1:
        ((sample,),) = session.query(
            "SELECT arraySort(arrayMap(id -> lower(hex(id)),"
            f" groupArraySample({_SAMPLE * slices})(trace_id))) FROM {pool.local('spans')}"
            f" WHERE {OWNER} AND {graph_sql.RECEIVED} AND {graph_sql.ENDED}",
            parameters,
        )
        if sample:  # else its rows went meanwhile
            chosen = [sample[len(sample) * number // slices] for number in range(1, slices)]
    return [0, *sorted({int(digits, 16) for digits in chosen} - {0}), 2**128]


def _count_slice(
    pool: Pool, session: Session, parameters: dict[str, Any], *, of_traces: bool, by_minute: bool
) -> Iterator[Counted]:
    """Count some of the traces."""
    rows = graph_sql.rows_around(pool.local("spans"), of_traces=of_traces)
    session.make("rows", rows, parameters)
    nodes = {row[0]: Node(*row[1:]) for row in session.query(graph_sql.nodes())}
    if not nodes:
        return
    ((alone, below),) = session.query(graph_sql.shapes())
    links = _links(session) if alone else None
    for select in graph_sql.counts(links, has_below=below > 0, by_minute=by_minute):
        for row in session.query(select, parameters):
            yield _named(row, nodes)


def _parameters(pool: Pool, session: Session, window: Window) -> tuple[dict[str, Any], int]:
    """Bounds, and how far around them rows are looked for; and how many rows ended in the window.

    As far back as the longest row that ended in the window took; where subsegments came without
    their segment, to the begin of their traces.
    """
    values: dict[str, Any] = {
        **owner(window.tenant),
        **traces(window.trace_ids or ()),
        "start": window.start_us,
        "end": window.end_us,
        "since": _day(window.start_us - _DAY_US),
    }
    spans, documents = pool.local("spans"), pool.local("documents")
    within = f"{OWNER} AND {graph_sql.RECEIVED} AND {graph_sql.ENDED}"
    ((longest_us, ended, alone),) = session.query(
        f"SELECT max(dur_us), count(), countIf(service = '') FROM {spans} WHERE {within}", values
    )
    first_us = window.start_us - longest_us
    if alone:
        ((found, began_us),) = session.query(
            f"SELECT count(), min(start_us) FROM {documents} WHERE {OWNER} AND trace_id IN"
            f" (SELECT trace_id FROM {spans} WHERE {within} AND service = '')",
            values,
        )
        first_us = min(first_us, began_us) if found else first_us
    first_us -= APART_US
    _, around = buckets(first_us, window.end_us + APART_US)
    return {**values, **around, "since": _day(first_us - _DAY_US)}, ended


def _day(us: int) -> int:
    return min(max(us // _DAY_US, 0), _LAST_DAY)


def _links(session: Session) -> str:
    """Make links until no further one is found; the name of their table."""
    session.make("links0", graph_sql.links())
    name, known = "links0", -1
    for step in range(1, _MOST_LINKS + 1):
        ((found, missing),) = session.query(
            f"SELECT countIf(is_found), countIf(NOT is_found) FROM {name}"
        )
        if not missing or found == known:
            break
        known = found
        session.make(f"links{step}", graph_sql.further_links(name))
        name = f"links{step}"
    return name


def _named(row: Row, nodes: dict[int, Node]) -> Counted:
    """A row of the engine, its nodes by their names."""
    minute, kind, is_root, source, target, ok, error, throttle, fault, total_us, *rest = row
    lie_in, outliving, aliases, first_us, last_us, first_finished_us, last_finished_us = rest
    callee = nodes.get(target, NO_NODE)
    return Counted(
        minute=minute,
        kind=graph_sql.KINDS[kind],
        is_root=bool(is_root),
        source=nodes.get(source, NO_NODE),
        target=callee,
        statistics=Statistics(ok, error, throttle, fault, total_us, Histogram.tally(lie_in)),
        outliving=_difference(outliving),
        aliases=tuple(alias for alias in aliases if alias != callee.name),
        first_us=first_us,
        last_us=last_us,
        first_finished_us=first_finished_us,
        last_finished_us=last_finished_us,
    )


def _difference(outliving: Iterable[tuple[int, int]]) -> Histogram:
    """`Counted.outliving` of pairs: the bucket of a duration, and that of its response."""
    found: dict[int, int] = {}
    for lasting, bucket in outliving:
        found[lasting] = found.get(lasting, 0) + 1
        found[bucket] = found.get(bucket, 0) - 1
    return Histogram.of(found)


def added_up(rows: Iterable[Counted]) -> list[Counted]:
    """One row for each key."""
    found: dict[tuple[str, bool, Node, Node], Counted] = {}
    for row in rows:
        known = found.get(row.key)
        found[row.key] = row if known is None else known.plus(row)
    return list(found.values())


def graph_of(rows: Iterable[Counted]) -> GraphRows:
    """The graph that rows of one window make."""
    nodes: defaultdict[Node, list[NodeRow]] = defaultdict(list)
    edges: defaultdict[tuple[Node, bool, Node], list[EdgeRow]] = defaultdict(list)
    for row in rows:
        if row.kind == graph_sql.SEGMENTS:
            nodes[row.source].append(_service(row))
            if row.is_root and row.statistics.histogram:
                edges[row.source, True, row.source].append(_client(row))
            continue
        if row.kind == graph_sql.UNANSWERED:
            nodes[row.target].append(_inferred(row))
        if row.source != NO_NODE:
            edges[row.source, False, row.target].append(_edge(row))
    return GraphRows(
        tuple(_one_node(nodes[node]) for node in sorted(nodes)),
        tuple(_one_edge(edges[key]) for key in sorted(edges)),
        is_exact=False,
    )


def _service(row: Counted) -> NodeRow:
    return NodeRow(
        node=row.source,
        kind="service",
        is_root=row.is_root,
        statistics=row.statistics,
        durations=_durations(row),
        first_us=row.first_us,
        last_us=row.last_us,
    )


def _durations(row: Counted) -> Histogram:
    """The histogram of durations; that of the responses itself where they do not differ."""
    responses = row.statistics.histogram
    if not row.outliving:
        return responses
    return Histogram.total((responses, row.outliving))


def _inferred(row: Counted) -> NodeRow:
    """The node that unanswered calls make, counted by those calls."""
    return NodeRow(
        node=row.target,
        kind=kind_of(row.target),
        is_root=False,
        statistics=row.statistics,
        durations=row.statistics.histogram,
        first_us=row.first_us,
        last_us=row.last_us,
    )


def _client(row: Counted) -> EdgeRow:
    """The client's edge to a root service, of its finished segments alone."""
    return EdgeRow(
        source=row.source,
        is_client=True,
        target=row.source,
        aliases=(),
        statistics=row.statistics,
        first_us=row.first_finished_us,
        last_us=row.last_finished_us,
    )


def _edge(row: Counted) -> EdgeRow:
    return EdgeRow(
        source=row.source,
        is_client=False,
        target=row.target,
        aliases=row.aliases,
        statistics=row.statistics,
        first_us=row.first_us,
        last_us=row.last_us,
    )


def _one_node(rows: Sequence[NodeRow]) -> NodeRow:
    """All rows of a node as one."""
    first, *others = rows
    if not others:
        return first
    statistics = total([row.statistics for row in rows])
    is_same = all(row.durations is row.statistics.histogram for row in rows)
    return msgspec.structs.replace(
        first,
        kind="service" if any(row.kind == "service" for row in rows) else first.kind,
        is_root=any(row.is_root for row in rows),
        statistics=statistics,
        durations=statistics.histogram
        if is_same
        else Histogram.total(row.durations for row in rows),
        first_us=min(row.first_us for row in rows),
        last_us=max(row.last_us for row in rows),
    )


def _one_edge(rows: Sequence[EdgeRow]) -> EdgeRow:
    """All rows of an edge as one."""
    first, *others = rows
    if not others:
        return first
    return msgspec.structs.replace(
        first,
        aliases=tuple(sorted({alias for row in rows for alias in row.aliases})),
        statistics=total([row.statistics for row in rows]),
        first_us=min(row.first_us for row in rows),
        last_us=max(row.last_us for row in rows),
    )
