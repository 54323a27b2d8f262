"""`fluoro store …`: look after a store, by its folder or through the server that holds it."""

import contextlib
import http.client
import importlib.util
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from cyclopts import Parameter

from fluoro.errors import InputError, MissingExtraError, SettingsError, StoreUnavailableError
from fluoro.model.tenant import LOCAL
from fluoro.server import store_admin
from fluoro.server.settings import ServerSettings
from fluoro.server.store_admin import BackupMade, BackupRequest, Deleted, DeleteRequest, Refused
from fluoro.store.upkeep import DayOfTable, Finding, Statistics
from fluoro.wire import ports

if TYPE_CHECKING:
    from fluoro.store.pool import Pool

_PATIENCE_S = 4 * 3600.0
"""How long a server may take to answer: it reads or copies everything."""

_FOUND_FAULTS = 1

Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which store."""

    data: Annotated[Path, Parameter(env_var="FLUORO_SERVER_DATA")] = ServerSettings.data
    """Folder of a stopped server's store; the server's own setting."""

    server_admin: str = ""
    """Admin address of the running server that holds the store, instead of the folder."""


_Flags = Annotated[Where, Parameter(name="*")]
_DEFAULT = Where()


def stats(*, where: _Flags = _DEFAULT, json: bool = False) -> None:
    """Show rows, bytes and parts by table and day.

    Args:
        where: Its flags.
        json: Print JSON.
    """
    if where.server_admin:
        found = _ask(where, "GET", "/store/stats", None, Statistics, "server_admin")
    else:
        from fluoro.store import inspection  # noqa: PLC0415  0.4 s that help can save

        with _opened(where) as pool:
            found = inspection.statistics(pool, _now_us())
    _say(_as_json(found) if json else _table(found))


def check(*, where: _Flags = _DEFAULT, json: bool = False) -> None:
    """Read every file, compare the tables with each other; ends with status 1 on a fault.

    Args:
        where: Its flags.
        json: Print JSON.
    """
    found: Sequence[Finding]
    if where.server_admin:
        found = _ask(where, "POST", "/store/check", None, list[Finding], "server_admin")
    else:
        from fluoro.store import inspection  # noqa: PLC0415  0.4 s that help can save

        with _opened(where) as pool:
            found = inspection.check(pool, _now_us())
    lines = [f"{'ok  ' if each.is_fine else 'BAD '} {each.message}" for each in found]
    _say(_as_json(found) if json else "\n".join(lines))
    if not all(each.is_fine for each in found):
        sys.exit(_FOUND_FAULTS)


def backup(*, to: Path, where: _Flags = _DEFAULT) -> None:
    """Copy the store into a new folder, on the machine of the store.

    Args:
        to: Folder, made by the backup.
        where: Which store.
    """
    to = to.expanduser().absolute()
    if where.server_admin:
        request = BackupRequest(str(to))
        _ask(where, "POST", "/store/backup", request, BackupMade, "to")
    else:
        from fluoro.store.backup import back_up, newest_receipt_us  # noqa: PLC0415  the same

        with _opened(where) as pool:
            back_up(pool, to, newest_receipt_us(pool), _now_us())
    _say(f"backed up to {to}")


def restore(
    *,
    from_: Annotated[Path, Parameter(name="--from")],
    data: Annotated[Path, Parameter(env_var="FLUORO_SERVER_DATA")] = ServerSettings.data,
) -> None:
    """Make a store from a backup, in a folder that is empty or not there.

    Args:
        from_: Folder of the backup.
        data: Folder of the new store; the server's own setting.
    """
    _need_engine()
    from fluoro.store.backup import restore as restored  # noqa: PLC0415  0.4 s that help can save
    from fluoro.store.pool import Limits  # noqa: PLC0415  the same

    data = data.expanduser()
    note = restored(from_.expanduser(), data, Limits())
    _say(f"restored to {data}, as it was at {_time(note.made_us)}")


def delete(  # noqa: PLR0913  one flag each
    *,
    trace: str = "",
    user: str = "",
    account: str = LOCAL.account,
    region: str = LOCAL.region,
    retention_days: Annotated[
        int, Parameter(env_var="FLUORO_SERVER_RETENTION_DAYS")
    ] = ServerSettings.retention_days,
    where: _Flags = _DEFAULT,
) -> None:
    """Delete one trace, or every trace of a user; what is sent of them again is not kept.

    Args:
        trace: Id of a trace, X-Ray's or W3C's form.
        user: Segments' `user`.
        account: Whose.
        region: Of the account.
        retention_days: How long they are refused; a running server has its own.
        where: Which store.
    """
    request = DeleteRequest(account, region, trace or None, user or None)
    if where.server_admin:
        found = _ask(where, "POST", "/store/delete", request, Deleted, "trace")
    else:
        from fluoro.store.clickhouse import ClickHouseStorage  # noqa: PLC0415  0.4 s again

        folder = _folder(where)
        with _hinting():
            storage = ClickHouseStorage.open(folder)
        try:
            found = store_admin.delete(storage, request, retention_days, _now_us())
        except InputError as error:
            raise SettingsError("trace", error.message) from error
        finally:
            storage.close()
    _say(f"deleted {found.traces} traces")


def _folder(where: Where) -> Path:
    """The folder of a store that is there."""
    _need_engine()
    folder = where.data.expanduser()
    if not (folder / "store").is_dir():
        raise SettingsError("data", f"there is no store in {folder}: name the server's folder")
    return folder


@contextlib.contextmanager
def _opened(where: Where) -> Iterator["Pool"]:
    """The store in a folder, as it is: no version is brought forward."""
    folder = _folder(where)
    from fluoro.store import inspection  # noqa: PLC0415  0.4 s that help can save
    from fluoro.store.pool import Limits, Pool  # noqa: PLC0415  the same

    with _hinting():
        pool = Pool.open(folder, Limits())
    with contextlib.closing(pool):
        inspection.refuse_newer(pool)
        yield pool


@contextlib.contextmanager
def _hinting() -> Iterator[None]:
    """A server that runs holds its folder."""
    try:
        yield
    except SettingsError as error:
        message = f"{error.message}, or ask the server by --server-admin"
        raise SettingsError(error.setting, message) from error


def _need_engine() -> None:
    if importlib.util.find_spec("chdb") is None:
        raise MissingExtraError("embedded")


def _ask(  # noqa: PLR0913, PLR0917  a request, and how its answer is read
    where: Where, method: str, path: str, request: object, type_: type[Answer], blamed: str
) -> Answer:
    """Ask the running server.

    Raises:
        SettingsError: It does not answer, or refuses.
    """
    host, port = ports.parse("server_admin", where.server_admin)
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
    try:
        connection.request(method, path, None if request is None else msgspec.json.encode(request))
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise SettingsError(
            "server_admin", f"no server answers at {where.server_admin} ({error})"
        ) from error
    finally:
        connection.close()
    try:
        if answer.status == HTTPStatus.OK:
            return msgspec.json.decode(body, type=type_)
        message = msgspec.json.decode(body, type=Refused).message
    except msgspec.MsgspecError as error:
        raise SettingsError(
            "server_admin", f"{where.server_admin} is no admin address of a Fluoro server"
        ) from error
    if answer.status == HTTPStatus.FORBIDDEN:
        raise SettingsError("server_admin", message)
    if answer.status == HTTPStatus.BAD_REQUEST:
        raise SettingsError(blamed, message)
    raise StoreUnavailableError(message)


def _table(found: Statistics) -> str:
    head = ("table", "day of receipt", "rows", "bytes", "parts")
    rows = [head, *(_cells(each) for each in found.tables)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < _WORDS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    total = sum(each.bytes for each in found.tables)
    dropped = [f"{count:,} for {reason}" for reason, count in sorted(found.days_dropped.items())]
    if dropped:
        dropped = [f"days dropped    {', '.join(dropped)}, since the server started"]
    if found.excess_bytes:
        dropped.append(f"above the cap   {found.excess_bytes:,} bytes, all of today")
    return "\n".join(
        [
            *lines,
            "",
            *dropped,
            f"bytes in all    {total:,}",
            f"oldest receipt  {_time(found.oldest_receipt_us)}",
            f"newest receipt  {_time(found.newest_receipt_us)}",
            f"deleted traces  {found.tombstones:,} that are refused",
            f"schema version  {found.schema_version}",
        ]
    )


_WORDS = 2
"""Columns that are no numbers."""


def _cells(each: DayOfTable) -> tuple[str, ...]:
    return each.table, each.day, f"{each.rows:,}", f"{each.bytes:,}", f"{each.parts:,}"


def _time(us: int | None) -> str:
    if us is None:
        return "none"
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _as_json(found: object) -> str:
    return msgspec.json.encode(found).decode()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _now_us() -> int:
    return time.time_ns() // 1000
