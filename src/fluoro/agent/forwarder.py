"""Batches to the server's PutTraceSegments, again and again until they are answered.

Retry rules: architecture, section 10. A request of ours has the member `Sources`, which lets it
hold more than AWS's 50 documents (architecture, section 5, step 6).
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from http import HTTPStatus

import httpx2
import msgspec
import structlog
import zstandard

from fluoro.agent.batcher import Batcher
from fluoro.agent.counts import Counts, is_worth_a_line
from fluoro.agent.upstream import post
from fluoro.wire.xray_api import PutTraceSegmentsRequest, PutTraceSegmentsResult

PATH = "/TraceSegments"
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.5, 30.0
_ZSTD_LEVEL = 1
_ID_LENGTH = 64
"""Ids are 16 digits; what calls itself one may be anything."""
_TO_BE_HALVED = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}

_log = structlog.get_logger()
_result = msgspec.json.Decoder(PutTraceSegmentsResult)
_encoder = msgspec.json.Encoder()


class Forwarder:
    """Some senders over one HTTP client."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        batcher: Batcher,
        counts: Counts,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._batcher = batcher
        self._counts = counts
        self._jitter = jitter
        self._takes_zstd = False
        self._is_failing = False

    async def send_for_ever(self) -> None:
        """One sender: take a batch, deliver it, take the next."""
        while True:
            left = [await self._batcher.next()]
            try:
                while left:
                    left[-1:] = await self._deliver(left[-1])
            except asyncio.CancelledError:
                self._give_up(left, "stopped")
                raise
            except Exception:  # noqa: BLE001  the supervisor: one batch must not end its sender
                self._give_up(left, "failed")
                _log.exception("batch_failed")

    def _give_up(self, parts: Sequence[Sequence[bytes]], reason: str) -> None:
        for documents in parts:
            self._batcher.give_up(documents, reason)

    async def _deliver(self, batch: list[bytes]) -> list[list[bytes]]:
        """Send until there is an answer; what is left of the batch, in two halves, if refused."""
        body = _encoder.encode(
            PutTraceSegmentsRequest([document.decode() for document in batch], sources=[])
        )
        delay_s = _FIRST_DELAY_S
        while True:
            answer = await self._post(body)
            if answer is not None and answer.is_success and self._has_settled(batch, answer):
                return []
            if answer is not None and answer.is_client_error and not _is_busy(answer):
                return self._refused(batch, answer)
            await self._pause(delay_s * (0.5 + self._jitter() / 2))
            delay_s = min(delay_s * 2, _LONGEST_DELAY_S)

    async def _pause(self, delay_s: float) -> None:
        """Wait before the next try; little once the agent is ending, even in a long wait."""
        if self._batcher.flushing.is_set():
            await asyncio.sleep(min(delay_s, _FIRST_DELAY_S))
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._batcher.flushing.wait()

    async def _post(self, body: bytes) -> httpx2.Response | None:
        """One try; None when the server gave no answer."""
        headers = {}
        if self._takes_zstd:
            body = zstandard.ZstdCompressor(_ZSTD_LEVEL).compress(body)
            headers["Content-Encoding"] = "zstd"
        try:
            answer = await post(self._client, PATH, body, headers)
        except httpx2.TimeoutException as error:
            self._failed("timeout", error)
        except httpx2.ConnectError as error:
            self._failed("unreachable", error)
        except httpx2.HTTPError as error:
            self._failed("broken", error)
        else:
            outcome = f"{answer.status_code // 100}xx"
            if answer.is_client_error and not _is_busy(answer):
                self._counts.requests[outcome] += 1
            elif not answer.is_success:
                self._failed(outcome, answer.status_code)
            self._takes_zstd = "zstd" in answer.headers.get("Accept-Encoding", "")
            return answer
        return None

    def _failed(self, outcome: str, cause: object) -> None:
        """Count a try in vain; the first one after a success is logged."""
        self._counts.requests[outcome] += 1
        if not self._is_failing:
            self._is_failing = True
            _log.warning("upstream_failed", outcome=outcome, cause=str(cause) or repr(cause))

    def _has_settled(self, batch: Sequence[bytes], answer: httpx2.Response) -> bool:
        """Count what became of a batch; False when the answer is not PutTraceSegments' at all."""
        try:
            refused = _result.decode(answer.content).unprocessed_trace_segments
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._failed("unreadable", error)
            return False
        if len(refused) > len(batch):
            self._failed("unreadable", f"{len(refused)} of {len(batch)} documents refused")
            return False
        self._counts.requests["2xx"] += 1
        if self._is_failing:
            self._is_failing = False
            _log.info("upstream_answered", count=len(batch))
        for document in refused:
            self._reject(document.error_code, 1, segment_id=(document.id or "")[:_ID_LENGTH])
        self._counts.forwarded += len(batch) - len(refused)
        self._batcher.settle(batch)
        return True

    def _refused(self, batch: list[bytes], answer: httpx2.Response) -> list[list[bytes]]:
        """A batch that will never be taken as it is: halved down to the document at fault."""
        if answer.status_code in _TO_BE_HALVED and len(batch) > 1:
            middle = len(batch) // 2
            return [batch[middle:], batch[:middle]]
        self._reject(f"http_{answer.status_code}", len(batch))
        self._batcher.settle(batch)
        return []

    def _reject(self, code: str, count: int, **names: str) -> None:
        """Count refused documents; the log says their ids and code, never what they hold."""
        rejected = self._counts.rejected
        before = rejected[code]
        rejected[code] += count
        if is_worth_a_line(before, rejected[code]):
            _log.warning("document_rejected", reason=code, count=rejected[code], **names)


def _is_busy(answer: httpx2.Response) -> bool:
    return answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
