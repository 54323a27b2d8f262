"""A real Chromium in front of a real `fluoro up` that took real datagrams."""

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fluoro_up import Fluoro, fluoro_up, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STATIC = Path(__file__).parents[2] / "src/fluoro/server/console/static/index.html"
HEADER = b'{"format":"json","version":1}\n'
SERVICES = 300
MANY_SPANS = 10_000
expect.set_options(timeout=15_000)


def send(fluoro: Fluoro, *documents: dict[str, object]) -> None:
    """Datagrams to the agent, as an SDK sends them."""
    host, _, port = fluoro.agent.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for document in documents:
            sender.sendto(HEADER + json.dumps(document).encode(), (host, int(port)))
            time.sleep(0.001)  # a burst larger than the socket's buffer is not what is tested


def trace_id(start: float, number: int) -> str:
    return f"1-{int(start):08x}-{number:024x}"


def order(start: float) -> dict[str, object]:
    """A faulty root with everything that the drill-down shows."""
    return {
        "trace_id": trace_id(start, 1),
        "id": "00000000000000a1",
        "name": "shop",
        "start_time": start,
        "end_time": start + 1.5,
        "fault": True,
        "user": "ada",
        "http": {
            "request": {"method": "POST", "url": "http://shop.example/buy"},
            "response": {"status": 500},
        },
        "annotations": {"order": "o-7", "premium": True},
        "metadata": {"default": {"exact": 2**53 + 1}},
        "cause": {
            "exceptions": [
                {
                    "id": "00000000000000e1",
                    "type": "ValueError",
                    "message": "no tea left",
                    "stack": [{"path": "tea.py", "line": 3, "label": "pour"}],
                }
            ]
        },
        "subsegments": [
            {
                "id": "00000000000000b1",
                "name": "tea@db.example",
                "namespace": "remote",
                "start_time": start + 0.1,
                "end_time": start + 0.4,
                "sql": {"sanitized_query": "SELECT * FROM tea", "database_type": "PostgreSQL"},
            },
            {
                "id": "00000000000000b2",
                "name": "api.example",
                "namespace": "remote",
                "start_time": start + 0.5,
                "end_time": start + 1.4,
                "http": {"request": {"method": "GET", "url": "http://api.example/stock"}},
            },
        ],
    }


def stock(start: float) -> dict[str, object]:
    """The segment that answers the second call."""
    return {
        "trace_id": trace_id(start, 1),
        "id": "00000000000000a2",
        "parent_id": "00000000000000b2",
        "name": "stock",
        "origin": "AWS::ECS::Container",
        "start_time": start + 0.6,
        "end_time": start + 1.3,
    }


def quick(start: float, number: int, status: int) -> dict[str, object]:
    """A root of another service, by its HTTP status."""
    return {
        "trace_id": trace_id(start, number),
        "id": f"{number:016x}",
        "name": "front",
        "start_time": start,
        "end_time": start + 0.02,
        "http": {
            "request": {"method": "GET", "url": "http://front.example/"},
            "response": {"status": status},
        },
    }


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        sentence = "Chromium is missing: run `apt-get install chromium` as root"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    assert STATIC.exists(), "the console is not built: run `make test`, which builds it first"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def fluoro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fluoro]:
    """A server with four traces: one faulty with a callee, three quick ones."""
    with fluoro_up(tmp_path_factory.mktemp("browser")) as running:
        start = time.time() - 20
        running.start = start
        send(running, stock(start), order(start))
        send(running, *(quick(start + n, n + 1, (200, 404, 429)[n - 1]) for n in (1, 2, 3)))
        until(lambda: len(running.summaries()) == 4, "four traces")
        yield running


class Visit:
    """A page, and everything that it asked for and complained about."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in {"error", "warning"}
                else None
            ),
        )

    def go(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page


@pytest.fixture(params=["light"])
def visit(
    request: pytest.FixtureRequest, browser: Browser, fluoro: Fluoro, tmp_path: Path
) -> Iterator[Visit]:
    """A new browser window, in the colour scheme of the parameter."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=request.param
    )
    page = context.new_page()
    yield Visit(page, fluoro.server)
    page.screenshot(path=tmp_path / "last.png")
    context.close()
