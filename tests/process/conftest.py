"""A whole agent with real sockets, and a server behind it that fails on command."""

import asyncio
import contextlib
import socket

import pytest

from fluoro.agent.program import run
from fluoro.agent.settings import AgentSettings
from fluoro.listener import listening
from running_agent import LIMIT_S, Agent
from upstream import Upstream


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def upstream():
    return Upstream()


@pytest.fixture
def server_socket():
    return socket.create_server(("127.0.0.1", 0))


@pytest.fixture
async def start(upstream, server_socket):
    """Start an agent in front of `upstream`; settings are the test's."""
    async with contextlib.AsyncExitStack() as parts:

        async def start(**settings):
            await parts.enter_async_context(
                listening(upstream, server_socket, timeout_s=LIMIT_S, connections=100, stop_s=2)
            )
            host, port = server_socket.getsockname()
            free = "127.0.0.1:0"
            settings = AgentSettings(
                **{
                    "udp_address": free,
                    "tcp_address": free,
                    "admin_address": free,
                    "upstream": f"http://{host}:{port}",
                    "batch_interval_ms": 20,
                    **settings,
                }
            )
            found, stop = asyncio.get_running_loop().create_future(), asyncio.Event()
            running = asyncio.create_task(run(settings, ready=found.set_result, stop=stop))

            async def end():
                stop.set()
                if agent is None or not agent.has_ended:
                    async with asyncio.timeout(LIMIT_S):
                        await running

            agent = None
            parts.push_async_callback(end)
            await asyncio.wait({found, running}, return_when=asyncio.FIRST_COMPLETED)
            agent = Agent(found.result(), stop, running)
            return agent

        yield start
