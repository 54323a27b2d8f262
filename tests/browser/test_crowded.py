import re

import pytest
from playwright.sync_api import expect

from browser import traffic

pytestmark = pytest.mark.browser

MOST_ROWS = 120
"""In a window 900 pixels high about 35 rows are visible."""


@pytest.fixture
def trace(open_window, crowded):
    page = open_window(crowded.server).go(f"/traces/{crowded.order}")
    expect(page.get_by_text(f"{traffic.MANY_SPANS + 1:,} spans").first).to_be_visible()
    return page


def test_a_map_of_300_services_opens(open_window, crowded):
    """Every service and its clients have a button, and a service opens its panel."""
    page = open_window(crowded.server).go("/map")
    nodes = page.get_by_role("list", name="Nodes of the service map").get_by_role("button")
    expect(nodes).to_have_count(2 * (traffic.MANY_SERVICES + 1))
    nodes.filter(has_text=re.compile("^service-299, ")).press("Enter")
    expect(page.get_by_role("complementary", name="service-299")).to_be_visible()


def test_the_table_of_300_services_finds_one(open_window, crowded):
    """Typing a part of the name leaves the services that have it."""
    page = open_window(crowded.server).go("/services")
    rows = page.get_by_role("link", name=re.compile("^Traces of "))
    expect(rows.nth(5)).to_be_visible()
    page.get_by_label("Find a service").fill("service-299")
    expect(rows).to_have_count(1)
    expect(rows).to_have_accessible_name("Traces of service-299")


def test_a_long_trace_keeps_few_rows_in_the_page(trace):
    """10,001 spans, but only the visible rows and a few around them are there."""
    rows = trace.get_by_role("treeitem")
    expect(rows.first).to_be_visible()
    assert rows.count() < MOST_ROWS


def test_the_end_of_a_long_trace_can_be_reached(trace):
    """End goes to the last span, which can be opened; still few rows are in the page."""
    rows = trace.get_by_role("treeitem")
    rows.first.focus()
    trace.keyboard.press("End")
    last = trace.locator(f'[role=treeitem][data-row="{traffic.MANY_SPANS}"]')
    expect(last).to_be_visible()
    trace.keyboard.press("Enter")
    expect(trace.get_by_role("complementary")).to_contain_text(
        f"{traffic.MANY_SPANS - 1 + 100:016x}"
    )
    assert rows.count() < MOST_ROWS


def test_a_long_trace_can_be_searched(trace):
    """All spans are searched, not only those in the page."""
    trace.get_by_role("searchbox", name="Find in trace").fill("step 8")
    matches = len(range(8, traffic.MANY_SPANS, 9))
    expect(trace.get_by_text(f"{matches:,} matches")).to_be_visible()
