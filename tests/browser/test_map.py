import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SHOP = re.compile(r"^shop, Service, ")


def nodes_of(page):
    return page.get_by_role("list", name="Nodes of the service map").get_by_role("button")


def test_the_map_lists_every_node(visit):
    """The canvas has a mirror for keyboards and screen readers: a button for each node."""
    nodes = nodes_of(visit.go("/map"))
    expect(nodes).to_have_count(6)
    kinds = sorted(", ".join(text.split(", ")[:2]) for text in nodes.all_inner_texts())
    assert kinds == [
        "Clients, front",
        "Clients, shop",
        "front, Service",
        "shop, Service",
        "stock, ECS container",
        "tea@db.example, SQL database",
    ]


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("shop, Service", "1 request, 100 % faults"),
        ("front, Service", "3 requests, 0 % faults, 33 % errors, 33 % throttled"),
        ("stock, ECS container", "1 request, 0 % faults"),
    ],
)
def test_the_map_says_how_a_node_answered(visit, name, outcome):
    """The share of each outcome is in words, for those who do not see the ring."""
    node = nodes_of(visit.go("/map")).filter(has_text=re.compile(f"^{name}"))
    expect(node).to_contain_text(f"{name}, {outcome}, ")


def test_a_filter_narrows_the_map(visit):
    """Run with Enter, where the map is; all of the traces that match, and nothing else."""
    page = visit.go("/map")
    field = page.get_by_label("Filter expression or trace id")
    field.fill("throttle")
    field.press("Enter")
    nodes = nodes_of(page)
    expect(nodes).to_have_count(2)
    expect(nodes.filter(has_text="front, Service")).to_contain_text("1 request, ")
    expect(page).to_have_url(re.compile("/map.*q=throttle"))
    page.get_by_role("link", name="List them").click()
    expect(page).to_have_url(re.compile("/traces.*q=throttle"))


def test_a_filter_that_nothing_matches_can_be_cleared_on_the_map(visit):
    """There are traces, and the way back to them."""
    page = visit.go(f"/map?q={quote('annotation.nobody = 1')}")
    expect(page.get_by_text("No trace matches the filter")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Clear the filter").click()
    expect(nodes_of(page)).to_have_count(6)


def test_a_wrong_filter_is_explained_on_the_map(visit):
    """The server's own sentence."""
    page = visit.go(f"/map?q={quote('foo = 1')}")
    expect(page.get_by_role("alert")).to_contain_text("Unknown keyword: 'foo'")


def test_a_node_opens_a_panel_with_its_figures(visit):
    """Rate, count, average, outcomes and the histogram of the chosen service."""
    page = visit.go("/map")
    nodes_of(page).filter(has_text=SHOP).press("Enter")
    panel = page.get_by_role("complementary", name="shop")
    figures = {
        figure.locator("dt").inner_text(): figure.locator("dd").inner_text()
        for figure in panel.locator("dl > div").all()
    }
    assert figures["Requests"] == "1"
    assert figures["Average"] == "1.50 s"
    assert re.fullmatch(r"[<0-9.]+/min", figures["Rate"])
    expect(panel.get_by_role("button", name="Fault 100 % 1")).to_be_visible()
    expect(panel.get_by_role("img", name=re.compile("^1 requests? from"))).to_be_visible()


def test_a_click_on_the_picture_chooses_the_node_there(visit):
    """The canvas itself answers the mouse, at the place where the node is painted."""
    page = visit.go("/map")
    nodes = nodes_of(page)
    expect(nodes).to_have_count(6)
    canvas = page.locator("canvas").first
    box = canvas.bounding_box()
    steps = [(x, y) for y in range(20, int(box["height"]), 36) for x in range(20, 900, 36)]
    panel = page.get_by_role("complementary")
    for x, y in steps:
        page.mouse.move(box["x"] + x, box["y"] + y)
        if canvas.evaluate("(painted) => getComputedStyle(painted).cursor") == "pointer":
            page.mouse.click(box["x"] + x, box["y"] + y)
            break
    expect(panel).to_be_visible()


def test_the_panel_leads_to_the_traces_of_its_service(visit):
    """'View traces' is the list, narrowed with `service("shop")`."""
    page = visit.go("/map")
    nodes_of(page).filter(has_text=SHOP).press("Enter")
    page.get_by_role("link", name="View traces").click()
    expect(page).to_have_url(re.compile(re.escape(quote('service("shop")', safe="()"))))
    expect(page.get_by_role("table", name="Traces").get_by_role("link")).to_have_count(1)
    expect(page.get_by_text("/buy")).to_be_visible()


def test_the_address_keeps_the_chosen_node(visit):
    """Reloading gives the same selection."""
    page = visit.go("/map")
    nodes_of(page).filter(has_text=SHOP).press("Enter")
    expect(page).to_have_url(re.compile("sel=node"))
    page.reload()
    expect(page.get_by_role("complementary", name="shop")).to_be_visible()
