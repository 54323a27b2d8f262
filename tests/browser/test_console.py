import re
import time
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from browser.conftest import MANY_SPANS, SERVICES, Visit, quick, send, trace_id
from fluoro_up import fluoro_up, until

pytestmark = pytest.mark.browser

SHOP = 'button[data-node="shop||"]'
both_schemes = pytest.mark.parametrize("visit", ["light", "dark"], indirect=True)
PAGES = ["/map", "/services", "/traces"]


def order_path(fluoro):
    return f"/traces/{trace_id(fluoro.start, 1)}"


def test_the_map_lists_every_node_with_its_outcome(visit):
    """The canvas has a mirror for keyboards and screen readers, with the same nodes."""
    page = visit.go("/map")
    nodes = page.get_by_role("list", name="Nodes of the service map")
    expect(nodes.get_by_role("button")).to_have_count(6)
    labels = [button.inner_text() for button in nodes.get_by_role("button").all()]
    assert any(re.match(r"shop, Service, 1 requests, 100 % faults", label) for label in labels)
    assert any(label.startswith("stock, ECS container") for label in labels)
    assert any(label.startswith("tea@db.example, SQL database") for label in labels)
    assert any(label.startswith("Clients, front") for label in labels)


def test_a_node_leads_to_its_figures_and_its_traces(visit):
    """Panel with counts and histogram, then the list narrowed to that service."""
    page = visit.go("/map")
    page.locator(SHOP).press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Response times"))).to_be_visible()
    expect(page.get_by_role("button", name="Fault 100 % 1")).to_be_visible()
    page.get_by_role("link", name="View traces").click()
    expect(page).to_have_url(re.compile(re.escape(quote('service("shop")', safe="()"))))
    expect(page.get_by_text("/buy")).to_be_visible()
    expect(page.get_by_text("front.example")).to_have_count(0)


def test_the_list_has_the_exact_total_newest_first(visit):
    """Four traces were sent."""
    page = visit.go("/traces")
    expect(page.get_by_role("status").first).to_contain_text("4 traces")
    links = page.locator('a[href*="/traces/1-"]')
    expect(links).to_have_count(4)
    numbers = [int(link.get_attribute("href").split("?")[0][-4:], 16) for link in links.all()]
    assert numbers == [4, 3, 2, 1]


def test_a_wrong_filter_is_explained_in_place(visit):
    """The server's sentence stands at the field, which is marked invalid."""
    page = visit.go(f"/traces?q={quote('ok AND foo = 1')}")
    field = page.get_by_role("textbox", name="Filter expression or trace id")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_have_text(
        "Error Location: line 1, position 8 : Unknown keyword: 'foo'"
    )


def test_a_filter_narrows_the_list(visit):
    """Typed into the field, run with Enter, kept in the address."""
    page = visit.go("/traces")
    field = page.get_by_role("textbox", name="Filter expression or trace id")
    field.fill('service("front") throttle')
    field.press("Enter")
    links = page.locator('a[href*="/traces/1-"]')
    expect(links).to_have_count(1)
    page.reload()
    expect(links).to_have_count(1)


@pytest.mark.parametrize("form", ["{0}", "{1}", "Root={0};Parent=00000000000000a1;Sampled=1"])
def test_a_pasted_trace_id_opens_the_trace(visit, fluoro, form):
    """X-Ray's form, W3C's 32 digits, a whole header."""
    xray = trace_id(fluoro.start, 1)
    page = visit.go("/map")
    field = page.get_by_role("textbox", name="Filter expression or trace id")
    field.fill(form.format(xray, xray[2:].replace("-", "")))
    field.press("Enter")
    expect(page).to_have_url(re.compile(xray))
    expect(page.get_by_role("tree")).to_be_visible()


def test_the_timeline_is_the_tree_of_spans(visit, fluoro):
    """Levels, durations, the callee under its call, an inferred segment for the database."""
    page = visit.go(order_path(fluoro))
    rows = page.get_by_role("tree").get_by_role("treeitem")
    expect(rows).to_have_count(5)
    found = [
        (row.get_attribute("aria-level"), row.inner_text().split("\n")[0]) for row in rows.all()
    ]
    names = ["shop", "tea@db.example", "tea@db.example", "api.example", "stock"]
    assert [level for level, _ in found] == ["1", "2", "3", "2", "3"]
    assert all(text.startswith(name) for (_, text), name in zip(found, names, strict=True))
    expect(page.get_by_text("1.50 s").first).to_be_visible()


def test_the_panel_shows_every_side_of_a_span(visit, fluoro):
    """Overview, annotations, metadata, exceptions and raw of the faulty root."""
    page = visit.go(f"{order_path(fluoro)}?sel=span:00000000000000a1")
    panel = page.get_by_role("tablist").last
    expect(page.get_by_text("http://shop.example/buy").first).to_be_visible()
    panel.get_by_role("tab", name=re.compile("Annotations")).click()
    expect(page.get_by_text("o-7").first).to_be_visible()
    panel.get_by_role("tab", name=re.compile("Metadata")).click()
    expect(page.get_by_text("exact").first).to_be_visible()
    panel.get_by_role("tab", name=re.compile("Exceptions")).click()
    expect(page.get_by_text("no tea left").first).to_be_visible()
    expect(page.get_by_text("pour").first).to_be_visible()
    panel.get_by_role("tab", name=re.compile("Raw")).click()
    expect(page.get_by_text("9007199254740993").first).to_be_visible()


def test_the_panel_shows_the_statement_of_a_query(visit, fluoro):
    """The SQL tab is there for a call with SQL."""
    page = visit.go(f"{order_path(fluoro)}?sel=span:00000000000000b1")
    page.get_by_role("tablist").last.get_by_role("tab", name="SQL").click()
    expect(page.get_by_text("SELECT * FROM tea").last).to_be_visible()


def test_the_keyboard_walks_the_timeline(visit, fluoro):
    """J moves down, Enter opens the panel, Esc closes it; the address follows."""
    page = visit.go(order_path(fluoro))
    page.get_by_role("treeitem").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sel=span:00000000000000b1"))
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("sel="))


def test_the_address_is_the_state(visit, fluoro):
    """Reloading gives the same selection."""
    page = visit.go("/map")
    page.locator(SHOP).press("Enter")
    expect(page).to_have_url(re.compile("sel=node"))
    page.reload()
    expect(page.get_by_role("heading", name=re.compile("Response times"))).to_be_visible()


@both_schemes
@pytest.mark.parametrize("path", [*PAGES, "order"])
def test_pages_ask_nobody_else_and_complain_of_nothing(visit, fluoro, path):
    """Every request stays with the server; no script error, no policy broken, in both themes."""
    page = visit.go(order_path(fluoro) if path == "order" else path)
    expect(page.get_by_role("main")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert visit.complaints == []
    assert [url for url in visit.requests if not url.startswith(fluoro.server)] == []
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(map(int, re.findall(r"\d+", background)[:3])) / 3
    assert (lightness < 128) == dark


@both_schemes
@pytest.mark.parametrize("path", [*PAGES, "order"])
def test_pages_are_accessible(visit, fluoro, path, request):
    """Axe finds nothing serious, in both themes."""
    axe = request.config.rootpath / "console/node_modules/axe-core/axe.min.js"
    page = visit.go(order_path(fluoro) if path == "order" else path)
    page.wait_for_load_state("networkidle")
    page.evaluate(axe.read_text())
    found = page.evaluate("axe.run()")["violations"]
    serious = [rule["id"] for rule in found if rule["impact"] in {"serious", "critical"}]
    assert serious == []


def test_an_empty_store_leads_to_the_first_trace(browser, tmp_path):
    """The start page says how to send one, and moves on when it arrives."""
    with fluoro_up(tmp_path) as empty:
        context = browser.new_context()
        page = Visit(context.new_page(), empty.server).go("/map")
        expect(page).to_have_url(re.compile("/start"))
        expect(page.get_by_text("AWS_XRAY_DAEMON_ADDRESS").first).to_be_visible()
        send(empty, quick(time.time() - 1, 1, 200))
        expect(page).not_to_have_url(re.compile("/start"))
        context.close()


def test_large_maps_and_traces_stay_small_in_the_page(browser, tmp_path):
    """300 services are drawn, and 10,000 spans keep a few dozen rows in the page."""
    with fluoro_up(tmp_path) as large:
        now = time.time() - 10
        services = [
            {**quick(now, number + 10, 200), "name": f"service-{number}"}
            for number in range(SERVICES)
        ]
        send(large, *services)
        root = {**quick(now, 1, 200), "end_time": now + 5}
        calls = [
            {
                "trace_id": root["trace_id"],
                "id": f"{number + 100:016x}",
                "parent_id": root["id"],
                "type": "subsegment",
                "name": f"step {number % 9}",
                "start_time": now + number / 5000,
                "end_time": now + number / 5000 + 0.5,
            }
            for number in range(MANY_SPANS)
        ]
        for first in range(0, MANY_SPANS, 50):
            send(large, *calls[first : first + 50])
        send(large, root)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = Visit(context.new_page(), large.server).go("/map")
        until(lambda: len(large.summaries()) == SERVICES + 1, "all traces")
        page.reload()
        nodes = page.get_by_role("list", name="Nodes of the service map").get_by_role("button")
        expect(nodes).to_have_count(2 * (SERVICES + 1))
        page.goto(f"{large.server}/traces/{root['trace_id']}")
        expect(page.get_by_text("10,001 spans").first).to_be_visible()
        assert page.get_by_role("treeitem").count() < 120
        context.close()
