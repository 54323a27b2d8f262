import gzip
import json

import pytest

from fluoro.errors import BodyTooLargeError, ThrottledError
from fluoro.server import body
from fluoro.server.body import Bodies
from fluoro.server.settings import ServerSettings
from fluoro.wire.prometheus import render

pytestmark = pytest.mark.anyio

GRAPH = {"StartTime": 1, "EndTime": 2}


def held(bodies):
    """What the metrics say."""
    (line,) = [each for each in render(bodies.metrics()).splitlines() if each[0] != "#"]
    return int(line.split()[1])


async def stream(*chunks):
    for chunk in chunks:
        yield chunk


async def test_a_body_takes_room_while_it_is_read():
    """All of it is held until the end of its request."""
    bodies = Bodies(10)
    with bodies.held() as take:
        assert await body.read(stream(b"abc", b"de"), {}, 8, take) == b"abcde"
        assert held(bodies) == 5
    assert held(bodies) == 0


async def test_bodies_together_have_a_limit():
    """One that does not fit is refused as soon as it does not; the room comes back."""
    bodies = Bodies(10)
    with bodies.held() as take:
        await body.read(stream(b"x" * 8), {}, 8, take)
        with pytest.raises(ThrottledError, match="bytes of requests"), bodies.held() as other:
            await body.read(stream(b"y", b"y", b"y"), {}, 8, other)
        assert held(bodies) == 8
        with bodies.held() as other:
            assert await body.read(stream(b"yy"), {}, 8, other) == b"yy"
    assert held(bodies) == 0


async def test_a_body_that_is_refused_holds_nothing():
    """Too long, or its client went away in the middle."""
    bodies = Bodies(100)

    async def broken():
        yield b"xyz"
        raise ConnectionError

    with pytest.raises(BodyTooLargeError), bodies.held() as take:
        await body.read(stream(b"xyz", b"xyz"), {}, 4, take)
    with pytest.raises(ConnectionError), bodies.held() as take:
        await body.read(broken(), {}, 4, take)
    assert held(bodies) == 0


def test_a_server_without_room_says_when_to_come_again(make):
    """What a compressed body holds counts, too; whatever came of a request, its room is free."""
    server = make(settings=ServerSettings(queue_bytes=1, body_bytes=200))
    most = 2 * (1 + 200)
    padded = (json.dumps(GRAPH) + " " * 100).encode()
    packed = gzip.compress(padded)
    with server.backend.bodies.held() as take:
        take(most - len(padded))
        assert server.call("/ServiceGraph", padded).status_code == 200
        answer = server.call("/ServiceGraph", packed, **{"Content-Encoding": "gzip"})
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["__type"] == "ThrottledException"
    answer = server.call("/ServiceGraph", packed, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 200
    assert held(server.backend.bodies) == 0
