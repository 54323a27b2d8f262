import asyncio

import httpx2
import pytest

from fluoro.agent.upstream import post

pytestmark = pytest.mark.anyio


class Trickle(httpx2.AsyncByteStream):
    """An answer whose next byte always comes in time, and that never ends."""

    async def __aiter__(self):
        while True:
            yield b" "
            await asyncio.sleep(0.01)


async def test_a_server_that_trickles_is_too_slow():
    """The time is that of the whole call, not of each byte."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=Trickle()))
    client = httpx2.AsyncClient(transport=transport, base_url="http://upstream", timeout=0.1)
    async with client, asyncio.timeout(5):
        with pytest.raises(httpx2.TimeoutException):
            await post(client, "/TraceSegments", b"{}")
