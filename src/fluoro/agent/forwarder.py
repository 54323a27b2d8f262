"""Batches to the server's PutTraceSegments, again and again until they are answered.

Retry rules: architecture, section 10. A request of ours has the member `Sources`, which lets it
hold more than AWS's 50 documents (architecture, section 5, step 6).
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from http import HTTPStatus

import httpx2
import msgspec
import structlog
import zstandard

from fluoro.agent.batcher import Batcher
from fluoro.agent.counts import Counts
from fluoro.wire.xray_api import PutTraceSegmentsRequest, PutTraceSegmentsResult

PATH = "/TraceSegments"
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.5, 30.0
_ZSTD_LEVEL = 1
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

    async def send_for_ever(self) -> None:
        """One sender: take a batch, deliver it, take the next."""
        while True:
            batch = await self._batcher.next()
            waiting = [batch]
            try:
                while waiting:
                    waiting[-1:] = await self._deliver(waiting[-1])
            except asyncio.CancelledError:
                left = [document for part in waiting for document in part]
                self._counts.dropped["stopped"] += len(left)
                self._batcher.settle(left)
                raise

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
            await asyncio.sleep(delay_s * (0.5 + self._jitter() / 2))
            delay_s = min(delay_s * 2, _LONGEST_DELAY_S)

    async def _post(self, body: bytes) -> httpx2.Response | None:
        """One try; None when the server gave no answer."""
        headers = {"Content-Type": "application/json"}
        if self._takes_zstd:
            body = zstandard.ZstdCompressor(_ZSTD_LEVEL).compress(body)
            headers["Content-Encoding"] = "zstd"
        try:
            answer = await self._client.post(PATH, content=body, headers=headers)
        except httpx2.TimeoutException:
            self._counts.requests["timeout"] += 1
        except httpx2.ConnectError:
            self._counts.requests["unreachable"] += 1
        except httpx2.HTTPError:
            self._counts.requests["broken"] += 1
        else:
            self._counts.requests[f"{answer.status_code // 100}xx"] += 1
            self._takes_zstd = "zstd" in answer.headers.get("Accept-Encoding", "")
            return answer
        return None

    def _has_settled(self, batch: Sequence[bytes], answer: httpx2.Response) -> bool:
        """Count what became of a batch; False when the answer is not PutTraceSegments' at all."""
        try:
            refused = _result.decode(answer.content).unprocessed_trace_segments
        except msgspec.DecodeError:
            self._counts.requests["unreadable"] += 1
            return False
        for document in refused:
            self._counts.rejected[document.error_code] += 1
            _log.warning("document_refused", segment_id=document.id, error_code=document.error_code)
        self._counts.forwarded += len(batch) - len(refused)
        self._batcher.settle(batch)
        return True

    def _refused(self, batch: list[bytes], answer: httpx2.Response) -> list[list[bytes]]:
        """A batch that will never be taken as it is: halved down to the document at fault."""
        if answer.status_code in _TO_BE_HALVED and len(batch) > 1:
            middle = len(batch) // 2
            return [batch[middle:], batch[:middle]]
        self._counts.rejected[f"http_{answer.status_code}"] += len(batch)
        self._batcher.settle(batch)
        _log.warning("batch_refused", status=answer.status_code, count=len(batch))
        return []


def _is_busy(answer: httpx2.Response) -> bool:
    return answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
