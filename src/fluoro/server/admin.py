"""/livez, /readyz and /metrics, on a listener of their own that nobody outside needs to reach."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fluoro.errors import StoreError
from fluoro.server.backend import Backend
from fluoro.server.counters import metrics
from fluoro.wire import prometheus
from fluoro.wire.prometheus import Metric

_PATIENCE_S = 2.0
"""How long a store that is busy with queries may take to answer."""


def create_admin(
    backend: Backend,
    version: str,
    more: Callable[[], Sequence[Metric]] = tuple,
    routes: Sequence[Route] = (),
) -> Starlette:
    """The admin listener's application.

    Args:
        backend: What it tells of.
        version: That runs.
        more: Further metrics.
        routes: Further paths.
    """

    async def livez(_request: Request) -> Response:
        """The process runs and its event loop turns."""
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        """The store answers, and new work is taken."""
        if backend.is_stopping:
            return PlainTextResponse("stopping\n", HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            with anyio.move_on_after(_PATIENCE_S):  # busy is not broken
                await to_thread.run_sync(backend.storage.check, abandon_on_cancel=True)
        except StoreError as error:
            return PlainTextResponse(f"{error}\n", HTTPStatus.SERVICE_UNAVAILABLE)
        return PlainTextResponse("ok\n")

    async def scrape(_request: Request) -> Response:
        found = [*metrics(backend.counters, backend.writer, version), *more()]
        return Response(prometheus.render(found), media_type=prometheus.CONTENT_TYPE)

    return Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", scrape),
            *routes,
        ]
    )
