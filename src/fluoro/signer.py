"""Signs the requests of an HTTP client with an access key; `wire.sigv4` says how."""

from collections.abc import Callable, Generator

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
