import gzip

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from fluoro.server.console.static import routes

SCRIPT = "console.log(1)" * 100


@pytest.fixture
def folder(tmp_path):
    """A built console."""
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<title>Fluoro</title>")
    (static / "icon.svg").write_text("<svg/>")
    (static / "assets" / "main-abc123.js").write_text(SCRIPT)
    (static / "assets" / "main-abc123.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / "secret").write_text("key")
    return static


@pytest.fixture
def browser(folder):
    with TestClient(Starlette(routes=routes(folder)), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/map", "/traces", "/traces/1-2-3", "/services", "/a/b/c"])
def test_every_place_of_the_console(browser, path):
    """The page itself, asked for again each time, since its name has no hash."""
    answer = browser.get(path)
    assert answer.text == "<title>Fluoro</title>"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/icon.svg", "/assets/main-abc123.js"])
def test_nothing_from_elsewhere(browser, path):
    """The policy allows no script but our own files, and no other host."""
    policy = browser.get(path).headers["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'self'"
    assert "script-src" not in rules
    assert "http" not in policy


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_files_with_a_hash(browser, encoding):
    """Kept for a year; the compressed copy for those who take it, under the same type."""
    answer = browser.get("/assets/main-abc123.js", headers={"Accept-Encoding": encoding})
    assert answer.text == SCRIPT
    assert answer.headers.get("Content-Encoding", "identity") == encoding
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_files_without_a_hash(browser):
    """Asked for again each time."""
    assert browser.get("/icon.svg").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/../secret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret"])
def test_nothing_outside_of_the_folder(browser, path):
    """No path leads out of it."""
    assert "key" not in browser.get(path).text


def test_a_missing_asset_is_not_the_page(server):
    """A browser with an old page must not take HTML for a script."""
    assert server.client.get("/assets/gone.js").status_code == 404


def test_a_console_that_is_not_built(tmp_path):
    """A plain page says what to do."""
    with TestClient(Starlette(routes=routes(tmp_path))) as client:
        answer = client.get("/map")
    assert answer.status_code == 200
    assert "make up" in answer.text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods(server, method):
    """Neither the page nor an operation."""
    assert server.client.request(method, "/traces").status_code == 404
