"""The demo's supervisor leaves no process behind, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluoro_up import until
from node_packages import node_with_packages

pytestmark = [pytest.mark.process, pytest.mark.node]
DEMO = Path(__file__).parents[2] / "demo"
STARTED_AT_ONCE = 8  # AWS with the bank, and seven services; the worker waits for them


class Shop:
    """A shop that is opening: its processes run, though not all of them answer yet."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.children: list[int] = until(self._all_children, "the services to start", 60)

    def _all_children(self) -> list[int] | None:
        pid = self.process.pid
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in found] if len(found) >= STARTED_AT_ONCE else None

    def has_no_children_left(self) -> bool:
        """Whether every child is gone, or dead and only waiting for its new parent's look."""
        return not any(map(is_alive, self.children))


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


@pytest.fixture
def shop() -> Iterator[Shop]:
    """The shop as `make up` starts it; nobody has to listen to its segments."""
    node_with_packages(DEMO / "node")
    command = [sys.executable, str(DEMO / "shop.py"), "--daemon=127.0.0.1:9"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield Shop(process)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_all(shop: Shop, number: signal.Signals):
    """SIGTERM and SIGINT end every service, and the shop with status 0."""
    shop.process.send_signal(number)
    assert shop.process.wait(30) == 0
    assert shop.has_no_children_left()


def test_a_kill_ends_all(shop: Shop):
    """Services die with a supervisor that could not stop them."""
    shop.process.kill()
    until(shop.has_no_children_left, "the services to die with the shop")


def test_a_dead_service_closes_the_shop(shop: Shop):
    """When a service dies the others are stopped, and the last line names it."""
    for pid in shop.children:
        if b"services.inventory" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    _, errors = shop.process.communicate(timeout=30)
    assert shop.process.returncode == 1
    assert "The shop is closed: inventory ended with status -9." in errors.decode()
    assert shop.has_no_children_left()
