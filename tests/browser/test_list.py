import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from browser import traffic

pytestmark = pytest.mark.browser


def field_of(page):
    return page.get_by_role("textbox", name="Filter expression or trace id")


def links_of(page):
    return page.get_by_role("table", name="Traces").get_by_role("link")


def numbers_of(page):
    """The numbers of the shown traces, by which their ids were made."""
    paths = [link.get_attribute("href").split("?")[0] for link in links_of(page).all()]
    return [int(path[-24:], 16) for path in paths]


def test_the_list_says_the_exact_total(visit):
    """Four traces were sent."""
    page = visit.go("/traces")
    expect(page.get_by_role("status").first).to_have_text("4 traces")


def test_the_list_has_the_newest_first(visit):
    """They were sent oldest first."""
    page = visit.go("/traces")
    expect(links_of(page)).to_have_count(4)
    assert numbers_of(page) == [4, 3, 2, 1]


def test_the_list_has_every_trace_of_the_official_sdks(open_window, captured):
    """The total is the number of trace ids that were captured."""
    page = open_window(captured.server).go("/traces")
    total = f"{len(captured.trace_ids)} traces"
    expect(page.get_by_role("status").first).to_have_text(total)


def test_a_filter_narrows_the_list(visit):
    """Typed into the field and run with Enter."""
    page = visit.go("/traces")
    field_of(page).fill('service("front") throttle')
    field_of(page).press("Enter")
    expect(links_of(page)).to_have_count(1)
    assert numbers_of(page) == [4]


def test_the_address_keeps_the_filter(visit):
    """Reloading gives the same list."""
    page = visit.go("/traces")
    field_of(page).fill("error")
    field_of(page).press("Enter")
    expect(page).to_have_url(re.compile("q=error"))
    page.reload()
    expect(field_of(page)).to_have_value("error")
    expect(links_of(page)).not_to_have_count(0)
    assert set(numbers_of(page)) <= {3, 4}


def test_a_wrong_filter_is_explained(visit):
    """The server's own sentence, which belongs to the field that is marked invalid."""
    page = visit.go(f"/traces?q={quote('ok AND foo = 1')}")
    expect(field_of(page)).to_have_attribute("aria-invalid", "true")
    message = "Error Location: line 1, position 8 : Unknown keyword: 'foo'"
    expect(field_of(page)).to_have_accessible_description(message)
    expect(page.get_by_role("alert")).to_have_text(message)


def test_a_wrong_filter_is_marked_where_it_stands(visit):
    """The word that is not understood lies on a mark of its own, right under its letters."""
    page = visit.go(f"/traces?q={quote('ok AND foo = 1')}")
    expect(page.get_by_role("alert")).to_be_visible()
    under = page.get_by_role("search").locator("[aria-hidden] > span", has_text="foo")
    expect(under).to_have_text("foo")
    drawn = "(mark) => getComputedStyle(mark).textDecorationLine"
    assert under.evaluate(drawn) == "underline"


@pytest.mark.parametrize("form", ["{0}", "{1}", "Root={0};Parent=00000000000000a1;Sampled=1"])
def test_a_trace_id_in_the_field_opens_the_trace(visit, sent, form):
    """X-Ray's form, W3C's 32 digits, a whole header; run with Enter."""
    page = visit.go("/map")
    field_of(page).fill(form.format(sent.order, sent.order[2:].replace("-", "")))
    field_of(page).press("Enter")
    expect(page).to_have_url(re.compile(f"/traces/{sent.order}"))
    expect(page.get_by_role("tree")).to_be_visible()


def test_a_pasted_trace_id_opens_the_trace_at_once(visit, sent):
    """Pasting is enough, without Enter."""
    page = visit.go("/map")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=visit.base)
    page.evaluate("(text) => navigator.clipboard.writeText(text)", sent.order)
    field_of(page).press("Control+v")
    expect(page).to_have_url(re.compile(f"/traces/{sent.order}"))


def test_the_keyboard_opens_a_trace(visit, sent):
    """J goes down, k up, Enter opens."""
    page = visit.go("/traces")
    expect(links_of(page)).to_have_count(4)
    for key in ("j", "j", "j", "k", "Enter"):
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(f"/traces/{traffic.trace_id(sent.start + 2, 3)}"))


def test_a_row_says_how_the_trace_answered(visit):
    """Outcome, duration, method, path, status and root service of the faulty order."""
    page = visit.go("/traces")
    row = page.get_by_role("row").filter(has_text="/buy")
    expect(row).to_be_visible()
    cells = [cell.inner_text().strip() for cell in row.get_by_role("cell").all()]
    assert cells[1:7] == ["Fault", "1.50 s", "1.50 s", "POST /buy", "500", "shop"]
