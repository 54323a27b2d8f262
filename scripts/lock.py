"""`make lock` writes requirements.lock; with --check it says whether the lock is current, offline.

The lock names versions and hashes for every platform, and no registry's host (docs/adr, the lock).
"""

import argparse
import json
import sys
import tomllib

import steps
from checkout import LOCK, ROOT, VENV, fingerprint

_INPUTS = "# inputs: "


def inputs() -> str:
    """SHA-256 over everything in pyproject.toml that decides what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    deciding = [
        project["build-system"]["requires"],
        project["project"]["requires-python"],
        project["project"]["dependencies"],
        project["project"]["optional-dependencies"],
        project["dependency-groups"],
    ]
    return fingerprint([json.dumps(deciding, sort_keys=True)])


def check() -> int:
    """Status 0 when the lock was made from pyproject.toml as it is."""
    if LOCK.exists() and LOCK.read_text().startswith(f"{_INPUTS}{inputs()}\n"):
        return 0
    print(f"{LOCK.name} is older than pyproject.toml: run `make lock`", file=sys.stderr)
    return 1


def write() -> int:
    """Resolve again, keeping the versions that are locked where they still fit."""
    command = [
        VENV / "bin" / "uv", "pip", "compile", "pyproject.toml", "--all-extras", "--group", "dev",
        "--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links",
        "--no-header", "--no-annotate", "--output-file", LOCK,
    ]  # fmt: skip
    steps.run("resolving", command)
    locked = "".join(
        line for line in LOCK.read_text().splitlines(keepends=True) if not line.startswith("#")
    )
    LOCK.write_text(f"{_INPUTS}{inputs()}\n{locked}")
    return 0


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true")
    steps.main(check if options.parse_args().check else write)
