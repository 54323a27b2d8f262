"""An HTTP listener in this process, for agent and server: uvicorn with the limits that it lacks.

A program binds its sockets first (a port in use ends it before anything else happens), then serves
an app on each. Signals are the program's own.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator
from typing import ClassVar

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fluoro.errors import SettingsError
from fluoro.wire import ports

_TICK_S = 0.01
_HEAD_BYTES = 65_536
"""Longest request line and header fields."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The program handles signals itself."""
        yield


class Limited(HttpToolsProtocol):
    """Closes what is too slow, too long, or one connection too many."""

    timeout_s: ClassVar[float]
    most_connections: ClassVar[int]
    answer_s: ClassVar[float] = 120.0
    """Longest time for a client to read an answer."""

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_body = False

    def connection_made(  # type: ignore[override]  # uvicorn's own narrowing
        self, transport: asyncio.Transport
    ) -> None:
        """A request is expected from now on."""
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.close()
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        """More of a request, or the beginning of the next one."""
        if self._deadline is None:  # anything after an answer, be it a single line end
            self._expect()
        if not self._is_in_body:
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._is_in_body and self._head_bytes > _HEAD_BYTES:
            self.transport.close()

    def on_message_begin(self) -> None:
        """The first of a packet's requests is expected already, the next one not yet."""
        super().on_message_begin()
        if self._deadline is None:
            self._expect()

    def on_headers_complete(self) -> None:
        """What follows is the body, which the app limits."""
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """It is all here: answering may take longer."""
        self._is_in_body, self._head_bytes = False, 0
        self._forget()
        self._watch_reader()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client does not keep up with its answer."""
        super().pause_writing()
        if self._unread is None:
            self._watch_reader()

    def on_response_complete(self) -> None:
        """The end of the answer is written, if not read."""
        self._watch_reader()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._forget()
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)

    def _expect(self) -> None:
        """A request has to be here in time."""
        self._deadline = self.loop.call_later(self.timeout_s, self.transport.close)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _watch_reader(self) -> None:
        """What is written and not read has to be read in time."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        if self.transport.get_write_buffer_size():
            self._unread = self.loop.call_later(self.answer_s, self._abandon)

    def _abandon(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()


def bind(setting: str, address: str) -> socket.socket:
    """A listening TCP socket; `[::]` takes IPv4 too, port 0 a free one.

    Raises:
        SettingsError: The address is in use or cannot be had.
    """
    host, port = ports.parse(setting, address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        raise unusable(setting, address, error) from error


def unusable(setting: str, address: str, error: OSError) -> SettingsError:
    """What to tell somebody whose address is in use or cannot be had."""
    return SettingsError(
        setting,
        f"{address} cannot be used ({_reason(error)}): stop what listens there or choose another"
        " address",
    )


def _reason(error: OSError) -> str:
    """The system's words alone; a name that is not known has no number of the system's."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error)


def address_of(listener: socket.socket) -> str:
    """Where a socket listens, as host:port."""
    return ports.spell(*listener.getsockname()[:2])


@contextlib.asynccontextmanager
async def listening(
    app: ASGIApp, opened: socket.socket, *, timeout_s: float, connections: int, stop_s: int
) -> AsyncIterator[None]:
    """Serve an app on a bound socket while the block runs, then let its answers end.

    Args:
        app: What answers.
        opened: A bound TCP socket; it is closed at the end.
        timeout_s: Longest time for a request's head and body to arrive.
        connections: Open connections at most; one more is closed at once.
        stop_s: Longest time for answers that are under way at the end.
    """
    config = uvicorn.Config(
        app,
        http=type("Limited", (Limited,), {"timeout_s": timeout_s, "most_connections": connections}),
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",  # strangers' broken requests are no news
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=stop_s,
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
