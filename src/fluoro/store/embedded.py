"""chDB: the engine in this process, on one folder that no other process holds.

One connection runs one query at a time, without the GIL. Source: spec of the performance design, 5.
"""

import contextlib
import fcntl
import importlib
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from fluoro.errors import SettingsError
from fluoro.store.engine import Engine, Limits, Node, Parameters, translated
from fluoro.store.layout import Layout
from fluoro.store.leftovers import without_leftovers
from fluoro.store.resident import forget_pages

_MARK_CACHE_BYTES = 128 * 1024 * 1024
_ROWS_A_THREAD = 49_152
"""From so many rows on a read takes another thread: 24 granules of `spans`, which a dozen scattered
traces are (by default 163,840 rows). Less has no effect beside the engine's limit in bytes."""


def open_folder(folder: Path, limits: Limits) -> Engine:
    """Take a folder, made if it is not there, and open the engine on it.

    Raises:
        SettingsError: The folder cannot be written, or another process holds it.
    """
    lock = _take(folder)
    try:
        with _without("pyarrow"):
            library = importlib.import_module("chdb._chdb").__file__ or ""
        _raise_open_files()
        incoming = folder / "incoming"
        shutil.rmtree(incoming, ignore_errors=True)  # plain text that a kill left behind
        incoming.mkdir()
        writer, readers, node = _connect(folder, limits)
    except OSError as error:
        lock.close()
        raise _unwritable(folder, error) from error
    except BaseException:
        lock.close()
        raise
    forget_pages(Path(library).name)  # a third of it is for the start alone
    tempfile.tempdir = str(incoming)  # where clickhouse-connect writes an insert for chDB

    def release() -> None:
        tempfile.tempdir = None
        lock.close()

    return Engine(writer, readers, [[node]], Layout(), release)


def _connect(folder: Path, limits: Limits) -> tuple[Client, list[Client], Node]:
    """The writer's connection, the readers', and those of commands."""
    options = {
        "max_server_memory_usage": limits.memory_bytes,
        "background_pool_size": limits.threads,
        "mark_cache_size": _MARK_CACHE_BYTES,
        # A deletion looks at every part, as many at once as the small pool takes, and waits when it
        # is full: by default up to a second (9 s for 59 parts; 1.3 s so).
        "background_processing_pool_task_sleep_seconds_when_no_work_random_part": 0.1,
        "backups.allowed_path": "/",  # a backup goes where the operator says
    }
    asking = {
        "max_execution_time": limits.query_timeout_s,
        "max_memory_usage": limits.query_memory_bytes,
    }

    def connect(settings: Parameters) -> Client:
        client = clickhouse_connect.get_client(
            interface="chdb",
            path=str(folder / "store"),
            chdb_options=options,
            settings={
                "async_insert": 0,
                "max_threads": limits.threads,
                "max_threads_min_free_memory_per_thread": 0,
                "merge_tree_min_rows_for_concurrent_read": _ROWS_A_THREAD,
                **settings,
            },
        )
        return without_leftovers(client)

    with contextlib.ExitStack() as opened, translated():
        clients = [connect({})]
        opened.callback(clients[0].close)
        for _ in range(limits.readers):
            clients.append(connect(asking))
            opened.callback(clients[-1].close)
        opened.pop_all()

    def connect_node() -> Client:
        return connect(asking)

    node = Node(str(folder), connect_node, connect_node, is_first_shard=True)
    return clients[0], clients[1:], node


@contextlib.contextmanager
def _without(package: str) -> Iterator[None]:
    """Let what is imported meanwhile find that a package, which it can do without, is missing."""
    if package in sys.modules:  # somebody else's, who needs it
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # how importlib is told, not typed
    try:
        yield
    finally:
        del sys.modules[package]


def _take(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise SettingsError(
            "data",
            f"another Fluoro server uses the folder {folder}: stop it or choose another folder",
        ) from error
    os.set_inheritable(lock.fileno(), False)  # noqa: FBT003  the function has no keyword
    return lock


def _unwritable(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(
        "data", f"the folder {folder} cannot be written ({error.strerror}): choose another"
    )


def _raise_open_files() -> None:
    """The engine holds several hundred files; the usual soft limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
