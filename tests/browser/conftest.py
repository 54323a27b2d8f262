"""A real Chromium in front of a real `fluoro up` that took real datagrams."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from browser import traffic
from fluoro_up import Fluoro, fluoro_up, until
from node_packages import node_with_packages

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
ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "console"
BUILT = ROOT / "src/fluoro/server/console/static/index.html"
VIOLATIONS = """addEventListener("securitypolicyviolation",
    (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""

VISITS = pytest.StashKey[list["Visit"]]()


class Visit:
    """A page, and everything that it asked for and complained about."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.unprotected: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda opened: self.requests.append(opened.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("response", self._look)

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _look(self, response: Response) -> None:
        is_page = response.request.resource_type == "document"
        if is_page and "content-security-policy" not in response.headers:
            self.unprotected.append(response.url)

    def go(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def abroad(self) -> list[str]:
        """What was asked of anybody but the server."""
        home = urlsplit(self.base)
        return [
            url
            for url in self.requests
            if (urlsplit(url).scheme, urlsplit(url).netloc) != (home.scheme, home.netloc)
        ]


Open = Callable[..., Visit]


class Sent(NamedTuple):
    """A server, and when the first of its traces began."""

    server: Fluoro
    start: float

    @property
    def order(self) -> str:
        """The trace id of the faulty order."""
        return traffic.trace_id(self.start, 1)


class Captured(NamedTuple):
    """A server, and the documents of the official SDKs that it took, by their file."""

    server: Fluoro
    documents: dict[str, list[bytes]]

    @property
    def trace_ids(self) -> set[str]:
        return {json.loads(one)["trace_id"] for sent in self.documents.values() for one in sent}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """After a failure, a picture of each open page; the report names the files."""
    report = yield
    if report.when == "call" and report.failed:
        for number, visit in enumerate(item.stash.get(VISITS, [])):
            picture = item.funcargs["tmp_path"] / f"page-{number}.png"
            visit.page.screenshot(path=picture)
            report.sections.append(("Picture of the page", f"{visit.page.url}\n{picture}"))
    return report


@pytest.fixture(scope="session")
def built() -> None:
    """The console as the server hands it out."""
    if not BUILT.exists():
        node_with_packages(CONSOLE)
        subprocess.run(["npm", "run", "--silent", "build"], cwd=CONSOLE, check=True)


@pytest.fixture(scope="session")
def browser(built: None) -> Iterator[Browser]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        sentence = "these tests need Chromium: run `apt-get install chromium` as root"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield running
        running.close()


@pytest.fixture
def open_window(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens windows of their own: without cookies, storage or cache of another one."""
    visits = request.node.stash.setdefault(VISITS, [])

    def opened(server: Fluoro | str, scheme: str = "light", **options: Any) -> Visit:
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme=scheme, **options
        )
        context.add_init_script(VIOLATIONS)
        url = server if isinstance(server, str) else server.server
        visits.append(Visit(context.new_page(), url))
        return visits[-1]

    yield opened
    for visit in visits:
        visit.page.context.close()


@pytest.fixture(scope="session")
def sent(tmp_path_factory: pytest.TempPathFactory, built: None) -> Iterator[Sent]:
    """A server with four traces: one faulty with a callee, then a 200, a 404 and a 429."""
    with fluoro_up(tmp_path_factory.mktemp("browser")) as running:
        start = time.time() - 20
        traffic.send(running, traffic.stock(start), traffic.order(start))
        roots = enumerate((200, 404, 429), 1)
        traffic.send(running, *(traffic.quick(start + n, n + 1, status) for n, status in roots))
        until(lambda: len(running.summaries()) == 4, "four traces")
        yield Sent(running, start)


@pytest.fixture
def visit(open_window: Open, sent: Sent) -> Visit:
    """A light window at the server with four traces."""
    return open_window(sent.server)


@pytest.fixture(scope="session")
def captured(tmp_path_factory: pytest.TempPathFactory, built: None) -> Iterator[Captured]:
    """A server that took what the official SDKs sent."""
    with fluoro_up(tmp_path_factory.mktemp("captured")) as running:
        found = Captured(running, traffic.captured(time.time() - 5))
        documents = (one for sent in found.documents.values() for one in sent)
        traffic.send_bytes(running, (traffic.HEADER + one for one in documents))
        until(lambda: running.summaries().keys() == found.trace_ids, "every captured trace")
        yield found


@pytest.fixture(scope="session")
def crowded(tmp_path_factory: pytest.TempPathFactory, built: None) -> Iterator[Sent]:
    """A server with 300 services and a trace of 10,001 spans."""
    with fluoro_up(tmp_path_factory.mktemp("crowded")) as running:
        start = time.time() - 10
        traffic.send(running, *traffic.services(start), *traffic.long_trace(start))
        nodes = 2 * (traffic.MANY_SERVICES + 1)  # the root of the long trace comes last
        until(lambda: len(running.graph()) == nodes, "every service and its clients")
        yield Sent(running, start)
