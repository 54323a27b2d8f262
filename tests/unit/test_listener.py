import asyncio
import socket

import pytest
from starlette.responses import Response, StreamingResponse

from fluoro.errors import SettingsError
from fluoro.listener import Limited, address_of, bind, listening

LIMIT_S = 20
MUCH = 32 * 1024 * 1024
"""Bytes that no buffer of the system takes."""
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n%b\r\n"


def test_a_free_port():
    """Port 0 takes one that can be asked for."""
    with bind("address", "127.0.0.1:0") as listener:
        host, _, port = address_of(listener).rpartition(":")
        assert host == "127.0.0.1"
        assert int(port) > 0


def test_every_address_of_both_families():
    """`[::]` takes IPv4 as well, so that one setting serves a dual-stack cluster."""
    with bind("address", "[::]:0") as listener:
        port = listener.getsockname()[1]
        assert address_of(listener) == f"[::]:{port}"
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


def test_a_port_in_use():
    """The sentence has the address and the system's words, once."""
    with bind("admin_address", "127.0.0.1:0") as listener:
        address = address_of(listener)
        with pytest.raises(SettingsError) as error:
            bind("admin_address", address)
    assert error.value.setting == "admin_address"
    assert error.value.message == (
        f"{address} cannot be used (Address already in use): stop what listens there or choose"
        " another address"
    )


def test_a_host_that_is_not_there():
    """A name that nobody knows."""
    with pytest.raises(SettingsError, match="cannot be used"):
        bind("address", "host.invalid:0")


async def whole(scope, receive, send):
    """An answer that is handed over at once."""
    await Response(b"x" * MUCH)(scope, receive, send)


async def streamed(scope, receive, send):
    """One that waits for its reader."""
    await StreamingResponse(b"x" * 65_536 for _ in range(MUCH // 65_536))(scope, receive, send)


@pytest.mark.anyio
@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n"], ids=["keep", "close"])
@pytest.mark.parametrize("app", [whole, streamed])
async def test_an_answer_that_nobody_reads_has_an_end(monkeypatch, app, header):
    """Its connection, the only one there may be, is free again."""
    monkeypatch.setattr(Limited, "answer_s", 0.3)
    opened = bind("address", "127.0.0.1:0")
    port = opened.getsockname()[1]
    async with (
        asyncio.timeout(LIMIT_S),
        listening(app, opened, timeout_s=LIMIT_S, connections=1, stop_s=1),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(REQUEST % header)
        await reader.readexactly(100)
        while not await is_answered(port):  # noqa: ASYNC110  seen from outside
            await asyncio.sleep(0.05)
        writer.close()


async def is_answered(port):
    """Whether there is room for one more connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    try:
        writer.write(REQUEST % b"")
        return bool(await reader.read(1))
    except ConnectionError:
        return False
    finally:
        writer.close()


@pytest.mark.anyio
async def test_an_answer_that_is_read_slowly_but_in_time_arrives(monkeypatch):
    """And so does the next one on its connection."""
    monkeypatch.setattr(Limited, "answer_s", LIMIT_S / 2)
    opened = bind("address", "127.0.0.1:0")
    async with listening(whole, opened, timeout_s=LIMIT_S, connections=1, stop_s=1):
        reader, writer = await asyncio.open_connection(*opened.getsockname(), limit=65_536)
        for _ in range(2):
            writer.write(REQUEST % b"")
            await reader.readuntil(b"\r\n\r\n")
            left = MUCH
            while left:
                left -= len(await reader.read(left))
        writer.close()
