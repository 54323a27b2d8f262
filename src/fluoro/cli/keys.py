"""`fluoro keys …`: make, list and revoke access keys in the server's file."""

import base64
import dataclasses
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from fluoro.errors import InputError, SettingsError
from fluoro.model.keys import AccessKey, Role
from fluoro.model.tenant import LOCAL
from fluoro.server import keys_file as file
from fluoro.server.settings import ServerSettings

_ID_BYTES, _SECRET_BYTES = 10, 30
"""16 characters behind the prefix, and 40: as long as AWS's, for clients that check."""
_ID_PREFIX = "FLUO"


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which file."""

    keys_file: Annotated[Path | None, Parameter(env_var="FLUORO_SERVER_KEYS_FILE")] = None
    """The server's setting; without it keys.yaml in `data`. Made when it is not there."""

    data: Annotated[Path, Parameter(env_var="FLUORO_SERVER_DATA")] = ServerSettings.data
    """Folder of the server; its own setting."""

    @property
    def path(self) -> Path:
        """Where the file is, or will be."""
        return ServerSettings(keys_file=self.keys_file, data=self.data).keys_path


_Flags = Annotated[Where, Parameter(name="*")]
_DEFAULT = Where()


def create(
    *,
    role: Role,
    account: str = LOCAL.account,
    where: _Flags = _DEFAULT,
    json: bool = False,
) -> None:
    """Make a key and show its secret, this once.

    Args:
        role: `write` for agents, `read` for dashboards and the console, `admin` for everything.
        account: Whose data it is about, 12 digits.
        where: Its flags.
        json: Print JSON.
    """
    try:
        key = AccessKey(
            id=_ID_PREFIX + base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode(),
            secret=secrets.token_urlsafe(_SECRET_BYTES),
            account=account,
            role=role,
        )
    except InputError as error:
        raise SettingsError("account", error.message) from error
    with file.changing(where.path) as keys:
        keys[key.id] = key
    if json:
        _say(msgspec.json.encode(dataclasses.asdict(key)).decode())
        return
    _say(
        f"access key id      {key.id}\n"
        f"secret access key  {key.secret}\n"
        f"account {key.account}, role {key.role}. The secret is not shown again."
    )


def list_(*, where: _Flags = _DEFAULT, json: bool = False) -> None:
    """Show all keys, without their secrets.

    Args:
        where: Its flags.
        json: Print JSON.
    """
    path = where.path
    rows = [
        {"id": key.id, "account": key.account, "role": key.role, "revoked": key.revoked}
        for key in (file.read(path) if path.exists() else {}).values()
    ]
    if json:
        _say(msgspec.json.encode(rows).decode())
    elif not rows:
        _say(f"no keys in {path}: nobody has to sign")
    else:
        width = max(len(str(row["id"])) for row in rows)
        for row in rows:
            state = "revoked" if row["revoked"] else "valid"
            _say(f"{row['id']:{width}}  {row['account']}  {row['role']:5}  {state}")


def revoke(key_id: Annotated[str, Parameter(name="ID")], /, *, where: _Flags = _DEFAULT) -> None:
    """Refuse a key from now on; servers notice within 5 seconds.

    Args:
        key_id: Of the key.
        where: Its flags.
    """
    with file.changing(where.path) as keys:
        if key_id not in keys:
            raise SettingsError("keys_file", f"there is no key {key_id} in {where.path}")
        keys[key_id] = dataclasses.replace(keys[key_id], revoked=True)
    _say(f"{key_id} is revoked")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
