"""`make screenshots`: pictures of map, list and timeline, light and dark, from a running `make up`.

Needs some minutes of the demo's traffic to look like something.
"""

import shutil
import time
import urllib.parse
from collections.abc import Iterator
from typing import Literal

from playwright.sync_api import Browser, ViewportSize, sync_playwright

import steps
from checkout import ROOT
from down import FLUORO
from up import ask, running_addresses

IMAGES = ROOT / "docs" / "images"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_SIZE: ViewportSize = {"width": 1440, "height": 900}
_STILL_MS = 1000
_WINDOW_S = 900


def screenshots() -> int:
    """Take every page in both themes."""
    if not FLUORO.is_running():
        raise steps.StepError("nothing to take pictures of: run `make up` first", 2)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise steps.StepError("Chromium is missing: run `apt-get install chromium` as root", 2)
    server = running_addresses()["server"]
    pages = {
        "map": "/map",
        "list": "/traces",
        "timeline": f"/traces/{_telling_trace(server)}",
    }
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, theme in _each(pages):
            _take(browser, f"{server}{pages[name]}", theme, f"{name}-{theme}.png")
        browser.close()
    return 0


def _each(pages: dict[str, str]) -> Iterator[tuple[str, Literal["light", "dark"]]]:
    for name in pages:
        for theme in THEMES:
            yield name, theme


def _take(browser: Browser, url: str, theme: Literal["light", "dark"], file: str) -> None:
    """Take a page once it stands still: the map is laid out and faded in after it has loaded."""
    page = browser.new_page(viewport=_SIZE, color_scheme=theme)
    page.goto(url)
    page.locator("main").wait_for()
    page.wait_for_load_state("networkidle")
    before, picture = b"", page.screenshot()
    while picture != before:
        page.wait_for_timeout(_STILL_MS)
        before, picture = picture, page.screenshot()
    (IMAGES / file).write_bytes(picture)
    page.close()
    print(f"docs/images/{file}", flush=True)


def _telling_trace(server: str) -> str:
    """The trace of the last minutes with most services, of these one with a fault."""
    now = time.time()
    query = urllib.parse.urlencode({"start": now - _WINDOW_S, "end": now, "limit": 500})
    rows = ask(server, "GET", f"/console/api/traces?{query}")["traces"]
    best = max(rows, key=lambda row: (row["faults"] > 0, len(row["services"])))
    trace_id: str = best["id"]
    return trace_id


if __name__ == "__main__":
    steps.main(screenshots)
