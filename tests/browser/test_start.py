import re
import time

import pytest
from playwright.sync_api import expect

from browser import traffic
from fluoro_up import fluoro_up

pytestmark = pytest.mark.browser


def test_an_empty_store_leads_to_the_first_trace(open_window, tmp_path):
    """The start page says how to send one, moves on to the map when it comes, and stays away."""
    with fluoro_up(tmp_path) as empty:
        visit = open_window(empty)
        page = visit.go("/map")
        expect(page).to_have_url(re.compile("/start"))
        expect(page.get_by_role("heading", name="Send the first trace")).to_be_visible()
        expect(page.get_by_text("AWS_XRAY_DAEMON_ADDRESS").first).to_be_visible()
        traffic.send(empty, traffic.quick(time.time() - 1, 1, 200))
        expect(page).to_have_url(re.compile("/map"))
        nodes = page.get_by_role("list", name="Nodes of the service map").get_by_role("button")
        expect(nodes).to_have_count(2)
        assert visit.complaints == []
        assert visit.abroad() == []
