"""`fluoro server`."""

import asyncio
import dataclasses
import gc
import importlib.util
import os
import shutil
import socket
import uuid
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from fluoro.cli.memory import memory_limit_bytes
from fluoro.cli.running import configure_log, print_json, run_until_signal
from fluoro.errors import MissingExtraError
from fluoro.server.program import Addresses, run
from fluoro.server.settings import ServerSettings
from fluoro.store import beside
from fluoro.store.resident import use_one_heap
from fluoro.store.upkeep import KeptStorage

_COLLECTIONS = (100_000, 20, 100)
"""Objects made before a collection, and collections before one that looks at more."""
_SHARE_OF_LIMIT = 0.7
_SHARE_OF_VOLUME = 0.8
_WITHOUT_LIMIT_BYTES = 2_000_000_000


def server(
    *,
    settings: Annotated[ServerSettings, Parameter(name="*")] = ServerSettings(),  # noqa: B008  frozen
    json: bool = False,
) -> None:
    """Store traces, answer the X-Ray API, show the console.

    Args:
        settings: Its flags.
        json: Print one line with the addresses in use once all answer.
    """
    settings = fitted(settings, memory_limit_bytes(), os.cpu_count() or 1)
    configure_log(settings.log_level)
    use_one_heap()

    def ready(addresses: Addresses) -> None:
        _collect_rarely()
        if json:
            print_json(
                {
                    "server": f"http://{addresses.server}",
                    "server_admin": addresses.admin,
                    "data": str(settings.data),
                }
            )

    async def program(stop: asyncio.Event) -> None:
        replica = f"{socket.gethostname()}-{uuid.uuid4().hex[:12]}"
        await run(settings, lambda: _open(settings), ready=ready, stop=stop, replica=replica)

    run_until_signal(program)


def _collect_rarely() -> None:
    """Look for cycles seldom, and never in what the start made.

    A page of traces is many thousand objects without a cycle; looking for some among them takes a
    fifth of the time of a read.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)


def fitted(settings: ServerSettings, memory_limit: int | None, processors: int) -> ServerSettings:
    """Settings with what depends on the machine worked out: folder, memory, cores, disk.

    Args:
        settings: As given.
        memory_limit: Bytes that the container may use, None without a limit.
        processors: Cores of the machine.

    Raises:
        SettingsError: They do not go together.
    """
    settings = dataclasses.replace(settings, data=settings.data.expanduser())
    if settings.store:
        return settings
    share = _WITHOUT_LIMIT_BYTES if memory_limit is None else int(memory_limit * _SHARE_OF_LIMIT)
    memory_bytes = settings.store_memory_bytes or share
    return dataclasses.replace(
        settings,
        disk_bytes=settings.disk_bytes or int(volume_bytes(settings.data) * _SHARE_OF_VOLUME),
        store_memory_bytes=memory_bytes,
        store_threads=settings.store_threads or processors,
        query_memory_bytes=settings.query_memory_bytes or memory_bytes // 4,
    )


def volume_bytes(folder: Path) -> int:
    """Size of the volume that a folder is on, or will be once it is made."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).total


def _open(settings: ServerSettings) -> KeptStorage:
    """The ClickHouse of the settings, or the embedded store in their folder."""
    address = settings.store_address
    if address is None and importlib.util.find_spec("chdb") is None:
        raise MissingExtraError("embedded")
    from fluoro.store.clickhouse import ClickHouseStorage  # noqa: PLC0415  0.4 s that help can save
    from fluoro.store.pool import Limits  # noqa: PLC0415  the same

    limits = Limits(
        memory_bytes=settings.store_memory_bytes,
        readers=settings.store_readers + beside.CONNECTIONS,
        threads=settings.store_threads,
        query_timeout_s=settings.query_timeout_s,
        query_memory_bytes=settings.query_memory_bytes,
    )
    if address is None:
        return ClickHouseStorage.open(settings.data, limits)
    return ClickHouseStorage.connect(address, settings.store_password, limits)
