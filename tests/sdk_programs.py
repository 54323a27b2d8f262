"""The programs `steady` of the official SDKs: what starts each."""

import functools
import sys
from pathlib import Path

from node_packages import node_with_packages

HERE = Path(__file__).parent / "conformance"
SDKS = ("python", "node")


@functools.cache
def command(sdk: str) -> list[str]:
    """The start of the command line; SERVICE, RATE, SECONDS and LINGER follow."""
    return {"python": _python, "node": _node}[sdk]()


def _python() -> list[str]:
    return [sys.executable, str(HERE / "python" / "steady.py")]


def _node() -> list[str]:
    return [node_with_packages(HERE / "node"), str(HERE / "node" / "steady.js")]
