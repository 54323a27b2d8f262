"""/store/… on the admin listener: what `fluoro store` asks of a running server.

Nobody signs here, and some of it deletes or writes files; so it answers this machine alone, and no
page of a browser, which would say its origin.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import msgspec
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fluoro.errors import InputError, SettingsError, StoreError
from fluoro.model.ids import parse_trace_id
from fluoro.model.tenant import LOCAL, Tenant
from fluoro.store.upkeep import KeptStorage

_US_PER_DAY = 86_400_000_000

Body = TypeVar("Body")


class DeleteRequest(msgspec.Struct, frozen=True):
    """One trace, or everything of a user."""

    account: str = LOCAL.account
    region: str = LOCAL.region
    trace_id: str | None = None
    user: str | None = None


class Deleted(msgspec.Struct, frozen=True):
    """How many traces were there."""

    traces: int


class BackupRequest(msgspec.Struct, frozen=True):
    """Where to, as an absolute path on the server's machine."""

    folder: str


class BackupMade(msgspec.Struct, frozen=True):
    """Where it is."""

    folder: str


class Refused(msgspec.Struct, frozen=True):
    """Why not, one sentence."""

    message: str


def delete(
    storage: KeptStorage, request: DeleteRequest, retention_days: int, now_us: int
) -> Deleted:
    """Delete what was asked for; refuse it when it comes again, for the retention time.

    Raises:
        InputError: Neither a trace nor a user is named, or both, or what is no trace id.
    """
    if (request.trace_id is None) is (request.user is None):
        raise InputError("name either a trace or a user")
    tenant = Tenant(request.account, request.region)
    until_us = now_us + retention_days * _US_PER_DAY
    if request.trace_id is not None:
        ids = [parse_trace_id(request.trace_id)]
        return Deleted(storage.delete_traces(tenant, ids, until_us))
    if not request.user:
        raise InputError("a user's name cannot be empty")
    return Deleted(storage.delete_user(tenant, request.user, until_us))


def routes(storage: KeptStorage, retention_days: int, clock_us: Callable[[], int]) -> list[Route]:
    """The paths below /store/."""

    def asked(body: bytes) -> object:
        request = _decoded(body, DeleteRequest)
        return delete(storage, request, retention_days, clock_us())

    def back_up(body: bytes) -> object:
        folder = Path(_decoded(body, BackupRequest).folder)
        if not folder.is_absolute():
            raise InputError("the folder must be an absolute path")
        storage.upkeep.back_up(folder)
        return BackupMade(str(folder))

    return [
        Route("/store/stats", _answering(lambda _: storage.upkeep.statistics()), methods=["GET"]),
        Route("/store/check", _answering(lambda _: storage.upkeep.check()), methods=["POST"]),
        Route("/store/delete", _answering(asked), methods=["POST"]),
        Route("/store/backup", _answering(back_up), methods=["POST"]),
    ]


def _answering(work: Callable[[bytes], object]) -> Callable[[Request], Awaitable[Response]]:
    """A handler that runs blocking work in a thread and answers JSON."""

    async def answer(request: Request) -> Response:
        if not _is_of_this_machine(request):
            return _json(Refused("only this machine may ask"), HTTPStatus.FORBIDDEN)
        body = await request.body()
        try:
            return _json(await to_thread.run_sync(work, body))
        except (InputError, SettingsError) as error:
            return _json(Refused(error.message), HTTPStatus.BAD_REQUEST)
        except StoreError as error:
            return _json(Refused(str(error)), HTTPStatus.SERVICE_UNAVAILABLE)

    return answer


def _is_of_this_machine(request: Request) -> bool:
    if request.client is None or "origin" in request.headers:
        return False
    address = ipaddress.ip_address(request.client.host)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _decoded(body: bytes, type_: type[Body]) -> Body:
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.MsgspecError as error:
        raise InputError(f"the body cannot be read: {error}") from error


def _json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
