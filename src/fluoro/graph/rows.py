"""What a service graph is built from, whichever store or trace it comes from."""

from collections.abc import Sequence

import msgspec

from fluoro.graph.histogram import Histogram


class Node(msgspec.Struct, frozen=True, order=True, gc=False):
    """Identity of a node: (Name, Type, AccountId); the last two are empty when there is none."""

    name: str
    type: str
    account: str = ""


class Statistics(msgspec.Struct, frozen=True, gc=False):
    """Counts of finished spans by outcome, their summed time and its distribution.

    The keys of `histogram` are buckets in windows, and the exact microseconds in the graph of one
    trace; `GraphRows.is_exact` says which.
    """

    ok: int = 0
    error: int = 0
    throttle: int = 0
    fault: int = 0
    total_us: int = 0
    histogram: Histogram = Histogram()

    @property
    def count(self) -> int:
        """Finished spans of any outcome."""
        return self.ok + self.error + self.throttle + self.fault


def total(parts: Sequence[Statistics]) -> Statistics:
    """Several counts as one."""
    return Statistics(
        ok=sum(part.ok for part in parts),
        error=sum(part.error for part in parts),
        throttle=sum(part.throttle for part in parts),
        fault=sum(part.fault for part in parts),
        total_us=sum(part.total_us for part in parts),
        histogram=Histogram.total(part.histogram for part in parts),
    )


class NodeRow(msgspec.Struct, frozen=True, gc=False):
    """One node with everything that was counted on it."""

    node: Node
    kind: str
    """`service` (real segments), `aws`, `remote` or `sql` (inferred from calls)."""
    is_root: bool
    """Some segment of it is the root of its trace."""
    statistics: Statistics
    durations: Histogram
    """Histogram of start to last end of what is attached to the segment inside its service."""
    first_us: int
    """Earliest start that contributed."""
    last_us: int
    """Latest end that contributed (the start, for one in progress)."""


class EdgeRow(msgspec.Struct, frozen=True, gc=False):
    """One edge: all calls from one node to another, as the caller saw them."""

    source: Node
    is_client: bool
    """The source is the target's client node: the same name, type `client`."""
    target: Node
    aliases: tuple[str, ...]
    """Names of the calls, where they differ from the target's name; sorted."""
    statistics: Statistics
    first_us: int
    last_us: int


class GraphRows(msgspec.Struct, frozen=True):
    """Everything a graph answer is built from (`graph.build`)."""

    nodes: tuple[NodeRow, ...]
    edges: tuple[EdgeRow, ...]
    is_exact: bool
