"""Bodies of requests and answers: their limit, and the compressions on the way."""

import contextlib
import io
import zlib
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from http import HTTPStatus

import zstandard
from anyio import to_thread
from starlette.responses import Response

from fluoro.errors import BodyTooLargeError, ThrottledError, UnreadableBodyError
from fluoro.wire.prometheus import Metric, Sample

ACCEPTED = "gzip, zstd"
"""Compressions of requests, told to clients in every answer."""

_GZIP_WINDOW = 31
"""zlib's `wbits` for a gzip stream with the largest window."""
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
_COMPRESS_FROM_BYTES = 1_024
_THREAD_FROM_BYTES = 256 * 1024
_FAST = 1
JSON = "application/json"


class Bodies:
    """Counts the bytes that all requests in hand hold; used in the event loop only.

    They are read before anybody is known, on as many connections as there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextlib.contextmanager
    def held(self) -> Iterator[Callable[[int], None]]:
        """What takes room for bytes of one request, which has it until the end of the block.

        Taking raises ThrottledError when all together would have too many.
        """
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if self._held + size > self._most:
                raise ThrottledError("too many bytes of requests are in hand")
            self._held += size
            taken += size

        try:
            yield take
        finally:
            self._held -= taken

    def metrics(self) -> list[Metric]:
        """What `/metrics` shows of it."""
        return [
            Metric(
                "fluoro_server_body_bytes",
                "gauge",
                "Bytes of the bodies of requests that are being read or answered.",
                [Sample(self._held)],
            )
        ]


async def read(
    stream: AsyncIterable[bytes],
    headers: Mapping[str, str],
    limit: int,
    take: Callable[[int], None],
) -> bytes:
    """The whole body of a request as it was sent, which is what signatures are over.

    Args:
        stream: Its chunks as they arrive.
        headers: Of the request, by lower-case name.
        limit: Most bytes.
        take: Takes room for each chunk, see `Bodies`.

    Raises:
        BodyTooLargeError: There are more.
        ThrottledError: There is no room.
    """
    too_large = _too_large(limit)
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > limit:
            raise too_large
        take(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


def decompress(body: bytes, headers: Mapping[str, str], limit: int) -> bytes:
    """What a body holds.

    Args:
        body: As it was sent.
        headers: Of the request, by lower-case name.
        limit: Most bytes.

    Raises:
        BodyTooLargeError: There are more.
        UnreadableBodyError: The compression is unknown or broken.
    """
    text = _decompressed(body, headers.get("content-encoding", ""), limit + 1)
    if len(text) > limit:
        raise _too_large(limit)
    return text


def _too_large(limit: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the body is longer than {limit} bytes")


def _decompressed(body: bytes, encoding: str, most: int) -> bytes:
    """At most the first `most` bytes of what a body holds."""
    try:
        match encoding.strip().lower():
            case "" | "identity":
                return body
            case "gzip":
                return zlib.decompressobj(_GZIP_WINDOW).decompress(body, most)
            case "zstd":
                zstd = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
                with zstd.stream_reader(io.BytesIO(body), read_across_frames=True) as reader:
                    text: bytes = reader.read(most)
                return text
    except (zlib.error, zstandard.ZstdError) as error:
        raise UnreadableBodyError(f"the body is not {encoding}") from error
    raise UnreadableBodyError(f"Content-Encoding {encoding} is not known: send {ACCEPTED} or none")


async def answer(
    body: bytes,
    request_headers: Mapping[str, str],
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON answer, compressed when the caller asked for it and it is worth it."""
    sent = {**(headers or {})}
    if len(body) >= _COMPRESS_FROM_BYTES:
        sent["Vary"] = "Accept-Encoding"
        if takes_gzip(request_headers):
            sent["Content-Encoding"] = "gzip"
            if len(body) >= _THREAD_FROM_BYTES:
                body = await to_thread.run_sync(_gzip, body)
            else:
                body = _gzip(body)
    return Response(body, status, sent, JSON)


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether an Accept-Encoding header names gzip with a weight other than 0."""
    for part in headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
    return False


def _gzip(body: bytes) -> bytes:
    compressor = zlib.compressobj(_FAST, wbits=_GZIP_WINDOW)
    return compressor.compress(body) + compressor.flush()
