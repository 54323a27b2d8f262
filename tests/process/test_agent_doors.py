"""What strangers do to the TCP door harms nobody else."""

import asyncio
import contextlib

import pytest

from running_agent import LIMIT_S, close, until

pytestmark = pytest.mark.anyio

RULES = b"POST /GetSamplingRules HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"


async def rest(reader):
    """What still comes until the agent closes the connection."""
    async with asyncio.timeout(LIMIT_S):
        with contextlib.suppress(ConnectionResetError):
            return await reader.read()
    return b""


async def answer(reader):
    """Status of one answer on a connection that stays open."""
    async with asyncio.timeout(LIMIT_S):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    return int(head.split()[1])


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"POST /GetSamplingRules HTT",
        b"POST /GetSamplingRules HTTP/1.1\r\nHost: a\r\n",
        b"POST /GetSamplingRules HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{",
        b"POST /GetSamplingRules HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
        RULES + b"POST /",
    ],
)
async def test_a_request_that_does_not_arrive_is_closed(start, begun, caplog):
    """A slow head or body costs its own connection, after `tcp_timeout_s`, and no line of log."""
    agent = await start(tcp_timeout_s=0.2)
    reader, writer = await agent.connect()
    writer.write(begun)
    await rest(reader)
    await close(writer)
    assert (await agent.ask("POST", "/GetSamplingRules"))[0] == 200
    assert caplog.text == ""


async def test_line_ends_after_an_answer_do_not_keep_a_connection(start):
    """They begin no request, but end the time that an idle connection has."""
    agent = await start(tcp_timeout_s=0.2)
    reader, writer = await agent.connect()
    writer.write(RULES)
    assert await answer(reader) == 200
    writer.write(b"\r\n")
    assert await rest(reader) == b""
    await close(writer)


async def test_drops_of_a_body_do_not_keep_a_connection(start):
    """A byte now and then is no progress: the time counts from the first."""
    agent = await start(tcp_timeout_s=0.3)
    reader, writer = await agent.connect()
    writer.write(b"POST /GetSamplingRules HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n")
    closing = asyncio.create_task(rest(reader))
    while not closing.done():
        writer.write(b"{")
        await asyncio.sleep(0.02)
    assert b" 200 " not in closing.result()
    await close(writer)


async def test_one_connection_too_many_is_closed(start):
    """`tcp_connections` others are open; when one of them ends, there is room again."""
    agent = await start(tcp_connections=2, tcp_timeout_s=LIMIT_S)
    held = [await agent.connect() for _ in range(2)]
    for reader, writer in held:
        writer.write(RULES)
        assert await answer(reader) == 200
    reader, writer = await agent.connect()
    with contextlib.suppress(ConnectionError):
        writer.write(RULES)
    assert await rest(reader) == b""
    await close(writer)
    await close(held[0][1])

    async def is_answered():
        with contextlib.suppress(IndexError, OSError):
            return (await agent.ask("POST", "/GetSamplingRules"))[0] == 200
        return False

    await until(is_answered, "there was room")
    await close(held[1][1])


async def test_a_connection_serves_many_requests(start, upstream):
    """HTTP/1.1 keep-alive, pipelined or not."""
    agent = await start()
    reader, writer = await agent.connect()
    for _ in range(3):
        writer.write(RULES)
        assert await answer(reader) == 200
    writer.write(RULES + RULES)
    assert [await answer(reader), await answer(reader)] == [200, 200]
    await close(writer)
    assert len(upstream.asked) == 5


async def test_a_head_without_end_is_closed(start):
    """At 64 KiB, long before the time is over."""
    agent = await start(tcp_timeout_s=3600)
    reader, writer = await agent.connect()
    writer.write(b"POST /GetSamplingRules HTTP/1.1\r\nX: ")
    with contextlib.suppress(ConnectionError):
        for _ in range(200):
            writer.write(b"x" * 1000)
            await writer.drain()
    assert await rest(reader) == b""
    await close(writer)


async def test_a_body_without_end_is_refused(start, upstream):
    """413 at `tcp_body_bytes`, and the server is not asked."""
    agent = await start(tcp_body_bytes=10_000, tcp_timeout_s=0.5)
    reader, writer = await agent.connect()
    head = b"POST /SamplingTargets HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head + b"2711\r\n" + b"x" * 10_001 + b"\r\n")
    assert await answer(reader) == 413
    await close(writer)
    assert upstream.asked == []


@pytest.mark.parametrize(
    "request_line",
    [
        b"POST http://169.254.169.254/latest/meta-data HTTP/1.1",
        b"GET http://example.com/GetSamplingRules HTTP/1.1",
        b"CONNECT example.com:443 HTTP/1.1",
        b"POST @example.com/x HTTP/1.1",
        b"POST //example.com/GetSamplingRules HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"PRI * HTTP/2.0",
    ],
)
async def test_it_is_no_open_proxy(start, upstream, request_line, caplog):
    """Other hosts, tunnels and other protocols get an error, and nobody is asked anything."""
    agent = await start(tcp_timeout_s=0.5)
    reader, writer = await agent.connect()
    writer.write(request_line + b"\r\nHost: example.com\r\nConnection: close\r\n\r\n")
    assert b" 200 " not in await rest(reader)
    await close(writer)
    assert upstream.asked == []
    assert caplog.text == ""
    assert (await agent.ask("POST", "/GetSamplingRules"))[0] == 200
