"""The parts of an agent, put together without sockets."""

import pytest

from fluoro.agent.batcher import Batcher
from fluoro.agent.counts import Counts
from fluoro.agent.settings import AgentSettings
from upstream import Upstream


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, now_s=1000.0):
        self.now_s = now_s

    def __call__(self):
        return self.now_s


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def counts():
    return Counts()


@pytest.fixture
def upstream():
    return Upstream()


@pytest.fixture
def new_batcher(counts, clock):
    """A batcher with settings of the test."""

    def new(buffer_bytes=1 << 20, **settings):
        return Batcher(AgentSettings(**settings), buffer_bytes, counts, clock)

    return new
