"""An HTTP listener in this process: uvicorn without its signals, with time limits it lacks."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TICK_S = 0.01


class _Server(uvicorn.Server):
    """The program handles signals itself."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _impatient(timeout_s: float) -> type[HttpToolsProtocol]:
    """A protocol that closes a connection whose request does not arrive in time."""

    class Impatient(HttpToolsProtocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._arm()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._arm()

        def on_message_complete(self) -> None:
            self._disarm()
            super().on_message_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def _arm(self) -> None:
            self._disarm()
            self._deadline = self.loop.call_later(timeout_s, self.transport.close)

        def _disarm(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return Impatient


@contextlib.asynccontextmanager
async def listening(
    app: ASGIApp, opened: socket.socket, *, timeout_s: float, connections: int
) -> AsyncIterator[None]:
    """Serve an app on a bound socket while the block runs.

    Args:
        app: What answers.
        opened: A bound TCP socket; it is closed at the end.
        timeout_s: Longest time for a request's head and body to arrive.
        connections: Open connections at most; more are answered 503.
    """
    config = uvicorn.Config(
        app,
        http=_impatient(timeout_s),
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        limit_concurrency=connections,
        timeout_graceful_shutdown=max(1, round(timeout_s)),
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[opened]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110  uvicorn has no event
            await asyncio.sleep(_TICK_S)
        yield
    finally:
        server.should_exit = True
        await serving
