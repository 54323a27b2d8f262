"""The file of access keys: read, watched for changes, and written whole or not at all.

YAML, one list `keys` of {id, secret, account, role, revoked}. `fluoro keys` edits it; in a cluster
it is a Secret. It holds secrets as they are, so only its owner may read it (ADR 021).
"""

import contextlib
import dataclasses
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import structlog

from fluoro.errors import InputError, SettingsError
from fluoro.model.keys import AccessKey, Keys

LOOK_S = 2.0
"""How often a server looks whether the file changed; requests notice at most so much later."""

_SETTING = "keys_file"
_LOG = structlog.get_logger()

_Mark = tuple[int, int, int]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: list[dict[str, object]] = []


def parse(text: bytes) -> Keys:
    """The keys in a file's text.

    Raises:
        InputError: It is not such a file; the message never has a secret.
    """
    try:
        entries = msgspec.yaml.decode(text or b"{}", type=_File | None) or _File()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError("it is no YAML with a list `keys`") from error
    found: dict[str, AccessKey] = {}
    for place, entry in enumerate(entries.keys, 1):
        key = _key(place, entry)
        if key.id in found:
            raise InputError(f"id {key.id} is there twice")
        found[key.id] = key
    return found


def _key(place: int, entry: dict[str, object]) -> AccessKey:
    """A key of the list. A misspelt `revoked` must not leave it valid."""
    names = {field.name for field in dataclasses.fields(AccessKey)}
    if unknown := sorted(set(entry) - names):
        raise InputError(f"key {place} has an unknown member {unknown[0]!r}")
    if isinstance(entry.get("account"), int):
        raise InputError(f"the account of key {place} needs quotes")
    try:
        return msgspec.convert(entry, AccessKey)
    except msgspec.ValidationError as error:
        raise InputError(f"key {place} is wrong: {error}") from error


def read(path: Path) -> Keys:
    """The keys in a file.

    Raises:
        SettingsError: It cannot be read, or is not such a file.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise SettingsError(_SETTING, f"{path} cannot be read ({error.strerror})") from error
    except InputError as error:
        raise SettingsError(_SETTING, f"{path}: {error.message}") from error


@contextlib.contextmanager
def changing(path: Path) -> Iterator[dict[str, AccessKey]]:
    """Keys to change, none when there is no file yet; written when the block ends well.

    Two commands at a time wait for each other. Readers see the old file or the new one.

    Raises:
        SettingsError: The file is wrong, or it or its folder cannot be written.
    """
    path = path.expanduser().resolve()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        keys = dict(read(path)) if path.exists() else {}
        yield keys
        try:
            _write(path, keys)
            os.fsync(folder)
        except OSError as error:
            raise _unwritable(path, error) from error
    finally:
        os.close(folder)


def _unwritable(path: Path, error: OSError) -> SettingsError:
    return SettingsError(_SETTING, f"{path} cannot be written ({error.strerror})")


def _write(path: Path, keys: Keys) -> None:
    text = msgspec.yaml.encode({"keys": [dataclasses.asdict(key) for key in keys.values()]})
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            if os.geteuid() == 0:  # the server, which is another user, must still read it
                there = (path if path.exists() else path.parent).stat()
                os.fchown(file.fileno(), there.st_uid, there.st_gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


class WatchedKeys:
    """The keys of a file as they are now, or as they were when the file was last good."""

    def __init__(self, path: Path, clock_s: Callable[[], float], *, is_required: bool) -> None:
        """Read the file for the first time.

        Args:
            path: Of the file.
            clock_s: Seconds, never going back.
            is_required: Without it no file at all is no key.

        Raises:
            SettingsError: It cannot be read, is wrong, or is required and not there.
        """
        self._path = path
        self._clock_s = clock_s
        self._looked_s = clock_s()
        self._mark = _mark(path)
        if self._mark is None and is_required:
            raise SettingsError(
                _SETTING,
                f"{path} is not there: make a first key with `fluoro keys create --keys-file"
                f" {path} --role admin`",
            )
        self._keys: Keys = {} if self._mark is None else read(path)
        self._is_closed = bool(self._keys)

    def current(self) -> Keys | None:
        """The keys; None while there never was one, and so nobody has to sign.

        A server that once had keys never goes without: an emptied file lets nobody in.
        """
        now_s = self._clock_s()
        if now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._look()
        return self._keys if self._is_closed else None

    def _look(self) -> None:
        mark = _mark(self._path)
        if mark == self._mark:
            return
        self._mark = mark
        if mark is None:
            if self._is_closed:
                _LOG.error("keys_failed", reason=f"{self._path} is gone; the last keys go on")
            return
        try:
            self._keys = read(self._path)
        except SettingsError as error:
            _LOG.error("keys_failed", reason=f"{error.message}; the last keys go on")
            return
        self._is_closed = self._is_closed or bool(self._keys)
        _LOG.info("keys_read", count=len(self._keys))


def _mark(path: Path) -> _Mark | None:
    """What differs when the file or its mode does; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ctime_ns, found.st_size, found.st_ino
