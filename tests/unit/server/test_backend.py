import pytest
from starlette.requests import ClientDisconnect

from fluoro.errors import StoppingError, StoreTimeoutError
from fluoro.server.backend import Asker
from fluoro.server.settings import ServerSettings
from fluoro.store import deadline

pytestmark = pytest.mark.anyio

ACCOUNT = "1" * 12


def asker(*, is_gone=False):
    async def answer():
        return is_gone

    return Asker(ACCOUNT, answer)


async def test_a_call_has_the_time_of_one_request(make):
    """Whatever it asks of the store; its value and its error come back."""
    backend = make(settings=ServerSettings(query_timeout_s=7)).backend
    assert 0 < await backend.run(asker(), deadline.left_s) <= 7

    def late():
        raise StoreTimeoutError("time")

    with pytest.raises(StoreTimeoutError):
        await backend.run(asker(), late)


async def test_nothing_runs_for_a_client_that_is_gone(server):
    """Its turn is the next one's."""
    calls = []
    with pytest.raises(ClientDisconnect):
        await server.backend.run(asker(is_gone=True), calls.append, 1)
    await server.backend.run(asker(), calls.append, 2)
    assert calls == [2]


def test_new_work_is_refused_at_the_end(server):
    """Before anything is looked at."""
    server.backend.admit()
    server.backend.is_stopping = True
    with pytest.raises(StoppingError):
        server.backend.admit()
