import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROOT = "00000000000000a1"
both_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
every_page = pytest.mark.parametrize(
    "path",
    [
        "/map",
        "/map?sel=node:shop%7C%7C",
        "/services",
        "/traces",
        "/traces/{order}",
        "/traces/{order}?sel=span:" + ROOT,
        "/traces/{order}?v=tab:map",
    ],
)


def visited(open_window, sent, scheme, path, **options):
    visit = open_window(sent.server, scheme, **options)
    page = visit.go(path.format(order=sent.order))
    expect(page.get_by_role("main").get_by_role("heading").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    return visit


def lightness(page):
    """Of the page's background, from 0 to 255."""
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", background)[:3])) / 3


@both_schemes
@every_page
def test_a_page_asks_nobody_else_and_complains_of_nothing(open_window, sent, scheme, path):
    """All requests stay with the server; no script error, and no policy (there is one) broken."""
    visit = visited(open_window, sent, scheme, path)
    assert visit.requests
    assert visit.abroad() == []
    assert visit.unprotected == []
    assert visit.complaints == []


@both_schemes
def test_the_colours_are_those_of_the_system(open_window, sent, scheme):
    """Dark ground for those who want it dark, light for the others."""
    page = visited(open_window, sent, scheme, "/map").page
    assert (lightness(page) < 128) == (scheme == "dark")


def test_the_theme_can_be_chosen(open_window, sent):
    """System, light, dark, and system again; without a complaint on the way."""
    visit = visited(open_window, sent, "light", "/map")
    grounds = []
    for label in ("Switch to light", "Switch to dark", "Switch to the system's"):
        visit.page.get_by_role("button", name=label).click()
        grounds.append("dark" if lightness(visit.page) < 128 else "light")
    assert grounds == ["light", "dark", "light"]
    assert visit.complaints == []


def test_the_chosen_theme_is_remembered(open_window, sent):
    """A reload stays dark in a system that is light."""
    page = visited(open_window, sent, "light", "/traces").page
    page.get_by_role("button", name="Switch to light").click()
    page.get_by_role("button", name="Switch to dark").click()
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert lightness(page) < 128


@both_schemes
@every_page
def test_a_page_is_accessible(open_window, sent, scheme, path, request):
    """Axe finds nothing serious or critical; the policy is off so that axe can be put in."""
    page = visited(open_window, sent, scheme, path, bypass_csp=True).page
    page.add_script_tag(path=request.config.rootpath / "console/node_modules/axe-core/axe.min.js")
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10
    serious = {
        rule["id"]: [node["html"] for node in rule["nodes"]]
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
    }
    assert serious == {}
