"""`fluoro up`: agent, server and console on one machine, as the two processes they are elsewhere.

One parent, two children: so the agent's receiving thread never shares an interpreter with the
server. The children end with the parent, however it ends.
"""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from fluoro.cli.running import print_json, run_until_signal
from fluoro.errors import SettingsError
from fluoro.wire import ports

_FREE = ports.loopback(0)
_SET_PARENT_DEATH_SIGNAL = 1
_STOP_S = 60.0
_LINE = msgspec.json.Decoder(dict[str, str])


def up(
    *,
    data: Path | None = None,
    agent_address: str = ports.loopback(ports.AGENT),
    server_address: str = ports.loopback(ports.SERVER),
    insecure: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Run agent, server and console with a store of their own, until Ctrl-C.

    Args:
        data: Folder of the store, made when it is not there; else the server's default.
        agent_address: Where services send segments (UDP) and ask about sampling (TCP).
        server_address: Where the console and the X-Ray API are.
        insecure: Let the server listen beyond this machine although nobody has to sign.
        json: Print one line with the addresses in use, once all answer.
    """
    _refuse_taken("server_address", server_address, (socket.SOCK_STREAM,))
    _refuse_taken("agent_address", agent_address, (socket.SOCK_STREAM, socket.SOCK_DGRAM))
    server = ["server", f"--address={server_address}", f"--admin-address={_FREE}"]
    if data is not None:
        server.append(f"--data={data}")
    if insecure:
        server.append("--insecure")
    agent = ["agent", f"--udp-address={agent_address}", f"--tcp-address={agent_address}"]
    agent.append(f"--admin-address={_FREE}")
    status = run_until_signal(lambda stop: _run(server, agent, stop, json=json))
    sys.exit(status)


def _refuse_taken(setting: str, address: str, kinds: Sequence[socket.SocketKind]) -> None:
    """Say it by the flag that was given; a child would say it by its own."""
    host, port = ports.parse(setting, address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in kinds:
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise SettingsError(
                    setting,
                    f"{address} cannot be used ({error.strerror or error}): stop what listens"
                    " there or choose another address",
                ) from error


async def _run(server: list[str], agent: list[str], stop: asyncio.Event, *, json: bool) -> int:
    """Start both, wait, stop both; the exit status."""
    children: list[Process] = []
    try:
        found: dict[str, str] = {}
        for arguments in (server, agent):
            if found:
                arguments.append(f"--upstream={found['server']}")
            child = await _start(arguments)
            children.append(child)
            line = await _first_line(child, stop)
            if line is None:
                return os.EX_OK if stop.is_set() else await child.wait()
            found |= line
        _announce(found, json=json)
        ended = [asyncio.create_task(child.wait()) for child in children]
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({stopped, *ended}, return_when=asyncio.FIRST_COMPLETED)
        return os.EX_OK if stop.is_set() else 1
    finally:
        for child in reversed(children):
            await _stop(child)


def _announce(found: dict[str, str], *, json: bool) -> None:
    if json:
        print_json({name: found[name] for name in _ORDER})
        return
    sys.stdout.write(
        f"Fluoro   {found['server']}\n"
        f"agent    {found['agent']}   (AWS_XRAY_DAEMON_ADDRESS={found['agent']})\n"
        f"data     {found['data']}\n"
        "stop     Ctrl-C\n"
    )
    sys.stdout.flush()


_ORDER = ("agent", "agent_admin", "server", "server_admin", "data")


async def _start(arguments: list[str]) -> Process:
    parent = os.getpid()
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fluoro.cli.main",
        *arguments,
        "--json",
        stdout=PIPE,
        start_new_session=True,  # Ctrl-C is for the parent, which stops them in order
        preexec_fn=lambda: _end_with(parent),
    )


def _end_with(parent: int) -> None:
    """In the child: be ended in good order when the parent is gone, even by `kill -9`."""
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


async def _first_line(child: Process, stop: asyncio.Event) -> dict[str, str] | None:
    """Where the child listens; None when it ended, or when we are told to stop."""
    if child.stdout is None:
        raise AssertionError
    reading = asyncio.create_task(child.stdout.readline())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({reading, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not reading.done():
        reading.cancel()
        return None
    line = reading.result()
    return _LINE.decode(line) if line else None


async def _stop(child: Process) -> None:
    if child.returncode is None:
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), _STOP_S)
    except TimeoutError:
        child.kill()
        await child.wait()
