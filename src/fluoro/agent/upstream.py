"""One call to the server, whole within its time."""

import asyncio
from collections.abc import Mapping

import httpx2


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
