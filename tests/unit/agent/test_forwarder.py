import asyncio
import contextlib

import httpx2
import pytest

from fluoro.agent.forwarder import Forwarder

pytestmark = pytest.mark.anyio

HEADER = b'{"format":"json","version":1}\n'


class Hasty(Forwarder):
    """Notes how long it would wait, and doesn't."""

    def __init__(self, *arguments, **names):
        super().__init__(*arguments, **names)
        self.delays = []

    async def _pause(self, delay_s):
        self.delays.append(delay_s)
        await asyncio.sleep(0)


@pytest.fixture
async def deliver(upstream, new_batcher, counts):
    """Send documents until none waits; gives the forwarder back."""

    async def deliver(documents, *, until=None, jitter=1.0, **settings):
        batcher = new_batcher(**settings)
        transport = httpx2.ASGITransport(upstream)
        async with httpx2.AsyncClient(transport=transport, base_url="http://upstream") as client:
            forwarder = Hasty(client, batcher, counts, lambda: jitter)
            sending = asyncio.create_task(forwarder.send_for_ever())
            batcher.add([HEADER + text.encode() for text in documents])
            batcher.flush()
            async with asyncio.timeout(5):
                while counts.buffered and not (until and until(forwarder)):  # noqa: ASYNC110  as from outside
                    await asyncio.sleep(0)
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
        return forwarder

    return deliver


async def test_documents_arrive_as_they_were_sent(deliver, upstream, counts):
    """Quotes, control characters and other scripts survive the way into a JSON string."""
    documents = ['{"name":"a\\"b"}', "café ☕ 🎉", "\x00\x1f\n\t", "not JSON at all"]
    await deliver(documents)
    assert upstream.stored == dict.fromkeys(documents, 1)
    assert counts.forwarded == 4
    assert counts.is_closed


async def test_a_request_has_the_member_that_makes_it_an_agents(deliver, upstream):
    """`Sources` is there, empty, so the server takes more than AWS's 50 documents."""
    documents = [str(number) for number in range(120)]
    await deliver(documents)
    assert upstream.bodies("/TraceSegments") == [
        {"TraceSegmentDocuments": documents, "Sources": []}
    ]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_server_in_trouble_is_asked_again(deliver, upstream, counts, status):
    """Throttling and errors of the server lose nothing."""
    upstream.statuses.extend([status] * 3)
    await deliver(["1", "2"])
    assert upstream.stored == {"1": 1, "2": 1}
    assert counts.requests == {f"{status // 100}xx": 3, "2xx": 1}
    assert counts.is_closed


async def test_the_wait_doubles_up_to_half_a_minute(deliver, upstream):
    """0.5, 1, 2, … 30 s, of which chance takes away up to a half."""
    upstream.statuses.extend([503] * 8)
    most = await deliver(["1"])
    assert most.delays == [0.5, 1, 2, 4, 8, 16, 30, 30]
    upstream.statuses.extend([503] * 8)
    least = await deliver(["2"], jitter=0.0)
    assert least.delays == [0.25, 0.5, 1, 2, 4, 8, 15, 15]


async def test_an_answer_of_something_else_is_no_success(deliver, upstream, counts):
    """A 200 that is not PutTraceSegments' answer (a login page) settles nothing."""
    upstream.is_nonsense = True
    await deliver(["1"], until=lambda forwarder: len(forwarder.delays) > 2)
    assert counts.forwarded == 0
    assert set(counts.requests) == {"unreadable"}
    assert counts.is_closed


@pytest.mark.parametrize("at_fault", [{0}, {99}, {13, 14}, {0, 50, 99}, set(range(100))])
async def test_halving_finds_exactly_the_documents_at_fault(deliver, upstream, counts, at_fault):
    """Of a batch that is refused whole, all others are stored, once."""
    documents = [f"document {number}" for number in range(100)]
    upstream.poison = frozenset(documents[number] for number in at_fault)
    await deliver(documents)
    good = [text for number, text in enumerate(documents) if number not in at_fault]
    assert upstream.stored == dict.fromkeys(good, 1)
    assert counts.rejected == {"http_400": len(at_fault)}
    assert counts.forwarded == len(good)
    assert counts.is_closed


async def test_a_request_that_is_too_large_is_halved(deliver, upstream, counts):
    """413 is about the size of a request, so smaller ones lose nothing."""
    upstream.most_documents = 7
    documents = [str(number) for number in range(100)]
    await deliver(documents)
    assert upstream.stored == dict.fromkeys(documents, 1)
    assert counts.rejected.total() == 0


async def test_trouble_in_the_middle_of_halving_loses_nothing(deliver, upstream, counts):
    """A half waits as a whole batch does."""
    documents = [str(number) for number in range(8)]
    upstream.statuses.extend([400, 503, 400, 429, 503])
    await deliver(documents)
    assert upstream.stored == dict.fromkeys(documents, 1)
    assert counts.is_closed


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_other_refusals_are_final(deliver, upstream, counts, status):
    """Asking again would not help: the batch is rejected and counted."""
    upstream.statuses.append(status)
    await deliver(["1", "2", "3"])
    assert upstream.stored == {}
    assert counts.rejected == {f"http_{status}": 3}
    assert len(upstream.asked) == 1
    assert counts.is_closed


async def test_documents_refused_one_by_one_are_counted_by_code(deliver, upstream, counts):
    """They are not sent again; the others of the batch are stored."""
    upstream.codes = {"bad": "MissingId", "worse": "ParseError", "worst": "ParseError"}
    await deliver(["good", "bad", "worse", "worst"])
    assert counts.rejected == {"MissingId": 1, "ParseError": 2}
    assert counts.forwarded == 1
    assert len(upstream.asked) == 1
    assert counts.is_closed


async def test_bodies_are_compressed_once_the_server_offers_it(deliver, upstream):
    """The first request is plain; after an answer with `Accept-Encoding: zstd` all are zstd."""
    upstream.offers = "gzip, zstd"
    await deliver(["1", "2", "3"], batch_documents=1)
    assert upstream.encodings == ["", "zstd", "zstd"]
    assert upstream.stored == {"1": 1, "2": 1, "3": 1}


async def test_a_server_that_offers_nothing_gets_plain_bodies(deliver, upstream):
    """As does one that offers gzip alone."""
    upstream.offers = "gzip"
    await deliver(["1", "2"], batch_documents=1)
    assert upstream.encodings == ["", ""]


async def test_a_batch_that_breaks_its_sender_is_counted(deliver, upstream, counts, monkeypatch):
    """An error that nobody foresaw costs one batch, and the sender goes on."""
    real, broken = Forwarder._post, []

    async def post(self, body):
        if not broken:
            broken.append(body)
            raise RuntimeError
        return await real(self, body)

    monkeypatch.setattr(Forwarder, "_post", post)
    await deliver(["1", "2", "3"], batch_documents=2)
    assert counts.dropped["failed"] == 2
    assert upstream.stored == {"3": 1}
    assert counts.is_closed


async def test_what_is_under_way_at_the_end_is_counted(deliver, upstream, counts):
    """Cancelled senders give up what they hold, halves that wait included."""
    upstream.statuses.extend([400, *[503] * 1000])
    await deliver(["1", "2", "3", "4"], until=lambda forwarder: forwarder.delays)
    assert counts.dropped["stopped"] == 4
    assert counts.is_closed


async def test_the_end_cuts_a_long_wait_short(upstream, new_batcher, counts):
    """A sender that waits for its next try makes it when the agent begins to end."""
    batcher = new_batcher()
    upstream.is_away = True
    transport = httpx2.ASGITransport(upstream)
    async with httpx2.AsyncClient(transport=transport, base_url="http://upstream") as client:
        forwarder = Forwarder(client, batcher, counts)
        pausing = asyncio.create_task(forwarder._pause(600.0))
        await asyncio.sleep(0)
        batcher.flush()
        async with asyncio.timeout(5):
            await pausing


async def test_the_log_never_holds_a_document(deliver, upstream, caplog, capsys):
    """Refusals are logged with id and code alone."""
    upstream.codes = {"secret content": "ParseError"}
    upstream.poison = frozenset({"other content"})
    await deliver(["secret content", "other content"])
    printed = capsys.readouterr()
    assert "ParseError" in printed.out + printed.err
    assert "content" not in printed.out + printed.err + caplog.text
