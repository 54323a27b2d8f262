"""An agent that runs in the test's own event loop, seen from outside through real sockets."""

import asyncio
import contextlib
import socket

import pytest

from fluoro.wire import ports

LIMIT_S = 20
HEADER = b'{"format":"json","version":1}\n'


class Agent:
    """Where an agent listens, and what became of it."""

    def __init__(self, addresses, stop, running):
        self.port = ports.parse("agent", addresses.agent)[1]
        self.admin_port = ports.parse("admin", addresses.admin)[1]
        self._stop = stop
        self._running = running
        self.has_ended = False

    def send(self, *datagrams):
        """By UDP, over one socket as SDKs do."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, ("127.0.0.1", self.port))

    def send_documents(self, *documents):
        self.send(*(HEADER + document.encode() for document in documents))

    def stop(self):
        self._stop.set()

    async def ended(self):
        """The final counts, or the error that ended it."""
        self.has_ended = True
        async with asyncio.timeout(LIMIT_S):
            return await self._running

    async def status(self, path):
        """Of the admin listener."""
        return (await self.ask("GET", path, self.admin_port))[0]

    async def metrics(self):
        """Values by name, with the label's value in brackets."""
        _, text = await self.ask("GET", "/metrics", self.admin_port)
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name.removeprefix("fluoro_agent_"): float(value) for name, _, value in lines}

    async def ask(self, method, path, port=None):
        """Status and body of one request on a connection of its own."""
        reader, writer = await self.connect(port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(LIMIT_S):
            answer = await reader.read()
        await close(writer)
        head, _, body = answer.decode().partition("\r\n\r\n")
        return int(head.split()[1]), body

    async def connect(self, port=None):
        return await asyncio.open_connection("127.0.0.1", port or self.port)


async def close(writer):
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def until(claim, what):
    """Wait for something that becomes true."""
    try:
        async with asyncio.timeout(LIMIT_S):
            while not await claim():  # noqa: ASYNC110  as from outside
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"waited {LIMIT_S} s in vain until {what}")
