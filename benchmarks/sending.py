"""Senders: bodies to a server as fast as it takes them, or at a rate."""

import concurrent.futures
import http.client
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from bodies import Body

SENDERS = 8
"""Requests in flight, as of one agent."""

XRAY = "/TraceSegments"
"""Path of PutTraceSegments."""
_LATER = {http.HTTPStatus.TOO_MANY_REQUESTS, http.HTTPStatus.SERVICE_UNAVAILABLE}
_HEADERS = {"Content-Type": "application/json", "Content-Encoding": "zstd"}
_PATIENCE_S = 0.5
_ANSWER_LIMIT_S = 300


class Sent(NamedTuple):
    """What a load came to."""

    documents: int
    took_s: float
    acknowledged_s: list[float]
    """Until each request was answered, the times that it was told to come again included."""
    throttled: int


class Sender:
    """Puts bodies on connections that are kept, one a thread."""

    def __init__(self, port: int, path: str = XRAY, headers: Mapping[str, str] = _HEADERS) -> None:
        self._port = port
        self._path = path
        self._headers = dict(headers)
        self._local = threading.local()
        self.throttled = 0

    def send(self, body: bytes) -> float:
        """Send one body until it is taken: the seconds that this took."""
        began = time.monotonic()
        while (answer := self._post(body))[0] != http.HTTPStatus.OK:
            is_over = time.monotonic() - began > _ANSWER_LIMIT_S
            if is_over or answer[0] not in _LATER:
                sys.exit(f"refused: {answer[0]} {answer[1][:300]!r}")
            self.throttled += 1
            time.sleep(_PATIENCE_S)
        if self._path == XRAY and msgspec.json.decode(answer[1])["UnprocessedTraceSegments"]:
            sys.exit(f"documents were refused: {answer[1][:300]!r}")
        return time.monotonic() - began

    def _post(self, body: bytes) -> tuple[int, bytes]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=_ANSWER_LIMIT_S
            )
            self._local.connection = connection
        try:
            connection.request("POST", self._path, body, self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (http.client.RemoteDisconnected, ConnectionError):
            # The server closes connections that were idle for some seconds; send it again.
            connection.close()
            connection.request("POST", self._path, body, self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read()


def send_all(
    sender: Sender,
    bodies: Iterable[tuple[Body, bytes]],
    *,
    rate: float | None = None,
    is_over: Callable[[], bool] = lambda: False,
    during: Callable[[int], None] = lambda _documents: None,
) -> Sent:
    """Send bodies from several threads, until there are none or it is over.

    Args:
        sender: To whom.
        bodies: In order.
        rate: Documents a second; None is as fast as they are taken.
        is_over: Asked before each body.
        during: Told before each body how many documents have been sent.
    """
    documents = 0
    acknowledged: list[float] = []
    began = time.monotonic()
    throttled = sender.throttled
    with concurrent.futures.ThreadPoolExecutor(SENDERS) as senders:
        running: set[concurrent.futures.Future[float]] = set()
        for body, content in bodies:
            if is_over():
                break
            if len(running) >= SENDERS:
                done, running = concurrent.futures.wait(
                    running, return_when=concurrent.futures.FIRST_COMPLETED
                )
                acknowledged += [future.result() for future in done]
            if rate is not None:
                time.sleep(max(0.0, began + documents / rate - time.monotonic()))
            during(documents)
            running.add(senders.submit(sender.send, content))
            documents += body.documents
        acknowledged += [future.result() for future in running]
    took_s = time.monotonic() - began
    return Sent(documents, took_s, acknowledged, sender.throttled - throttled)
