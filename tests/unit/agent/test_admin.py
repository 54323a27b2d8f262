import re
import socket
from pathlib import Path

import httpx2
import pytest

from fluoro.agent.admin import admin_app, metrics
from fluoro.agent.counts import Counts
from fluoro.wire.prometheus import Sample

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "agent-metrics.md"


@pytest.fixture
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


@pytest.fixture
async def admin(counts, udp):
    """A client of the admin listener, and the two claims that it asks for."""
    claims = {"alive": True, "ready": True}
    app = admin_app(counts, udp, is_alive=lambda: claims["alive"], is_ready=lambda: claims["ready"])
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://admin") as client:
        yield client, claims


def counted():
    counts = Counts(received=9, forwarded=2, buffered=1, buffered_bytes=70)
    for counter in (counts.rejected, counts.dropped, counts.requests, counts.sampling_calls):
        counter["one"] = 3
    return counts


def test_every_metric_is_described(udp):
    """The page of reference and the program name the same metrics with kinds and labels."""
    shown = {
        (metric.name, metric.kind, *metric.samples[0].labels) for metric in metrics(counted(), udp)
    }
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (?:`(\w+)`)?", PAGE.read_text(), re.MULTILINE)
    assert {tuple(filter(None, row)) for row in rows} == shown


def test_every_reason_of_the_agents_own_is_described():
    """What the code writes into the labels is in the page."""
    source = Path(__file__).parents[3] / "src" / "fluoro"
    code = (source / "wire" / "datagram.py").read_text() + "".join(
        file.read_text() for file in (source / "agent").glob("*.py")
    )
    labels = set(re.findall(r'MalformedDatagramError\(\s*"(\w+)"', code))
    labels |= set(re.findall(r'(?:dropped|sampling_calls|calls)\["(\w+)"\]', code))
    labels |= set(re.findall(r'(?:give_up|give_up_all|_failed)\((?:left, )?"(\w+)"', code))
    labels |= set(re.findall(r'OTLP_\w+ = "(\w+)"', code))
    assert len(labels) > 12
    page = PAGE.read_text()
    assert [label for label in sorted(labels) if f"`{label}`" not in page] == []


def test_the_values_are_the_counts(udp):
    """Each metric shows its own counter."""
    values = {metric.name: metric.samples for metric in metrics(counted(), udp)}
    assert values["fluoro_agent_documents_received_total"] == [Sample(9)]
    assert values["fluoro_agent_documents_forwarded_total"] == [Sample(2)]
    assert values["fluoro_agent_documents_buffered"] == [Sample(1)]
    assert values["fluoro_agent_buffered_bytes"] == [Sample(70)]
    assert values["fluoro_agent_documents_rejected_total"] == [Sample(3, {"reason": "one"})]
    assert values["fluoro_agent_receive_buffer_bytes"][0].value > 0


async def test_the_page_is_prometheus_text(admin, counts):
    """A scraper reads a head and a line for each number."""
    counts.rejected['a "quoted" code'] = 2
    answer = await admin[0].get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "# TYPE fluoro_agent_documents_received_total counter\n" in answer.text
    assert r'rejected_total{reason="a \"quoted\" code"} 2' in answer.text


async def test_ready_until_it_stops(admin):
    """/readyz turns 503 when no more datagrams should come; the process stays alive."""
    client, claims = admin
    assert (await client.get("/readyz")).status_code == 200
    claims["ready"] = False
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/livez")).status_code == 200


async def test_alive_until_a_part_fails(admin):
    """/livez turns 503 when the receiving thread or a sender is gone: only a restart helps."""
    client, claims = admin
    assert (await client.get("/livez")).status_code == 200
    claims["alive"] = False
    assert (await client.get("/livez")).status_code == 503
