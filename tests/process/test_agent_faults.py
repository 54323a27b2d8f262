"""Whatever happens to an agent or its server, every datagram received is counted once."""

import asyncio
import random

import pytest

from captures import captures
from fluoro.agent.batcher import Batcher
from running_agent import HEADER, until

pytestmark = pytest.mark.anyio


async def timed_out(agent):
    """Wait until some request was given up."""

    async def has_timed_out():
        found = await agent.metrics()
        return found.get('requests_total{outcome="timeout"}', 0) > 0

    await until(has_timed_out, "a request had timed out")


async def settled(agent, received):
    """Wait until so many datagrams were received and none is buffered; then the metrics."""
    found = {}

    async def is_settled():
        found.update(await agent.metrics())
        return found["documents_received_total"] >= received and found["documents_buffered"] == 0

    await until(is_settled, f"{received} datagrams were dealt with")
    return found


async def test_a_flood_is_counted_to_the_last_datagram(start, upstream):
    """What was sent = stored + dropped by the kernel, and the agent's own counts add up."""
    agent = await start()
    sent = [f'{{"n":{number},"pad":"{"x" * 1100}"}}' for number in range(20_000)]
    await asyncio.to_thread(agent.send_documents, *sent)
    found = await settled(agent, 1)
    agent.stop()
    counts = await agent.ended()
    assert counts.is_closed
    assert counts.forwarded == len(upstream.stored) == counts.received
    assert counts.received + found["kernel_drops_total"] == len(sent)
    assert set(upstream.stored) <= set(sent)


async def test_broken_datagrams_harm_no_good_one(start, upstream):
    """Cut, flipped and random datagrams are counted; each good one among them is stored."""
    agent = await start()
    chance = random.Random(7)
    good, broken = [], []
    for found in captures():
        whole = found.header + b"\n" + found.document
        good.append(whole)
        broken.append(whole[: chance.randrange(len(found.header) + 1)])
        broken.append(chance.randbytes(chance.randrange(300)))
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        broken.append(bytes(flipped))
    mixed = good + broken
    chance.shuffle(mixed)
    for first in range(0, len(mixed), 50):
        agent.send(*mixed[first : first + 50])
        await settled(agent, min(first + 50, len(mixed)))
    agent.stop()
    counts = await agent.ended()
    assert counts.received == len(mixed)
    assert counts.is_closed
    assert counts.rejected.total() > len(good)
    documents = {found.document.decode() for found in captures()}
    assert documents <= set(upstream.stored)


async def test_the_largest_datagram_arrives(start, upstream):
    """IPv4 carries 65,507 bytes."""
    agent = await start()
    document = "x" * (65_507 - len(HEADER))
    agent.send_documents(document)
    await settled(agent, 1)
    assert upstream.stored == {document: 1}


async def test_opentelemetry_is_counted_by_kind(start, upstream):
    """`T1S` is recognised and counted even before it is stored; nothing of it goes on."""
    agent = await start()
    agent.send_documents("T1SCgA=", "T1SCgB=", "T1UCgA=", "M1CgA=")
    found = await settled(agent, 4)
    assert found['documents_dropped_total{reason="otlp_traces"}'] == 2
    assert found['documents_dropped_total{reason="otlp_unwanted"}'] == 2
    assert upstream.stored == {}


async def test_a_server_that_was_away_gets_everything(start, upstream, monkeypatch):
    """Within the buffer nothing is lost, and nothing is stored twice."""
    monkeypatch.setattr("fluoro.agent.forwarder._FIRST_DELAY_S", 0.02)
    agent = await start(batch_documents=10, senders=2)
    upstream.is_away = True
    sent = [f"document {number}" for number in range(100)]
    agent.send_documents(*sent)

    async def has_tried():
        found = await agent.metrics()
        return found.get('requests_total{outcome="5xx"}', 0) > 3

    await until(has_tried, "the agent had tried in vain")
    found = await agent.metrics()
    assert found["documents_buffered"] == found["documents_received_total"] == 100
    upstream.is_away = False
    await settled(agent, 100)
    assert upstream.stored == dict.fromkeys(sent, 1)


async def test_a_server_that_does_not_answer_is_asked_again(start, upstream, monkeypatch):
    """After `request_timeout_s` the batch is sent anew: a server that hangs blocks nothing."""
    monkeypatch.setattr("fluoro.agent.forwarder._FIRST_DELAY_S", 0.02)
    agent = await start(request_timeout_s=1)
    upstream.is_silent = True
    agent.send_documents("1", "2")
    await timed_out(agent)
    upstream.is_silent = False
    await settled(agent, 2)
    assert upstream.stored == {"1": 1, "2": 1}


async def test_past_the_buffer_the_oldest_are_dropped_and_counted(start, upstream):
    """Memory stays bounded while the server is away, and the newest documents survive."""
    agent = await start(buffer_bytes=200_000, batch_bytes=65_536, senders=1)
    upstream.is_away = True
    sent = [f"{number:04}" + "x" * 996 for number in range(400)]
    for first in range(0, len(sent), 50):
        agent.send_documents(*sent[first : first + 50])

        async def is_received(least=first + 50):
            return (await agent.metrics())["documents_received_total"] >= least

        await until(is_received, "the datagrams were received")
    found = await agent.metrics()
    assert found["buffered_bytes"] <= 200_000
    dropped = found['documents_dropped_total{reason="buffer_full"}']
    assert dropped + found["documents_buffered"] == 400
    upstream.is_away = False
    agent.stop()
    counts = await agent.ended()
    assert counts.is_closed
    assert counts.forwarded == 400 - dropped
    assert set(sent[-50:]) <= set(upstream.stored)


async def test_nothing_sent_before_the_stop_is_lost(start, upstream):
    """What is in the socket or the buffer when the agent is told to end is delivered."""
    agent = await start(batch_interval_ms=10_000)
    sent = [f"document {number}" for number in range(2000)]
    agent.send_documents(*sent)
    agent.stop()
    counts = await agent.ended()
    assert upstream.stored == dict.fromkeys(sent, 1)
    assert counts.forwarded == counts.received == 2000


async def test_while_it_drains_it_receives_but_is_not_ready(start, upstream):
    """/readyz is 503 at once, so new senders go elsewhere; the old ones are still served."""
    agent = await start(drain_s=0.5)
    assert await agent.status("/readyz") == 200
    agent.stop()
    assert await agent.status("/readyz") == 503
    assert await agent.status("/livez") == 200
    agent.send_documents("late")
    assert (await agent.ask("POST", "/GetSamplingRules"))[0] == 200
    await agent.ended()
    assert upstream.stored == {"late": 1}


async def test_an_end_without_a_server_has_a_deadline(start, upstream):
    """After `flush_deadline_s` what is left is dropped and counted, under way or not."""
    agent = await start(flush_deadline_s=0.2, batch_documents=10, senders=2)
    upstream.is_away = True
    agent.send_documents(*map(str, range(100)))
    agent.stop()
    counts = await agent.ended()
    assert counts.dropped == {"stopped": 100}
    assert counts.is_closed


async def test_senders_that_never_pause_do_not_keep_it_alive(start, upstream):
    """The agent ends although datagrams keep coming, and has counted what it took."""
    agent = await start()
    ended = asyncio.Event()

    async def keep_sending():
        while not ended.is_set():
            agent.send_documents("again")
            await asyncio.sleep(0.001)

    sending = asyncio.create_task(keep_sending())
    agent.stop()
    counts = await agent.ended()
    ended.set()
    await sending
    assert counts.is_closed
    assert counts.forwarded == upstream.stored["again"] == counts.received


async def test_a_sender_that_dies_ends_the_agent(start, upstream, monkeypatch, capsys):
    """Others deliver what waits, the log has the error, and the program ends by it."""
    monkeypatch.setattr("fluoro.agent.batcher.Batcher.next", dying(Batcher.next))
    agent = await start(senders=2)
    sent = [f"document {number}" for number in range(100)]
    agent.send_documents(*sent)
    with pytest.raises(ZeroDivisionError):
        await agent.ended()
    assert upstream.stored == dict.fromkeys(sent, 1)
    printed = capsys.readouterr()
    assert "agent_failed" in printed.out + printed.err


async def test_a_receiving_thread_that_dies_ends_the_agent(start, monkeypatch, capsys):
    """A deaf agent is of no use; whoever supervises the process starts another one."""
    monkeypatch.setattr("fluoro.agent.receiver.Receiver._wait_at_most", dying(None))
    agent = await start()
    with pytest.raises(ZeroDivisionError):
        await agent.ended()
    printed = capsys.readouterr()
    assert "agent_failed" in printed.out + printed.err


def dying(real):
    """A method whose first call fails."""
    called = []

    def call(*arguments):
        called.append(arguments)
        if len(called) == 1:
            raise ZeroDivisionError
        return real(*arguments)

    return call


async def test_a_server_that_trickles_its_answer_is_asked_again(start, upstream):
    """Bytes now and then do not make a request last beyond `request_timeout_s`."""
    upstream.is_trickling = True
    agent = await start(request_timeout_s=1)
    agent.send_documents("1")
    await timed_out(agent)
    upstream.is_trickling = False
    await settled(agent, 1)
    assert upstream.stored == {"1": 1}
