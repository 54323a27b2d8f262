import json
import re

import pytest
from playwright.sync_api import expect

from browser import traffic

pytestmark = pytest.mark.browser

ROOT = "00000000000000a1"
QUERY = "00000000000000b1"
CALL = "00000000000000b2"


def rows_of(page):
    return page.get_by_role("tree", name="Spans of the trace").get_by_role("treeitem")


def section_of(page, name):
    """The content of a tab of the open panel, after a click on the tab."""
    panel = page.get_by_role("complementary")
    panel.get_by_role("tab", name=re.compile(f"^{name}")).click()
    return panel.get_by_role("tabpanel", name=re.compile(f"^{name}"))


def pairs_of(section):
    expect(section.locator("dt").first).to_be_visible()
    names, values = section.locator("dt"), section.locator("dd > span")
    return dict(zip(names.all_inner_texts(), values.all_inner_texts(), strict=True))


@pytest.fixture
def page(visit, sent):
    """The faulty order, with nothing chosen."""
    page = visit.go(f"/traces/{sent.order}")
    expect(rows_of(page)).to_have_count(5)
    return page


@pytest.fixture
def root(visit, sent):
    """The faulty order with its root chosen."""
    return visit.go(f"/traces/{sent.order}?sel=span:{ROOT}")


def test_the_timeline_is_the_tree_of_spans(page):
    """The callee stands under its call, and an inferred segment under the query."""
    rows = [
        (row.get_attribute("aria-level"), row.locator("b").inner_text())
        for row in rows_of(page).all()
    ]
    assert rows == [
        ("1", "shop"),
        ("2", "tea@db.example"),
        ("3", "tea@db.example"),
        ("2", "api.example"),
        ("3", "stock"),
    ]


def test_every_row_has_its_place_among_its_siblings(page):
    """A screen reader says 'one of two' though only some rows are in the page."""
    places = [
        (row.get_attribute("aria-posinset"), row.get_attribute("aria-setsize"))
        for row in rows_of(page).all()
    ]
    assert places == [("1", "1"), ("1", "2"), ("1", "1"), ("2", "2"), ("1", "1")]


def test_every_row_has_its_duration(page):
    """Three significant digits: at the bar, and in words for those who do not see it."""
    for row, time in zip(
        rows_of(page).all(), ("1.50 s", "300 ms", "300 ms", "900 ms", "700 ms"), strict=True
    ):
        expect(row.locator("[data-side]")).to_have_text(time)
        expect(row.locator(".visually-hidden").last).to_have_text(re.compile(f", {time}$"))


def test_the_bars_lie_where_their_spans_do(page):
    """Left edge and length in proportion to offset and duration within the trace."""
    boxes = [
        row.locator("[data-side]").locator("..").locator("[data-outcome]").bounding_box()
        for row in rows_of(page).all()
    ]
    whole = boxes[0]
    found = [
        ((box["x"] - whole["x"]) / whole["width"], box["width"] / whole["width"]) for box in boxes
    ]
    tenths = [(0, 15), (1, 3), (1, 3), (5, 9), (6, 7)]
    for box, (offset, length) in zip(found, tenths, strict=True):
        assert box == pytest.approx((offset / 15, length / 15), abs=0.01)


def test_the_head_counts_the_trace(page):
    """Spans, segments, services and failed spans of the whole trace."""
    for text in ("5 spans in 3 segments", "1 failed span"):
        expect(page.get_by_role("definition").filter(has_text=text)).to_be_visible()


def test_the_overview_shows_times_request_and_identity(root):
    """The first tab, of the span that the address names."""
    pairs = pairs_of(section_of(root, "Overview"))
    expected = {
        "Duration": "1.50 s",
        "Starts": "0 µs after the trace",
        "Method": "POST",
        "URL": "http://shop.example/buy",
        "Status": "500",
        "Span id": ROOT,
        "Service": "shop",
        "User": "ada",
    }
    assert pairs | expected == pairs


def test_the_panel_shows_the_annotations(root):
    """Each key with its value as it was sent."""
    assert pairs_of(section_of(root, "Annotations")) == {
        "order": "o-7",
        "premium": "true",
        "serial": str(traffic.EXACT),
    }


def test_the_panel_shows_the_metadata(root):
    """By namespace, as a tree that is open; an integer with all its digits."""
    section = section_of(root, "Metadata")
    expect(section).to_contain_text("default")
    expect(section).to_contain_text("exact")
    expect(section.get_by_text(str(traffic.EXACT), exact=True)).to_be_visible()


def test_the_panel_shows_the_exceptions(root):
    """Type and message, and each frame with its place."""
    section = section_of(root, "Exceptions")
    expect(section.get_by_role("heading", name="ValueError")).to_be_visible()
    expect(section.get_by_text("no tea left")).to_be_visible()
    frames = section.get_by_role("listitem")
    assert frames.locator("b").all_inner_texts() == ["pour", "buy"]
    assert frames.locator("span").all_inner_texts() == ["tea.py:3", "shop.py:41"]
    assert frames.all_text_contents() == ["pour tea.py:3", "buy shop.py:41"]


def test_the_panel_shows_the_statement_of_a_query(visit, sent):
    """The SQL tab is there for a call with SQL."""
    page = visit.go(f"/traces/{sent.order}?sel=span:{QUERY}")
    section = section_of(page, "SQL")
    expect(section.locator("pre")).to_have_text("SELECT * FROM tea")
    assert pairs_of(section) == {"Database": "PostgreSQL"}


def test_a_span_without_sql_has_no_tab_for_it(root):
    """Only what was sent has a tab."""
    tabs = root.get_by_role("complementary").get_by_role("tab")
    names = ["Overview", "Annotations", "Metadata", "Exceptions", "Raw"]
    expect(tabs).to_have_text([re.compile(f"^{name}") for name in names])


def test_raw_keeps_an_integer_that_a_double_cannot_hold(root):
    """2**53 + 1 would come out of JavaScript's numbers as 2**53."""
    expect(section_of(root, "Raw").locator("pre")).to_contain_text(f'"exact": {traffic.EXACT}')


@pytest.mark.parametrize("sdk", ["python", "node", "dotnet"])
def test_raw_is_the_document_as_the_sdk_sent_it(open_window, captured, sdk):
    """Members in their order and numbers by their digits, but for subsegments: they have rows."""
    (document,) = captured.documents[f"{sdk}-annotations-metadata"]
    names = json.loads(document)
    path = f"/traces/{names['trace_id']}?sel=span:{names['id']}"
    page = open_window(captured.server).go(path)
    shown = section_of(page, "Raw").locator("pre").text_content()
    own = [member for member in traffic.in_order(document) if member[0] != "subsegments"]
    assert traffic.in_order(shown) == own


@pytest.mark.parametrize(
    ("sdk", "thrown"),
    [
        ("python", ["ValueError", "boom", "deep", "app.py:45"]),
        ("node", ["TypeError", "boom", "deep", "app.js:14"]),
        ("dotnet", ["ArgumentException", "bad value: 42", "Deep", "Program.cs:133"]),
    ],
)
def test_an_exception_of_each_sdk_is_shown(open_window, captured, sdk, thrown):
    """Type, message and frames, in the span where the SDK recorded them."""
    trace = json.loads(captured.documents[f"{sdk}-exception"][0])["trace_id"]
    page = open_window(captured.server).go(f"/traces/{trace}")
    expect(rows_of(page)).to_have_count(3)
    rows_of(page).nth(2).click()
    section = section_of(page, "Exceptions")
    for text in thrown:
        expect(section).to_contain_text(text)


@pytest.mark.parametrize(
    ("sdk", "thrown"),
    [("python", "ValueError"), ("node", "TypeError"), ("dotnet", "ArgumentException")],
)
def test_an_exception_is_shown_where_it_is_only_named(open_window, captured, sdk, thrown):
    """The root's cause is an id, bare or in an object: what it names is there, and the way."""
    trace = json.loads(captured.documents[f"{sdk}-exception"][0])["trace_id"]
    page = open_window(captured.server).go(f"/traces/{trace}")
    rows_of(page).first.click()
    section = section_of(page, "Exceptions")
    expect(section.get_by_role("heading", name=thrown)).to_be_visible()
    section.get_by_role("button", name="Go there").click()
    expect(rows_of(page).nth(2)).to_have_attribute("aria-selected", "true")


def test_a_click_on_a_row_opens_its_panel(page):
    """The address names the span, and the row is the selected one."""
    rows_of(page).nth(3).click()
    expect(page).to_have_url(re.compile(f"sel=span:{CALL}"))
    expect(page.get_by_role("complementary", name="Span api.example")).to_be_visible()
    expect(rows_of(page).nth(3)).to_have_attribute("aria-selected", "true")


def test_the_address_keeps_the_chosen_span(page):
    """Reloading gives the same selection."""
    rows_of(page).nth(3).click()
    expect(page).to_have_url(re.compile("sel=span"))
    page.reload()
    expect(page.get_by_role("complementary", name="Span api.example")).to_be_visible()
    expect(rows_of(page).nth(3)).to_have_attribute("aria-selected", "true")


def test_j_and_k_walk_the_timeline(page):
    """The focus goes down and up with them."""
    rows_of(page).first.focus()
    for key, row in (("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(rows_of(page).nth(row)).to_be_focused()


def test_enter_opens_the_row_and_escape_closes_it(page):
    """The panel comes and goes, and the address with it."""
    rows_of(page).first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"sel=span:{QUERY}"))
    expect(page.get_by_role("complementary", name="Span tea@db.example")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("sel="))


def test_the_arrows_fold_and_unfold(page):
    """Left hides what is below the row, right shows it again."""
    rows_of(page).first.focus()
    page.keyboard.press("ArrowLeft")
    expect(rows_of(page)).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(rows_of(page)).to_have_count(5)
