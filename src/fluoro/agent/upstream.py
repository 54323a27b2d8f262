"""One call to the server, whole within its time, and signed when there is a key."""

import asyncio
from collections.abc import Callable, Generator, Mapping

import httpx2

from fluoro.wire import sigv4
from fluoro.wire.sigv4 import Credentials, Head

_SIGNED = ("host", "content-type", "content-encoding")
"""Others may be changed by proxies on the way."""


class Signer(httpx2.Auth):
    """Signs each request anew, as old as it is when it goes; give it to the client."""

    requires_request_body = True

    def __init__(self, credentials: Credentials, wall_clock_s: Callable[[], float]) -> None:
        self._credentials = credentials
        self._wall_clock_s = wall_clock_s

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Add the headers of the signature."""
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = [(name, request.headers[name]) for name in _SIGNED if name in request.headers]
        head = Head(request.method, path, query, headers)
        now_s = self._wall_clock_s()
        request.headers.update(sigv4.sign(head, request.content, self._credentials, now_s))
        yield request


async def post(
    client: httpx2.AsyncClient, path: str, body: bytes, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    """The answer to a body of JSON.

    The client's own time-outs begin anew with every byte, so a server that trickles would hold a
    sender for ever: here its time for reading is that of the whole call.

    Raises:
        httpx2.HTTPError: There is no answer; `TimeoutException` when there was none in time.
    """
    fields = {"Content-Type": "application/json", **(headers or {})}
    try:
        async with asyncio.timeout(client.timeout.read):
            return await client.post(path, content=body, headers=fields)
    except TimeoutError as error:
        raise httpx2.ReadTimeout("the whole answer did not come in time") from error
