"""Bodies of requests and answers: their limit, and the compressions on the way."""

import io
import zlib
from collections.abc import AsyncIterable, Mapping
from http import HTTPStatus

import zstandard
from anyio import to_thread
from starlette.responses import Response

from fluoro.errors import BodyTooLargeError, UnreadableBodyError

ACCEPTED = "gzip, zstd"
"""Compressions of requests, told to clients in every answer."""

_GZIP_WINDOW = 31
"""zlib's `wbits` for a gzip stream with the largest window."""
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
_COMPRESS_FROM_BYTES = 1_024
_THREAD_FROM_BYTES = 256 * 1024
_FAST = 1
JSON = "application/json"


async def read(stream: AsyncIterable[bytes], headers: Mapping[str, str], limit: int) -> bytes:
    """The whole body of a request as it was sent, which is what signatures are over.

    Args:
        stream: Its chunks as they arrive.
        headers: Of the request, by lower-case name.
        limit: Most bytes.

    Raises:
        BodyTooLargeError: There are more.
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
