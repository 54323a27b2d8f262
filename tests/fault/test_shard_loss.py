"""One of three shards is killed and comes back: nothing is answered in part, nothing is lost."""

import contextlib
import time

import pytest

from fluoro.errors import ShardUnavailableError, StoreUnavailableError
from fluoro.model.tenant import LOCAL
from fluoro.store.address import parse
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.storage import SamplingReport, Search
from running_server import running_server, until
from store.building import BASE_US, all_accepted, segment, trace_id
from store.clickhouse_nodes import CLUSTER, PAIR, PASSWORD, running

S = 1_000_000
TRACES = 60
"""So many that each shard has some."""

IDS = [trace_id(number) for number in range(1, 2 * TRACES + 1)]


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    with running(tmp_path_factory.mktemp("clickhouse"), 3) as nodes:
        yield nodes


@pytest.fixture
def store(shards, request):
    """A database of the test's own, as setting `store`; every shard runs before and after."""
    yield shards[0].store(f"fluoro_{request.node.name}", f"?cluster={CLUSTER}")
    for node in shards:
        if not node.is_running:
            node.start()
            node.wait()


@pytest.fixture
def storage(store):
    opened = ClickHouseStorage.connect(parse(store), PASSWORD)
    yield opened
    opened.close()


def documents(first):
    """Of so many traces, one of each."""
    return [segment(number, 1, "web", number, S) for number in range(first, first + TRACES)]


ASKED = {
    "search": lambda storage: storage.search(LOCAL, Search(0, 2**62)),
    "count_traces": lambda storage: storage.count_traces(LOCAL, 0, 2**62),
    "documents": lambda storage: storage.documents(LOCAL, IDS),
    "spans": lambda storage: storage.spans(LOCAL, IDS),
    "graph": lambda storage: storage.graph(LOCAL, 0, 2**62),
    "latest_us": lambda storage: storage.latest_us(LOCAL),
}


def test_no_answer_lacks_a_shard(shards, storage):
    """Each read says that one is away; once it is back each answers as before."""
    storage.insert(all_accepted(LOCAL, documents(1)))
    before = {name: ask(storage) for name, ask in ASKED.items()}
    shards[2].kill()
    for name, ask in ASKED.items():
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            pytest.fail(f"{name} answered {ask(storage)}")
    shards[2].start()
    shards[2].wait()
    assert {name: ask(storage) for name, ask in ASKED.items()} == before


def test_what_cannot_be_kept_is_not_acknowledged(shards, storage):
    """And sent again it is there once, with all that was acknowledged before."""
    storage.insert(all_accepted(LOCAL, documents(1)))
    shards[1].kill()
    late = all_accepted(LOCAL, documents(TRACES + 1))
    with pytest.raises(ShardUnavailableError):
        storage.insert(late)
    shards[1].start()
    shards[1].wait()
    storage.insert(late)
    found = storage.documents(LOCAL, IDS)
    assert set(found) == set(IDS)
    assert all(len(kept) == 1 for kept in found.values())
    assert storage.count_traces(LOCAL, 0, 2**62) == 2 * TRACES
    assert sum(len(rows) for rows in storage.spans(LOCAL, IDS).values()) == 2 * TRACES


def test_sampling_goes_on_without_the_other_shards(shards, storage):
    """Its tables live on the first one."""
    shards[1].kill()
    shards[2].kill()
    report = SamplingReport("Default", "client", time.time_ns() // 1000, 1, 1, 0, 1, 2)
    storage.add_sampling_reports(LOCAL, [report])
    assert storage.sampling_reports(LOCAL, 0) == [report]
    storage.check()


def test_a_server_starts_without_a_replica_that_has_its_schema(shards, store):
    """Whichever it is; but not on a new database, whose tables that one would lack."""
    store = store.replace(CLUSTER, PAIR).replace(shards[0].host, shards[2].host)
    ClickHouseStorage.connect(parse(store), PASSWORD).close()
    for replica in shards[:2]:
        replica.kill()
        with contextlib.closing(ClickHouseStorage.connect(parse(store), PASSWORD)) as storage:
            storage.insert(all_accepted(LOCAL, documents(1)))
            assert storage.count_traces(LOCAL, 0, 2**62) == TRACES
        with pytest.raises(StoreUnavailableError, match="not yet this version's"):
            ClickHouseStorage.connect(parse(store.replace("/fluoro_", "/fluoro_new_")), PASSWORD)
        replica.start()
        replica.wait()


@pytest.mark.process
def test_a_server_says_503_and_recovers(shards, store, tmp_path):
    """Of any shard; without the first one it is not ready either. Senders come again, with all."""
    window = (BASE_US / S - 1, BASE_US / S + 10)
    with running_server(tmp_path, store, PASSWORD) as server:
        assert server.put(*documents(1)[:50]) == 200
        kept = {trace_id(number) for number in range(1, 51)}
        assert server.summaries(*window) == (200, kept)
        shards[2].kill()
        assert server.put(*documents(TRACES + 1)[:50]) == 503
        status, message = server.summaries(*window)
        assert status == 503
        assert message.startswith("A shard of the store does not answer")
        assert server.is_ready()
        shards[2].start()
        shards[2].wait()
        assert server.put(*documents(TRACES + 1)[:50]) == 200
        kept |= {trace_id(TRACES + number) for number in range(1, 51)}
        assert server.summaries(*window) == (200, kept)
        shards[0].kill()
        assert server.put(*documents(1)[:50]) == 503
        assert server.summaries(*window)[0] == 503
        until(lambda: not server.is_ready(), "a server without its first shard")
        shards[0].start()
        shards[0].wait()
        until(server.is_ready, "a server whose first shard is back")
        assert server.put(*documents(1)[:50]) == 200
        assert server.summaries(*window) == (200, kept)
        assert PASSWORD not in server.log.read_text()
