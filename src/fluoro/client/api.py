"""Calls of an X-Ray API, each answered or ended with one sentence."""

import re
import time
from collections.abc import Callable
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx2
import msgspec

from fluoro import __version__
from fluoro.client.screen import plain
from fluoro.errors import CallError, CallRefusedError
from fluoro.wire.xray_api import Shape

Answer = dict[str, object]
"""An answer as it came, by its members' names on the wire."""

PATHS = {
    "BatchGetTraces": "/Traces",
    "CreateGroup": "/CreateGroup",
    "CreateSamplingRule": "/CreateSamplingRule",
    "DeleteGroup": "/DeleteGroup",
    "DeleteSamplingRule": "/DeleteSamplingRule",
    "GetGroup": "/GetGroup",
    "GetGroups": "/Groups",
    "GetSamplingRules": "/GetSamplingRules",
    "GetSamplingStatisticSummaries": "/SamplingStatisticSummaries",
    "GetServiceGraph": "/ServiceGraph",
    "GetTraceSummaries": "/TraceSummaries",
    "UpdateGroup": "/UpdateGroup",
    "UpdateSamplingRule": "/UpdateSamplingRule",
}
"""Of the operations that the commands call. Source: botocore's service model."""

TRIES = 4
LONGEST_WAIT_S = 30.0
_TIMEOUT = httpx2.Timeout(90.0, connect=10.0)
"""Longer than a server's own limit for a query."""

_BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_IDENTITY = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_NAME = re.compile(r"\w+")
_UNSIGNED = "MissingAuthenticationTokenException"

_encoder = msgspec.json.Encoder()
_answer = msgspec.json.Decoder(Answer)


class _Problem(msgspec.Struct):
    """Body of a refusal; AWS's services write the message in either way."""

    type: str = msgspec.field(default="", name="__type")
    message: str = ""
    upper: str = msgspec.field(default="", name="Message")


class Api:
    """One server, over one HTTP client. To be used with `with`."""

    def __init__(
        self,
        url: str,
        auth: httpx2.Auth | None,
        *,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a client, which connects with its first call.

        Args:
            url: Of the server; paths are put behind it.
            auth: What signs; None where nobody has to.
            transport: Another way to the server than the network.
            sleep: Waits some seconds.
        """
        self.url = url.rstrip("/")
        self._sleep = sleep
        self._client = httpx2.Client(
            auth=auth,
            timeout=_TIMEOUT,
            transport=transport,
            headers={"User-Agent": f"fluoro/{__version__}", "Content-Type": "application/json"},
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close its connections."""
        self._client.close()

    def ask(self, operation: str, request: Shape) -> Answer:
        """The answer to an operation; a busy server is asked again, when it says so.

        Raises:
            CallError: There is none: no connection, a server that is busy or failed.
            CallRefusedError: The request, or the key, is refused.
        """
        body = _encoder.encode(request)
        response = self._post(operation, body)
        for _ in range(TRIES - 1):
            if response.status_code not in _BUSY:
                break
            self._sleep(_wait_s(response))
            response = self._post(operation, body)
        if response.is_success:
            return self._read(response)
        raise self._refusal(response)

    def _post(self, operation: str, body: bytes) -> httpx2.Response:
        try:
            return self._client.post(self.url + PATHS[operation], content=body)
        except httpx2.TimeoutException as error:
            raise CallError(f"{self.url} does not answer in time") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            why = str(error).removeprefix("[Errno ") or type(error).__name__
            why = why.partition("] ")[2] or why
            raise CallError(f"no server answers at {self.url} ({why})") from error

    def _read(self, response: httpx2.Response) -> Answer:
        try:
            return _answer.decode(response.content)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise self._stranger(response) from error

    def _refusal(self, response: httpx2.Response) -> CallError:
        name, text = _problem(response)
        said = f"{name}: {text}" if text else name
        if not name:
            return self._stranger(response)
        if name == _UNSIGNED:
            return CallRefusedError(
                f"{self.url} asks for an access key: set FLUORO_ACCESS_KEY_ID and"
                " FLUORO_SECRET_ACCESS_KEY"
            )
        if response.status_code in _IDENTITY:
            return CallRefusedError(f"{self.url} refuses this access key ({said})")
        if response.status_code in _BUSY:
            return CallError(f"{self.url} is busy, {TRIES} tries were in vain ({said})")
        if response.is_client_error:
            return CallRefusedError(text or name)
        return CallError(f"{self.url} failed ({said})")

    def _stranger(self, response: httpx2.Response) -> CallError:
        status = f"{response.status_code} {response.reason_phrase}".rstrip()
        return CallRefusedError(
            f"{self.url} is no X-Ray API: it answers {status}, not with JSON of one"
        )


def _problem(response: httpx2.Response) -> tuple[str, str]:
    """Name and message of an error; no name when it is none of an AWS API."""
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "", ""
    spelled = response.headers.get("x-amzn-ErrorType") or problem.type.rpartition("#")[2]
    name = _NAME.match(spelled)
    return name[0] if name else "", plain(problem.message or problem.upper)


def _wait_s(response: httpx2.Response) -> float:
    """How long a busy server asks to be left alone, a second when it does not say."""
    try:
        wait_s = float(response.headers.get("Retry-After", "1"))
    except ValueError:  # a date
        wait_s = 1.0
    return min(max(wait_s, 0.1), LONGEST_WAIT_S)
