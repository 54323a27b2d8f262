"""The service graph of a window."""

from collections.abc import Sequence

from fluoro.graph.rows import GraphRows
from fluoro.model.tenant import Tenant
from fluoro.store.counting import Window, count, graph_of
from fluoro.store.pool import Pool


class Edges:
    """Graphs of one store."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def graph(
        self, tenant: Tenant, start_us: int, end_us: int, trace_ids: Sequence[str] | None
    ) -> GraphRows:
        """See `Storage.graph`."""
        window = Window(tenant, start_us, end_us, trace_ids)
        return graph_of(count(self._pool, window, by_minute=False))
