import json

import httpx2
import pytest

from fluoro.agent.proxy import RULES, TARGETS, Proxy
from fluoro.agent.sampling_cache import SamplingCache

pytestmark = pytest.mark.anyio

REPORT = json.dumps(
    {
        "SamplingStatisticsDocuments": [
            {
                "RuleName": "Default",
                "ClientID": "c" * 24,
                "RequestCount": 3,
                "SampledCount": 1,
                "BorrowCount": 0,
                "Timestamp": 1604297706.194,
            }
        ]
    }
).encode()


@pytest.fixture
async def door(upstream, counts, clock):
    """A client of the TCP door, whose server is `upstream`."""
    server = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(upstream), base_url="http://upstream"
    )
    proxy = Proxy(server, SamplingCache(3600, clock, clock), counts, body_bytes=1000)
    agent = httpx2.AsyncClient(transport=httpx2.ASGITransport(proxy.app), base_url="http://agent")
    async with server, agent:
        yield agent


@pytest.mark.parametrize(("path", "body"), [(RULES, b'{"NextToken": null}'), (TARGETS, REPORT)])
async def test_a_sampling_call_passes_both_ways(door, upstream, counts, path, body):
    """The server gets the body as it was sent, the SDK the server's answer."""
    answer = await door.post(path, content=body)
    assert upstream.asked == [("POST", path, body)]
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == upstream._answer(path, body)[1]
    assert counts.sampling_calls == {"passed": 1}


async def test_an_empty_body_without_a_type_is_fine(door, upstream):
    """.NET, Go and OpenTelemetry ask for the rules like that."""
    answer = await door.post(RULES)
    assert answer.status_code == 200
    assert upstream.asked == [("POST", RULES, b"")]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", RULES),
        ("HEAD", RULES),
        ("PUT", TARGETS),
        ("OPTIONS", TARGETS),
        ("DELETE", TARGETS),
        ("POST", RULES + "/"),
        ("POST", "/getsamplingrules"),
        ("POST", "//GetSamplingRules"),
        ("POST", "/x/../GetSamplingRules/x"),
        ("POST", "/"),
        ("POST", "/TraceSegments"),
        ("POST", "/TelemetryRecords"),
        ("POST", "/CreateSamplingRule"),
        ("POST", "/TraceSummaries"),
        ("GET", "/metrics"),
        ("GET", "/console/api/traces"),
    ],
)
async def test_nothing_else_passes(door, upstream, counts, method, path):
    """Any other method or path is 404 and the server is not asked: this is no open proxy."""
    answer = await door.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["x-amzn-ErrorType"] == "UnknownOperationException"
    assert upstream.asked == []
    assert counts.sampling_calls == {"refused": 1}


async def test_a_body_beyond_the_limit_is_refused(door, upstream, counts):
    """The server is not asked; a body at the limit passes."""
    assert (await door.post(RULES, content=b"x" * 1001)).status_code == 413
    assert upstream.asked == []
    assert counts.sampling_calls == {"refused": 1}
    assert (await door.post(RULES, content=b"x" * 1000)).status_code == 200


async def test_a_refusal_of_the_server_passes_back(door, upstream, counts):
    """Status, body and AWS's error header are the server's."""

    def refuse(path, body):
        return 400, {"message": "no"}

    upstream._answer = refuse
    answer = await door.post(TARGETS, content=REPORT)
    assert (answer.status_code, answer.json()) == (400, {"message": "no"})
    assert answer.headers["x-amzn-ErrorType"] == "TestException"
    assert counts.sampling_calls == {"passed": 1}


@pytest.mark.parametrize("path", [RULES, TARGETS])
async def test_without_a_server_and_an_earlier_answer_it_is_503(door, upstream, counts, path):
    """SDKs then use their local rules, and ask again."""
    upstream.is_away = True
    answer = await door.post(path, content=REPORT)
    assert answer.status_code == 503
    assert answer.headers["x-amzn-ErrorType"] == "ServiceUnavailableException"
    assert counts.sampling_calls == {"failed": 1}


async def test_without_a_server_the_last_answers_are_given(door, upstream, counts):
    """Rules as last seen, and the client's last targets with a fresh time to live."""
    rules = (await door.post(RULES)).content
    targets = (await door.post(TARGETS, content=REPORT)).json()
    upstream.is_away = True
    assert (await door.post(RULES)).content == rules
    again = await door.post(TARGETS, content=REPORT)
    assert again.status_code == 200
    assert again.headers["Content-Type"] == "application/json"
    fresh = again.json()
    assert fresh["SamplingTargetDocuments"][0].pop("ReservoirQuotaTTL") == 1030
    targets["SamplingTargetDocuments"][0].pop("ReservoirQuotaTTL")
    assert fresh == targets
    assert counts.sampling_calls == {"passed": 2, "cached": 2}


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_that_is_busy_is_as_good_as_away(door, upstream, counts, status):
    """SDKs get the last answers, and what they said is kept."""
    rules = (await door.post(RULES)).content
    await door.post(TARGETS, content=REPORT)
    answer = upstream._answer
    upstream._answer = lambda *_: (status, {"message": "Rate exceeded"})
    assert (await door.post(RULES)).content == rules
    assert (await door.post(TARGETS, content=REPORT)).status_code == 200
    upstream._answer = answer
    await door.post(TARGETS, content=REPORT)
    (report,) = upstream.bodies(TARGETS)[-1]["SamplingStatisticsDocuments"]
    assert report["RequestCount"] == 6
    assert counts.sampling_calls == {"passed": 3, "cached": 2}


@pytest.mark.parametrize("path", [RULES, TARGETS])
async def test_without_an_earlier_answer_a_busy_server_speaks_for_itself(
    door, upstream, counts, path
):
    """SDKs are not told that it is away."""
    upstream._answer = lambda *_: (429, {"message": "Rate exceeded"})
    answer = await door.post(path, content=REPORT)
    assert (answer.status_code, answer.json()) == (429, {"message": "Rate exceeded"})
    assert answer.headers["x-amzn-ErrorType"] == "TestException"
    assert answer.headers["Retry-After"] == "1"
    assert counts.sampling_calls == {"failed": 1}


async def test_what_a_client_said_meanwhile_reaches_the_server(door, upstream):
    """The first report after the server's return has the statistics of those it missed."""
    await door.post(TARGETS, content=REPORT)
    upstream.is_away = True
    await door.post(TARGETS, content=REPORT)
    upstream.is_away = False
    await door.post(TARGETS, content=REPORT)
    await door.post(TARGETS, content=REPORT)
    requests = [
        body["SamplingStatisticsDocuments"][0]["RequestCount"] for body in upstream.bodies(TARGETS)
    ]
    assert requests == [3, 3, 6, 3]


async def test_a_server_that_cannot_be_reached_is_away(counts, clock):
    """A refused connection and a time-out are as good as a 503."""

    async def fail(request):
        raise httpx2.ConnectError("refused", request=request)

    server = httpx2.AsyncClient(transport=httpx2.MockTransport(fail), base_url="http://upstream")
    proxy = Proxy(server, SamplingCache(3600, clock, clock), counts, body_bytes=1000)
    agent = httpx2.AsyncClient(transport=httpx2.ASGITransport(proxy.app), base_url="http://agent")
    async with server, agent:
        assert (await agent.post(RULES)).status_code == 503
