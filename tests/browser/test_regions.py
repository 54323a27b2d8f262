import json
import re
import time

import httpx2
import pytest
from playwright.sync_api import expect

from browser import traffic
from fluoro.signer import Signer
from fluoro.wire.sigv4 import Credentials
from keyed import create, running_server

pytestmark = pytest.mark.browser

SENTENCE = re.compile("This account has data in us-east-1, us-west-2")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory, built):
    """A server with keys and a trace in each of two regions; its URL, and a key that reads."""
    folder = tmp_path_factory.mktemp("regions")
    key = create(folder / "data", "admin")
    with running_server(folder) as addresses, httpx2.Client(base_url=addresses["server"]) as client:
        trace = json.dumps(traffic.quick(time.time() - 10, 1, 200))
        for region in ("us-east-1", "us-west-2"):
            signer = Signer(Credentials(key["id"], key["secret"], region), time.time)
            body = {"TraceSegmentDocuments": [trace]}
            client.post("/TraceSegments", json=body, auth=signer).raise_for_status()
        yield addresses["server"], key


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/map", "/services", "/traces", "/traces?q=fault", "/start"])
def test_a_region_without_data_names_those_with(open_window, elsewhere, path, scheme):
    """Whoever signs in for another region than the agents' reads where the traces are."""
    server, key = elsewhere
    signed_in = {"username": f"{key['id']}/eu-west-1", "password": key["secret"]}
    page = open_window(server, scheme, http_credentials=signed_in).go(path)
    expect(page.get_by_text("No traces in eu-west-1")).to_be_visible()
    expect(page.get_by_text(SENTENCE)).to_be_visible()
    expect(page.get_by_text("ID/us-east-1")).to_be_visible()


def test_a_region_with_data_shows_it(open_window, elsewhere):
    """As the sentence says: with the region behind the key's id."""
    server, key = elsewhere
    signed_in = {"username": f"{key['id']}/us-west-2", "password": key["secret"]}
    page = open_window(server, http_credentials=signed_in).go("/traces")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_text(SENTENCE)).to_have_count(0)
