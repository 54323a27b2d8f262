"""The TCP door: SDKs' two sampling calls go on to the server, nothing else does.

SDKs call unsigned, with or without a body or a Content-Type. AWS's daemon passes every path on
and signs it; this one knows two (spec of the daemon, section 7).
"""

from collections.abc import Callable

import httpx2
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fluoro.agent.counts import Counts
from fluoro.agent.settings import AgentSettings

RULES, TARGETS = "/GetSamplingRules", "/SamplingTargets"

_log = structlog.get_logger()


class Proxy:
    """The door's ASGI app and the last answer about rules."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        settings: AgentSettings,
        counts: Counts,
        clock_s: Callable[[], float],
    ) -> None:
        self._client = client
        self._settings = settings
        self._counts = counts
        self._clock_s = clock_s
        self._rules: tuple[float, Response] | None = None
        self.app = Starlette(
            routes=[Route(path, self._pass_on, methods=["POST"]) for path in (RULES, TARGETS)],
            exception_handlers={404: self._refuse, 405: self._refuse},
        )

    async def _refuse(self, request: Request, _: Exception) -> Response:
        self._counts.sampling_calls["refused"] += 1
        message = f"the agent passes on POST {RULES} and POST {TARGETS}, not {request.method} here"
        return _error("UnknownOperationException", message, 404)

    async def _pass_on(self, request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._settings.tcp_body_bytes:
                self._counts.sampling_calls["refused"] += 1
                message = f"the body is larger than {self._settings.tcp_body_bytes} bytes"
                return _error("RequestEntityTooLargeException", message, 413)
        path = request.url.path
        answer = await self._ask(path, bytes(body))
        if answer is not None and answer.status_code < 500:  # noqa: PLR2004  a server error
            self._counts.sampling_calls["passed"] += 1
            passed = Response(answer.content, answer.status_code, media_type="application/json")
            if path == RULES and answer.is_success:
                self._rules = self._clock_s(), passed
            return passed
        return self._remembered(path)

    async def _ask(self, path: str, body: bytes) -> httpx2.Response | None:
        try:
            return await self._client.post(
                path, content=body, headers={"Content-Type": "application/json"}
            )
        except httpx2.HTTPError as error:
            _log.warning("sampling_call_failed", path=path, error=type(error).__name__)
            return None

    def _remembered(self, path: str) -> Response:
        """While the server is away, SDKs keep the rules they had."""
        if path == RULES and self._rules is not None:
            answered_s, answer = self._rules
            if self._clock_s() - answered_s <= self._settings.sampling_cache_s:
                self._counts.sampling_calls["cached"] += 1
                return answer
        self._counts.sampling_calls["failed"] += 1
        return _error("ServiceUnavailableException", "the server does not answer", 503)


def _error(name: str, message: str, status: int) -> Response:
    """An error as AWS writes it."""
    body = {"__type": name, "Message": message, "message": message}
    return JSONResponse(body, status, headers={"x-amzn-ErrorType": name})
