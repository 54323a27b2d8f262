"""The ASGI application of the main listener: X-Ray API, console, and what all answers share."""

import time
import uuid
from http import HTTPStatus

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fluoro.errors import FluoroError, StoreError, UnknownOperationError
from fluoro.server import body, openapi, operations
from fluoro.server.backend import Backend
from fluoro.server.console import pages, static
from fluoro.server.errors import INTERNAL, Refusal, refusal_of
from fluoro.wire.console_api import Problem
from fluoro.wire.xray_api import ErrorAnswer

_LOG = structlog.get_logger()
_OTHER = "Other"
"""What requests are counted as that are no operation and no page."""


class Envelope:
    """Around everything: a request id, the headers of every answer, the count of answers."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        scope["state"] = {**scope.get("state", {}), "request_id": request_id, "operation": _OTHER}
        state = scope["state"]
        began = time.perf_counter()

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-amzn-RequestId"] = request_id
                headers["Accept-Encoding"] = body.ACCEPTED
                headers["X-Content-Type-Options"] = "nosniff"
                if self._backend.is_stopping:
                    headers["Connection"] = "close"
                seconds = time.perf_counter() - began
                self._backend.counters.answered(state["operation"], message["status"], seconds)
            await send(message)

        await self._app(scope, receive, send_on)


def create_app(backend: Backend) -> ASGIApp:
    """Everything that the main listener serves."""

    async def on_refused(request: Request, error: Exception) -> Response:
        if isinstance(error, StoreError):
            _LOG.warning("store_failed", **_where(request), reason=str(error))
        refusal = refusal_of(error) if isinstance(error, FluoroError) else INTERNAL
        return await _refused(request, refusal)

    async def on_gone(_request: Request, _: Exception) -> Response:
        return Response(status_code=HTTPStatus.REQUEST_TIMEOUT)  # for the metrics: nobody reads it

    async def unknown_operation(request: Request) -> Response:
        raise UnknownOperationError(f"{request.url.path} is no operation, or none yet")

    async def described(request: Request) -> Response:
        return await body.answer(openapi.text(), request.headers)

    inner = Starlette(
        routes=[
            *operations.routes(backend),
            Route(openapi.PATH, described, methods=["GET"]),
            *pages.routes(backend),
            *static.routes(),
            Route("/{path:path}", unknown_operation, methods=["POST", "PUT", "PATCH", "DELETE"]),
        ],
        exception_handlers={
            FluoroError: on_refused,
            ClientDisconnect: on_gone,
            Exception: on_refused,
        },
    )
    inner.router.redirect_slashes = False
    return Envelope(inner, backend)


def _where(request: Request) -> dict[str, str]:
    state = request.state
    return {"request_id": state.request_id, "operation": state.operation}


async def _refused(request: Request, refusal: Refusal) -> Response:
    """An error in the form of the API, or of the console for its pages."""
    request_id: str = request.state.request_id
    is_page = request.url.path.startswith(pages.PREFIX)
    if is_page:
        problem = Problem(refusal.name, refusal.message, refusal.offset, request_id)
        text = msgspec.json.encode(problem)
    else:
        text = msgspec.json.encode(
            ErrorAnswer(refusal.name, refusal.message, refusal.message, refusal.resource)
        )
    headers = {"x-amzn-ErrorType": refusal.name}
    status = HTTPStatus(refusal.status)
    if is_page and refusal.is_about_identity:
        status = HTTPStatus.UNAUTHORIZED  # at any other status browsers do not ask who it is
        headers["WWW-Authenticate"] = 'Basic realm="Fluoro: id and secret of an access key"'
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(refusal.retry_after_s)
    return await body.answer(text, request.headers, status, headers)
