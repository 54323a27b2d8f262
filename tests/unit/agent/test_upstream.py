import asyncio

import httpx2
import pytest

from fluoro.agent.upstream import Signer, post
from fluoro.wire import sigv4
from fluoro.wire.sigv4 import Credentials, Head

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


async def test_every_call_is_signed_anew():
    """Over its body and its compression, at its own time; a proxy may add what it likes."""
    now_s = [1_790_000_000.0]
    seen = []

    def answer(request):
        headers = [*request.headers.items(), ("Via", "proxy")]
        head = Head("POST", request.url.raw_path.decode(), "", headers)
        claim = sigv4.read(head)
        sigv4.verify(claim, head, request.content, "secret", now_s[0])
        assert {"host", "content-type", "content-encoding"} < set(claim.signed_headers)
        seen.append((claim.key_id, claim.region))
        return httpx2.Response(200)

    signer = Signer(Credentials("AKIA", "secret", "eu-west-1"), lambda: now_s[0])
    transport = httpx2.MockTransport(answer)
    async with httpx2.AsyncClient(transport=transport, base_url="http://up", auth=signer) as client:
        for _ in range(2):
            await post(client, "/TraceSegments", b"packed", {"Content-Encoding": "zstd"})
            now_s[0] += 3600
    assert seen == [("AKIA", "eu-west-1")] * 2
