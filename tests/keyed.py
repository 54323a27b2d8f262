"""Programs of `fluoro` with access keys, as processes on free ports."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FLUORO = str(Path(sys.executable).with_name("fluoro"))
STOP_LIMIT_S = 60
ACCOUNT = "111122223333"


def keys(folder: Path, *arguments: str) -> str:
    """What `fluoro keys` prints; `folder` is the server's."""
    command = [FLUORO, "keys", *arguments, f"--data={folder}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def create(folder: Path, role: str, account: str = ACCOUNT) -> dict[str, str]:
    """A new key: `id`, `secret` and more."""
    text = keys(folder, "create", f"--role={role}", f"--account={account}", "--json")
    made: dict[str, str] = json.loads(text)
    return made


@contextlib.contextmanager
def running(folder: Path, *arguments: str, **environment: str) -> Iterator[dict[str, str]]:
    """A `fluoro` program: its addresses; its log is in `folder`."""
    log = folder / f"{arguments[0]}.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [FLUORO, *arguments, "--json"],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ | environment,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"it ended at its start:\n{log.read_text()}"
            addresses: dict[str, str] = json.loads(line)
            yield addresses
        finally:
            process.terminate()
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def running_server(folder: Path, *arguments: str) -> Iterator[dict[str, str]]:
    """A `fluoro server` over `folder`/data; its log is in `folder`."""
    listen = ["--address=127.0.0.1:0", "--admin-address=127.0.0.1:0"]
    with running(folder, "server", *listen, f"--data={folder / 'data'}", *arguments) as addresses:
        yield addresses
