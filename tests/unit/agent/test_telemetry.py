import asyncio

import httpx2
import pytest

from fluoro.agent.telemetry import PATH, Telemetry

pytestmark = pytest.mark.anyio


@pytest.fixture
async def telemetry(upstream, counts):
    transport = httpx2.ASGITransport(upstream)
    async with httpx2.AsyncClient(transport=transport, base_url="http://upstream") as client:
        yield Telemetry(client, counts, "node-1", lambda: 1_700_000_000.5)


def records(upstream):
    return [body["TelemetryRecords"][0] for body in upstream.bodies(PATH)]


async def test_a_record_has_every_count(telemetry, upstream, counts):
    """AWS's members, filled from the agent's own counters."""
    counts.received, counts.forwarded = 10, 4
    counts.rejected.update(bad_header=1, ParseError=1)
    counts.dropped.update(buffer_full=3, stopped=1)
    counts.requests.update({"timeout": 1, "unreachable": 2, "4xx": 3, "5xx": 4, "broken": 5})
    await telemetry.report()
    assert upstream.bodies(PATH) == [
        {
            "TelemetryRecords": [
                {
                    "Timestamp": 1_700_000_000.5,
                    "SegmentsReceivedCount": 10,
                    "SegmentsSentCount": 4,
                    "SegmentsSpilloverCount": 4,
                    "SegmentsRejectedCount": 2,
                    "BackendConnectionErrors": {
                        "TimeoutCount": 1,
                        "ConnectionRefusedCount": 2,
                        "HTTPCode4XXCount": 3,
                        "HTTPCode5XXCount": 4,
                        "OtherCount": 5,
                    },
                }
            ],
            "Hostname": "node-1",
        }
    ]


async def test_a_record_counts_since_the_last_one(telemetry, upstream, counts):
    """Each count is reported once."""
    counts.received = 10
    await telemetry.report()
    counts.received = 15
    await telemetry.report()
    assert [record["SegmentsReceivedCount"] for record in records(upstream)] == [10, 5]


async def test_a_record_that_failed_is_part_of_the_next(telemetry, upstream, counts):
    """While the server is away nothing is forgotten."""
    upstream.is_away = True
    counts.received = 10
    await telemetry.report()
    upstream.is_away = False
    counts.received = 15
    await telemetry.report()
    assert [record["SegmentsReceivedCount"] for record in records(upstream)] == [10, 15]


async def test_nothing_is_reported_before_the_first_datagram(telemetry, upstream, counts):
    """As AWS's daemon does; afterwards it reports on and on."""
    reporting = asyncio.create_task(telemetry.report_for_ever(0.0))
    for _ in range(10):
        await asyncio.sleep(0)
    assert upstream.asked == []
    counts.received = 1
    async with asyncio.timeout(5):
        while len(upstream.asked) < 2:  # noqa: ASYNC110  as from outside
            await asyncio.sleep(0)
    reporting.cancel()
    assert [record["SegmentsReceivedCount"] for record in records(upstream)][:2] == [1, 0]
