"""The server from its start to its end: store, writer, listeners; and all of it back again."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable

import msgspec
import structlog
from starlette.applications import Starlette

import fluoro
from fluoro.listener import address_of, bind, listening
from fluoro.model.tenant import LOCAL
from fluoro.server import store_admin, upkeep
from fluoro.server.admin import create_admin
from fluoro.server.app import create_app
from fluoro.server.backend import Backend
from fluoro.server.fairness import CONNECTIONS
from fluoro.server.identity import Identity
from fluoro.server.jobs import Jobs
from fluoro.server.keys_file import WatchedKeys
from fluoro.server.settings import ServerSettings
from fluoro.server.throttle import Throttle
from fluoro.store.upkeep import KeptStorage
from fluoro.store.writer import Writer, WriterSettings

_REQUEST_S = 20.0
"""Longest time for the head and the body of a request to arrive."""

_ADMIN_CONNECTIONS = 64
_STOP_S = 30
"""Longest time for answers that are under way when a listener ends."""

_UNPROTECTED = (
    "nobody has to sign: whoever reaches the address may read and write every trace; make a key"
    " with `fluoro keys create`"
)

_LOG = structlog.get_logger()


class Addresses(msgspec.Struct, frozen=True):
    """Where a running server listens, as host:port."""

    server: str
    admin: str


def _now_us() -> int:
    return time.time_ns() // 1000


async def run(  # noqa: PLR0913  what tests and `fluoro server` choose
    settings: ServerSettings,
    open_storage: Callable[[], KeptStorage],
    *,
    ready: Callable[[Addresses], None],
    stop: asyncio.Event,
    replica: str = "server",
    clock_us: Callable[[], int] = _now_us,
) -> None:
    """Run a server until `stop` is set.

    At the end new work is refused with 503, what waits is written, open requests are answered, and
    the store is closed.

    Args:
        settings: How it listens and answers.
        open_storage: Opens the store; called once the addresses are taken.
        ready: Called once, when every listener answers.
        stop: Set it (on SIGTERM) to end.
        replica: A name that no other server of the same store has.
        clock_us: Epoch microseconds.

    Raises:
        SettingsError: An address, the keys or the store's folder cannot be used; or other machines
            reach it although nobody has to sign, and nobody said that they may.
        MigrationError: A newer version wrote the store.
    """
    keys = WatchedKeys(
        settings.keys_path, time.monotonic, is_required=settings.keys_file is not None
    )
    if keys.current() is None:
        settings.refuse_strangers()
    with (
        contextlib.closing(bind("address", settings.address)) as main_socket,
        contextlib.closing(bind("admin_address", settings.admin_address)) as admin_socket,
        contextlib.closing(await asyncio.to_thread(open_storage)) as storage,
    ):
        throttle = Throttle(settings.requests_per_s, time.monotonic_ns)
        identity = Identity(keys.current, clock_us, LOCAL.region, throttle)
        writer = Writer(storage.insert, _writer_settings(settings), lambda: identity.is_shared)
        backend = Backend(storage, writer, settings, clock_us, identity)
        jobs = Jobs(upkeep.beat(storage.upkeep, replica), upkeep.jobs(storage.upkeep, settings))
        admin = create_admin(
            backend,
            fluoro.__version__,
            lambda: [
                *throttle.metrics(),
                *backend.fairness.metrics(),
                *backend.bodies.metrics(),
                *jobs.metrics(),
                *upkeep.metrics(storage.upkeep.dropped, settings),
            ],
            store_admin.routes(storage, settings.retention_days, clock_us),
        )
        if keys.current() is None and not settings.is_local:
            _LOG.warning("server_unprotected", address=settings.address, reason=_UNPROTECTED)
        jobs.start()
        try:
            await _serve(backend, admin, (main_socket, admin_socket), ready, stop)
        finally:
            await asyncio.to_thread(jobs.close)
            await asyncio.to_thread(writer.close)
            await asyncio.to_thread(backend.beside.close)
        counters = backend.counters
        _LOG.info(
            "server_stopped",
            received=writer.received + counters.rejected.total(),
            stored=writer.stored,
            rejected=writer.failed + writer.deleted + counters.rejected.total(),
            waiting=writer.waiting,
        )


async def _serve(
    backend: Backend,
    admin: Starlette,
    sockets: tuple[socket.socket, socket.socket],
    ready: Callable[[Addresses], None],
    stop: asyncio.Event,
) -> None:
    """Answer until `stop` is set and everything that was taken is written and answered."""
    main_socket, admin_socket = sockets
    async with (
        listening(
            admin,
            admin_socket,
            timeout_s=_REQUEST_S,
            connections=_ADMIN_CONNECTIONS,
            stop_s=_STOP_S,
        ),
        listening(
            create_app(backend),
            main_socket,
            timeout_s=_REQUEST_S,
            connections=CONNECTIONS,
            stop_s=_STOP_S,
        ),
    ):
        addresses = Addresses(address_of(main_socket), address_of(admin_socket))
        _LOG.info(
            "server_started",
            version=fluoro.__version__,
            **backend.settings.shown(),
        )
        ready(addresses)
        await stop.wait()
        backend.is_stopping = True
        await asyncio.to_thread(backend.writer.close)


def _writer_settings(settings: ServerSettings) -> WriterSettings:
    return WriterSettings(
        flush_documents=settings.flush_documents,
        flush_interval_s=settings.flush_interval_ms / 1000,
        queue_documents=settings.queue_documents,
        queue_bytes=settings.queue_bytes,
    )
