"""An HTTP listener in this process: uvicorn without its signals, and with limits that it lacks."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fluoro.errors import SettingsError
from fluoro.wire import ports

_REQUEST_S = 20.0
"""Longest time for the head and the body of a request to arrive."""

_STOP_S = 30
"""Longest time for answers that are under way when the listener ends."""

_TICK_S = 0.01


class Impatient(HttpToolsProtocol):
    """Closes a connection whose request does not arrive in time; uvicorn waits for ever."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(  # type: ignore[override]  # uvicorn's own narrowing
        self, transport: asyncio.Transport
    ) -> None:
        """A request is expected from now on."""
        super().connection_made(transport)
        self._expect()

    def on_message_begin(self) -> None:
        """The next request of the connection begins."""
        super().on_message_begin()
        self._expect()

    def on_message_complete(self) -> None:
        """It is all here: answering may take longer."""
        self._cancel()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._cancel()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._cancel()
        self._deadline = self.loop.call_later(_REQUEST_S, self.transport.close)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The program handles signals itself."""
        yield


def bind(setting: str, address: str) -> socket.socket:
    """A listening socket; `[::]` takes IPv4 too, port 0 a free one.

    Raises:
        SettingsError: The address is in use or cannot be had.
    """
    host, port = ports.parse(setting, address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        raise SettingsError(
            setting,
            f"{address} cannot be used ({_reason(error)}): stop what listens there or choose"
            " another address",
        ) from error


def _reason(error: OSError) -> str:
    """The system's words alone; a name that is not known has no number of the system's."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)


def address_of(listener: socket.socket) -> str:
    """Where a socket listens, as host:port."""
    return ports.spell(*listener.getsockname()[:2])


@contextlib.asynccontextmanager
async def listening(app: ASGIApp, opened: socket.socket) -> AsyncIterator[None]:
    """Serve an app on a listening socket while the block runs, then let its answers end."""
    config = uvicorn.Config(
        app,
        http=Impatient,
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_S,
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
