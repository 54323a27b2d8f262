import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluoro.agent.batcher import DOCUMENT_COST_BYTES, Batcher
from fluoro.agent.counts import Counts
from fluoro.agent.settings import AgentSettings

pytestmark = pytest.mark.anyio

HEADER = b'{"format":"json","version":1}\n'


def datagrams(*documents):
    return [HEADER + document for document in documents]


async def test_a_full_batch_leaves_at_once(new_batcher):
    """At `batch_documents` nothing waits for more; the rest stays, oldest first."""
    batcher = new_batcher(batch_documents=3)
    batcher.add(datagrams(b"1", b"2", b"3", b"4"))
    assert await batcher.next() == [b"1", b"2", b"3"]
    batcher.flush()
    assert await batcher.next() == [b"4"]


async def test_a_batch_ends_before_it_is_too_large(new_batcher):
    """A batch holds at most `batch_bytes`, and at least one document."""
    half, whole = b"x" * 40_000, b"y" * 65_536
    batcher = new_batcher(batch_bytes=65_536)
    batcher.add(datagrams(half, half, whole))
    assert await batcher.next() == [half]
    assert await batcher.next() == [half]
    assert await batcher.next() == [whole]


async def test_a_document_waits_no_longer_than_the_interval(new_batcher, clock):
    """The clock runs from the oldest document's arrival."""
    batcher = new_batcher(batch_interval_ms=200)
    batcher.add(datagrams(b"1"))
    clock.now_s += 0.15
    batcher.add(datagrams(b"2"))
    waiting = asyncio.create_task(batcher.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.now_s += 0.25
    batcher.add(datagrams(b"3"))
    assert await waiting == [b"1", b"2", b"3"]


async def test_nothing_waits_once_the_agent_ends(new_batcher):
    """After `flush` a single document is a batch, for one who waits already, too."""
    batcher = new_batcher()
    waiting = asyncio.create_task(batcher.next())
    await asyncio.sleep(0)
    batcher.flush()
    batcher.add(datagrams(b"1"))
    assert await waiting == [b"1"]


async def test_the_oldest_documents_make_room(new_batcher, counts):
    """Past the buffer's bytes the newest documents are kept, the others counted."""
    batcher = new_batcher(buffer_bytes=2 * (100 + DOCUMENT_COST_BYTES), batch_documents=5)
    batcher.add(datagrams(b"a" * 100, b"b" * 100, b"c" * 100))
    batcher.flush()
    assert await batcher.next() == [b"b" * 100, b"c" * 100]
    assert counts.dropped == {"buffer_full": 1}
    assert counts.is_closed


async def test_documents_under_way_take_room(new_batcher, counts):
    """Until they are settled, documents that were given out count as buffered."""
    batcher = new_batcher(buffer_bytes=2 * (100 + DOCUMENT_COST_BYTES))
    batcher.flush()
    batcher.add(datagrams(b"a" * 100))
    batch = await batcher.next()
    batcher.add(datagrams(b"b" * 100, b"c" * 100))
    assert counts.dropped == {"buffer_full": 1}
    batcher.settle(batch)
    counts.forwarded += 1
    batcher.add(datagrams(b"d" * 100))
    assert await batcher.next() == [b"c" * 100, b"d" * 100]
    assert counts.is_closed


async def test_a_flood_of_tiny_documents_is_bounded(new_batcher, counts):
    """What it costs to keep a document counts, not only its bytes."""
    batcher = new_batcher(buffer_bytes=10_000)
    batcher.add(datagrams(b"1") * 1000)
    assert counts.buffered < 10_000 / DOCUMENT_COST_BYTES
    assert counts.is_closed


async def test_what_is_no_segment_is_counted_by_reason(new_batcher, counts):
    """Broken datagrams are rejected; OpenTelemetry behind the header is dropped for now."""
    batcher = new_batcher()
    batcher.add([b"", b"{}", b"{}\n{}", HEADER + b"\xff"])
    batcher.add(datagrams(b"T1SCgA=", b"T1CgA=", b"T1UCgA=", b"M1CgA="))
    assert counts.rejected == {"empty": 1, "no_document": 1, "bad_header": 1, "not_utf8": 1}
    assert counts.dropped["otlp_traces"] == 2
    assert counts.dropped["otlp_unwanted"] == 2
    assert counts.received == 8
    assert counts.buffered == 0
    assert counts.is_closed


async def test_what_still_waits_can_be_given_up(new_batcher, counts):
    """At the end of the program, what waits is counted with its reason."""
    batcher = new_batcher()
    batcher.add(datagrams(b"1", b"22"))
    batcher.give_up_all("stopped")
    assert counts.dropped["stopped"] == 2
    assert counts.buffered == counts.buffered_bytes == 0
    assert counts.is_closed


async def test_a_cancelled_wait_takes_nothing(new_batcher, counts):
    """Documents that nobody was given are still there for the next."""
    batcher = new_batcher()
    waiting = asyncio.create_task(batcher.next())
    await asyncio.sleep(0)
    batcher.add(datagrams(b"1"))
    waiting.cancel()
    batcher.flush()
    assert await batcher.next() == [b"1"]


@given(
    st.lists(
        st.one_of(
            st.lists(st.binary(max_size=300) | st.binary(max_size=300).map(lambda b: HEADER + b)),
            st.sampled_from(["take", "settle", "give up"]),
        )
    )
)
async def test_the_equation_always_holds(steps):
    """Whatever arrives, and whenever batches are taken and settled, every datagram is counted."""
    counts = Counts()
    batcher = Batcher(AgentSettings(batch_documents=3), 2000, counts, lambda: 0.0)
    batcher.flush()
    taken = []
    waiting = 0
    for step in steps:
        waiting = counts.buffered - sum(map(len, taken))
        match step:
            case "take" if waiting:
                taken.append(await batcher.next())
            case "settle" if taken:
                batch = taken.pop()
                counts.forwarded += len(batch)
                batcher.settle(batch)
            case "give up" if taken:
                batcher.give_up(taken.pop(), "failed")
            case list():
                batcher.add(step)
        assert counts.is_closed
        assert counts.buffered >= 0
        under_way = sum(len(document) for batch in taken for document in batch)
        assert counts.buffered_bytes <= max(2000, under_way)
