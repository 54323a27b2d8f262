"""The agent from its start to its end: doors open, documents flow, doors close, buffers empty."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

import httpx2
import msgspec
import structlog

from fluoro.agent.admin import admin_app
from fluoro.agent.batcher import Batcher
from fluoro.agent.counts import Counts
from fluoro.agent.forwarder import Forwarder
from fluoro.agent.proxy import Proxy
from fluoro.agent.receiver import Receiver, granted_bytes, open_socket
from fluoro.agent.sampling_cache import SamplingCache
from fluoro.agent.settings import AgentSettings
from fluoro.agent.telemetry import Telemetry
from fluoro.errors import SettingsError
from fluoro.listener import address_of, bind, listening, unusable
from fluoro.model.tenant import LOCAL
from fluoro.signer import Signer
from fluoro.wire import ports
from fluoro.wire.sigv4 import Credentials

_TICK_S = 0.05
_ADMIN_CONNECTIONS = 64
_STOP_S = 2
"""Longest time for answers that are under way when a door closes."""

_SAME_PORT_TRIES = 20

Given = TypeVar("Given")

_log = structlog.get_logger()


class Addresses(msgspec.Struct, frozen=True):
    """Where a running agent listens, as host:port."""

    agent: str
    """UDP and TCP; the UDP one where they differ."""
    admin: str


def open_doors(settings: AgentSettings) -> tuple[socket.socket, socket.socket, socket.socket]:
    """Bound UDP, TCP and admin sockets; where both ports are 0, UDP and TCP get the same number.

    Raises:
        SettingsError: An address is in use or cannot be had.
    """
    host, port = ports.parse("tcp_address", settings.tcp_address)
    _, udp_port = ports.parse("udp_address", settings.udp_address)
    with contextlib.ExitStack() as opened:
        admin = opened.enter_context(bind("admin_address", settings.admin_address))
        if udp_port or port:
            tcp = opened.enter_context(bind("tcp_address", settings.tcp_address))
            udp = opened.enter_context(_open_udp(settings, udp_port))
        else:
            udp, tcp = _open_same_port(settings, host)
        opened.pop_all()
    return udp, tcp, admin


def _open_same_port(settings: AgentSettings, host: str) -> tuple[socket.socket, socket.socket]:
    """A number that is free for both; another program may take it in between, then the next."""
    for left in reversed(range(_SAME_PORT_TRIES)):
        udp = _open_udp(settings, 0)
        try:
            return udp, bind("tcp_address", ports.spell(host, udp.getsockname()[1]))
        except SettingsError:
            udp.close()
            if not left:
                raise
    raise AssertionError


def _open_udp(settings: AgentSettings, port: int) -> socket.socket:
    host, _ = ports.parse("udp_address", settings.udp_address)
    try:
        return open_socket(host, port, settings.receive_buffer_bytes)
    except OSError as error:
        raise unusable("udp_address", settings.udp_address, error) from error


async def run(
    settings: AgentSettings,
    *,
    ready: Callable[[Addresses], None],
    stop: asyncio.Event,
    clock_s: Callable[[], float] = time.monotonic,
    wall_clock_s: Callable[[], float] = time.time,
) -> Counts:
    """Run an agent until `stop` is set, then drain it; the final counts.

    Args:
        settings: How it listens and sends.
        ready: Called once, when every door is open.
        stop: Set it (on SIGTERM) to end: /readyz turns 503 at once, datagrams are still taken for
            `drain_s`, then until the socket is empty, then all is sent within `flush_deadline_s`.
        clock_s: A clock that never goes back.
        wall_clock_s: Epoch seconds, for telemetry and signatures.

    Raises:
        SettingsError: An address cannot be used.
        Exception: What ended a sender or the receiving thread, which nobody foresaw. It was logged
            when it happened, and the agent has ended as if stopped; only a restart helps.
    """
    counts = Counts()
    failures: list[BaseException] = []

    def fail(error: BaseException) -> None:
        _log.error("agent_failed", exc_info=error)
        failures.append(error)
        stop.set()

    batcher = Batcher(settings, settings.buffer_bytes, counts, clock_s)
    udp, tcp, admin = open_doors(settings)
    loop = asyncio.get_running_loop()
    receiver = Receiver(
        udp,
        lambda datagrams: _call(loop, batcher.add, datagrams),
        lambda error: _call(loop, fail, error),
    )
    timeout_s = settings.tcp_timeout_s
    async with (
        _closed_at_end(udp, tcp, admin),
        httpx2.AsyncClient(
            base_url=settings.upstream,
            auth=_signer(settings, wall_clock_s),
            timeout=settings.request_timeout_s,
            trust_env=False,  # HTTP_PROXY and the like are for the world outside
            verify=ssl.create_default_context(),  # SSL_CERT_FILE still holds
        ) as client,
        listening(
            admin_app(
                counts,
                udp,
                is_alive=lambda: not failures,
                is_ready=lambda: not stop.is_set(),
            ),
            admin,
            timeout_s=timeout_s,
            connections=_ADMIN_CONNECTIONS,
            stop_s=_STOP_S,
        ),
    ):
        telemetry = Telemetry(client, counts, socket.gethostname(), wall_clock_s)
        forwarder = Forwarder(client, batcher, counts)
        cache = SamplingCache(settings.sampling_cache_s, clock_s, wall_clock_s)
        proxy = Proxy(client, cache, counts, settings.tcp_body_bytes)
        tasks = [asyncio.create_task(forwarder.send_for_ever()) for _ in range(settings.senders)]
        tasks.append(asyncio.create_task(telemetry.report_for_ever(settings.telemetry_interval_s)))
        for task in tasks:
            task.add_done_callback(lambda ended: _tell(ended, fail))
        try:
            async with (
                listening(
                    proxy.app,
                    tcp,
                    timeout_s=timeout_s,
                    connections=settings.tcp_connections,
                    stop_s=_STOP_S,
                ),
                _receiving(receiver),
            ):
                _announce(settings, udp, admin, ready)
                await stop.wait()
                await asyncio.sleep(settings.drain_s)
            await _flush(batcher, counts, clock_s() + settings.flush_deadline_s, clock_s)
        finally:
            await _end(tasks)
        if counts.received:
            await _report(telemetry)
    _log.info(
        "agent_stopped",
        received=counts.received,
        forwarded=counts.forwarded,
        rejected=counts.rejected.total(),
        dropped=counts.dropped.total(),
    )
    if failures:
        raise failures[0]
    return counts


def _signer(settings: AgentSettings, wall_clock_s: Callable[[], float]) -> Signer | None:
    """None without a key."""
    if not settings.access_key_id:
        return None
    key_id, secret = settings.access_key_id, settings.secret_access_key
    return Signer(Credentials(key_id, secret, settings.region or LOCAL.region), wall_clock_s)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[Given], None], given: Given) -> None:
    """From the receiving thread to the loop's."""
    loop.call_soon_threadsafe(function, given)


def _tell(ended: asyncio.Task[None], fail: Callable[[BaseException], None]) -> None:
    """A task that works for ever ends when it is cancelled, or by an error."""
    error = None if ended.cancelled() else ended.exception()
    if error is not None:
        fail(error)


@contextlib.asynccontextmanager
async def _closed_at_end(*doors: socket.socket) -> AsyncIterator[None]:
    """Close the doors that nobody closed, whatever failed before they were served."""
    try:
        yield
    finally:
        for door in doors:
            door.close()


@contextlib.asynccontextmanager
async def _receiving(receiver: Receiver) -> AsyncIterator[None]:
    """Receive while the block runs, and then what the socket still holds."""
    receiver.start()
    try:
        yield
    finally:
        await asyncio.to_thread(receiver.stop)


def _announce(
    settings: AgentSettings,
    udp: socket.socket,
    admin: socket.socket,
    ready: Callable[[Addresses], None],
) -> None:
    addresses = Addresses(address_of(udp), address_of(admin))
    _log.info(
        "agent_started",
        address=addresses.agent,
        admin_address=addresses.admin,
        upstream=settings.upstream,
        access_key_id=settings.access_key_id,
        receive_buffer_bytes=granted_bytes(udp),
    )
    ready(addresses)


async def _flush(
    batcher: Batcher, counts: Counts, deadline_s: float, clock_s: Callable[[], float]
) -> None:
    """Let the senders empty the buffer; what still waits at the deadline is dropped and counted."""
    batcher.flush()
    while counts.buffered and clock_s() < deadline_s:  # noqa: ASYNC110  at the end only
        await asyncio.sleep(_TICK_S)
    if counts.buffered:
        _log.warning("documents_dropped", count=counts.buffered, reason="stopped")
        batcher.give_up_all("stopped")


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _report(telemetry: Telemetry) -> None:
    """The last counts, if the server takes them soon."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_STOP_S):
            await telemetry.report()
