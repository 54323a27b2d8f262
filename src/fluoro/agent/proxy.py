"""The TCP door: SDKs' two sampling calls go on to the server, nothing else does.

SDKs call unsigned, with or without a body or a Content-Type. AWS's daemon passes every path on
and signs it; this one knows two (spec of the daemon, section 7).
"""

from http import HTTPStatus

import httpx2
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fluoro.agent.counts import Counts, is_worth_a_line
from fluoro.agent.sampling_cache import SamplingCache
from fluoro.agent.upstream import post

RULES, TARGETS = "/GetSamplingRules", "/SamplingTargets"
_JSON = "application/json"
_PASSED_BACK = ("Content-Type", "x-amzn-ErrorType", "Retry-After")

_log = structlog.get_logger()


class Proxy:
    """The door's ASGI app."""

    def __init__(
        self, client: httpx2.AsyncClient, cache: SamplingCache, counts: Counts, body_bytes: int
    ) -> None:
        self._client = client
        self._cache = cache
        self._counts = counts
        self._body_bytes = body_bytes
        self.app = Starlette(
            routes=[
                Route(RULES, self._pass_rules, methods=["POST"]),
                Route(TARGETS, self._pass_targets, methods=["POST"]),
            ],
            exception_handlers={
                HTTPStatus.NOT_FOUND: self._refuse,
                HTTPStatus.METHOD_NOT_ALLOWED: self._refuse,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE: self._refuse_body,
                ClientDisconnect: self._give_up,
            },
        )
        self.app.router.redirect_slashes = False

    async def _refuse(self, request: Request, _: Exception) -> Response:
        self._counts.sampling_calls["refused"] += 1
        message = f"the agent passes on POST {RULES} and POST {TARGETS}, not {request.method} here"
        return _error("UnknownOperationException", message, HTTPStatus.NOT_FOUND)

    async def _refuse_body(self, _request: Request, _: Exception) -> Response:
        self._counts.sampling_calls["refused"] += 1
        message = f"the body is larger than {self._body_bytes} bytes"
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return _error("RequestEntityTooLargeException", message, status)

    async def _give_up(self, _request: Request, _: Exception) -> Response:
        """The caller is gone, or its body did not come in time: nobody reads this answer."""
        self._counts.sampling_calls["refused"] += 1
        return Response(status_code=HTTPStatus.REQUEST_TIMEOUT)

    async def _pass_rules(self, request: Request) -> Response:
        answer = await self._ask(RULES, await self._body(request))
        if answer is None or _is_throttled(answer):
            return self._remembered(self._cache.rules(), answer)
        if answer.is_success:
            self._cache.remember_rules(answer.content)
        return self._passed(answer)

    async def _pass_targets(self, request: Request) -> Response:
        body = await self._body(request)
        answer = await self._ask(TARGETS, self._cache.completed(body))
        if answer is None or _is_throttled(answer):
            return self._remembered(self._cache.targets(body), answer)
        if answer.is_success:
            self._cache.remember_targets(body, answer.content)
        return self._passed(answer)

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._body_bytes:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return bytes(body)

    async def _ask(self, path: str, body: bytes) -> httpx2.Response | None:
        """The server's answer; None when it is away."""
        try:
            answer = await post(self._client, path, body)
        except httpx2.HTTPError as error:
            self._log_failure(path, type(error).__name__)
            return None
        if answer.is_server_error or _is_throttled(answer):
            self._log_failure(path, str(answer.status_code))
        return None if answer.is_server_error else answer

    def _log_failure(self, path: str, cause: str) -> None:
        calls = self._counts.sampling_calls
        failed = calls["cached"] + calls["failed"]
        if is_worth_a_line(failed, failed + 1):
            _log.warning("sampling_call_failed", path=path, cause=cause, count=failed + 1)

    def _passed(self, answer: httpx2.Response, outcome: str = "passed") -> Response:
        self._counts.sampling_calls[outcome] += 1
        headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, headers)

    def _remembered(self, content: bytes | None, refusal: httpx2.Response | None) -> Response:
        """While the server is away or has had too many calls, SDKs keep what they had."""
        if content is not None:
            self._counts.sampling_calls["cached"] += 1
            return Response(content, media_type=_JSON)
        if refusal is not None:
            return self._passed(refusal, "failed")
        self._counts.sampling_calls["failed"] += 1
        message = "the server does not answer"
        return _error("ServiceUnavailableException", message, HTTPStatus.SERVICE_UNAVAILABLE)


def _is_throttled(answer: httpx2.Response) -> bool:
    return answer.status_code == HTTPStatus.TOO_MANY_REQUESTS


def _error(name: str, message: str, status: HTTPStatus) -> Response:
    """An error as AWS writes it."""
    body = {"__type": name, "Message": message, "message": message}
    return JSONResponse(body, status, headers={"x-amzn-ErrorType": name})
