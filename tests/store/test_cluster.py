"""What a ClickHouse server or cluster adds: where rows lie, who may start when, who is let in."""

import itertools
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fluoro.errors import SettingsError, StoreUnavailableError
from fluoro.store import migrations, semantics
from fluoro.store.address import parse
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.layout import SHARDED
from fluoro.store.pool import Limits
from store.building import all_accepted, found, nested_in_a_line, segment, trace_id
from store.clickhouse_nodes import CERTIFICATE, CLUSTER, GRANTS, PASSWORD, USER

S = 1_000_000
_DATABASES = itertools.count(1)


def test_the_guide_grants_what_the_tests_have():
    """Nothing is missing there, and nothing is more than needed."""
    guide = Path(__file__).parents[2] / "docs" / "guides" / "clickhouse.md"
    granted = re.findall(r"^GRANT (.+) TO fluoro;$", guide.read_text(), re.MULTILINE)
    assert granted == [what.replace("fluoro*", "fluoro") for what in GRANTS]


@pytest.fixture
def address(nodes):
    """Of a database of the cluster that nobody has used."""
    return parse(nodes[0].store(f"fluoro_shared_{next(_DATABASES)}", f"?cluster={CLUSTER}"))


@pytest.fixture
def start(address):
    """Connect as one more server does; its queries are the test's own."""
    started = []

    def start():
        started.append(ClickHouseStorage.connect(address, PASSWORD, Limits(readers=1)))
        return started[-1]

    yield start
    for storage in started:
        storage.close()


def kept(storage, table, tenant, what="count()"):
    """What each node says of its own rows of a tenant."""
    pool = storage._pool
    select = f"SELECT {what} FROM {pool.local(table)} WHERE account = {{account:String}}"  # noqa: S608  the test's own words
    return [node.command(select, {"account": tenant.account}) for node in pool.nodes]


def insert_traces(storage, tenant):
    """Thirty traces, so many that every shard gets some."""
    storage.insert(all_accepted(tenant, [segment(n, 1, "web", 0, S) for n in range(1, 31)]))


def test_a_trace_lies_on_one_shard(cluster, tenant):
    """All its documents and rows, those made in Python too; the traces are spread."""
    deep = {"subsegments": nested_in_a_line(6, 10, 0, S)}
    insert_traces(cluster, tenant)
    late = [segment(trace, 2, "orders", 0, S, **deep) for trace in range(1, 31)]
    cluster.insert(all_accepted(tenant, late))
    traces = "arrayStringConcat(groupUniqArray(hex(trace_id)), ' ')"
    spans, documents = (
        [set(texts.split()) for texts in kept(cluster, table, tenant, traces)]
        for table in ("spans", "documents")
    )
    assert spans == documents
    assert all(spans)
    assert sum(len(shard) for shard in spans) == 30


def test_other_tables_live_on_the_first_shard_alone(cluster):
    """The others do not even have them."""
    names = (
        "SELECT arrayStringConcat(groupArray(name), ' ') FROM system.tables"
        " WHERE database = currentDatabase()"
    )
    first, *others = (set(node.command(names).split()) for node in cluster._pool.nodes)
    assert {"sampling_reports", "agent_reports", "spans", "spans_local"} <= first
    for tables in others:
        assert first - tables >= {"sampling_reports", "agent_reports"}
        assert not any(table.startswith(tuple(SHARDED)) for table in first - tables)


def test_a_statement_for_local_rows_reaches_every_shard(cluster, tenant):
    """And one for a table of the first shard runs there."""
    insert_traces(cluster, tenant)
    cluster.add_agent_report(tenant, 1, b"{}")
    pool, own = cluster._pool, {"account": tenant.account}
    count = "SELECT count() FROM agent_reports WHERE account = {account:String}"
    assert pool.query(count, own) == [(1,)]
    for table in ("spans", "agent_reports"):
        delete = f"DELETE FROM {pool.local(table)} WHERE account = {{account:String}}"  # noqa: S608  the same
        pool.command(delete, own)
    assert pool.query(count, own) == [(0,)]
    assert kept(cluster, "spans", tenant) == ["0", "0", "0"]
    assert "0" not in kept(cluster, "documents", tenant)


def test_what_is_deleted_leaves_every_disk(cluster, tenant):
    """Also where only a shard that is not the first one keeps rows of it."""
    masked = (
        "SELECT count() FROM system.parts WHERE database = currentDatabase()"
        " AND table = 'documents_local' AND active AND has_lightweight_delete"
    )
    insert_traces(cluster, tenant)
    cluster.upkeep.purge()
    traces = "arrayStringConcat(groupUniqArray(hex(trace_id)), ' ')"
    gone = kept(cluster, "documents", tenant, traces)[2].split()[0]
    cluster.delete_traces(tenant, [f"1-{gone[:8]}-{gone[8:]}".lower()], 2**61)
    assert cluster._pool.nodes[2].command(masked) != "0"
    cluster.upkeep.purge()
    assert [node.command(masked) for node in cluster._pool.nodes] == ["0", "0", "0"]
    assert sum(map(int, kept(cluster, "documents", tenant))) == 29


def test_chdb_is_not_needed(nodes):
    """Neither its 0.8 GB nor its memory, in a process that stores elsewhere."""
    code = (
        "import sys; sys.modules['chdb'] = None\n"
        "from fluoro.store.address import parse\n"
        "from fluoro.store.clickhouse import ClickHouseStorage\n"
        "storage = ClickHouseStorage.connect(parse(sys.argv[1]), sys.argv[2])\n"
        "storage.check(); storage.close()"
    )
    store = nodes[0].store("fluoro_alone")
    subprocess.run([sys.executable, "-c", code, store, PASSWORD], check=True)


def test_servers_that_start_disturb_none_that_run(start, tenant):
    """Their views are the same, so they stay."""
    first = start()
    made = (
        "SELECT max(metadata_modification_time), count() FROM system.tables"
        " WHERE database = currentDatabase()"
    )
    before = first._pool.query(made)
    second = start()
    assert second._pool.query(made) == before
    first.insert(all_accepted(tenant, [segment(1, 1, "web", 0, S)]))
    second.insert(all_accepted(tenant, [segment(2, 1, "web", S, S)]))
    assert found(first, tenant) == found(second, tenant) == [trace_id(2), trace_id(1)]


def test_servers_may_start_at_once(start, tenant):
    """Each makes what the others have not made yet."""
    with ThreadPoolExecutor(4) as threads:
        storages = [each.result() for each in [threads.submit(start) for _ in range(4)]]
    for number, storage in enumerate(storages):
        storage.insert(all_accepted(tenant, [segment(number, 1, "web", number, S)]))
    assert {len(found(storage, tenant)) for storage in storages} == {4}


@pytest.fixture
def older(start, monkeypatch):
    """A server of a version whose views say something else, and that still runs."""
    with monkeypatch.context() as then:
        then.setattr(semantics, "unread_view", lambda view=semantics.unread_view: f"{view()} AND 1")
        return start()


def test_two_versions_share_a_store(older, start, tenant):
    """Each keeps its own views, as in a rolling update: no line falls between them."""
    newer = start()
    assert older._inserter._lines != newer._inserter._lines
    older.insert(all_accepted(tenant, [segment(1, 1, "web", 0, S)]))
    newer.insert(all_accepted(tenant, [segment(2, 1, "web", S, S)]))
    assert found(older, tenant) == found(newer, tenant) == [trace_id(2), trace_id(1)]


def test_views_that_were_left_behind_go(older, start, tenant, monkeypatch):
    """A day later; a server that still used them is told so, and loses nothing silently."""
    start()
    monkeypatch.setattr(migrations, "_OLD_S", 0)
    newer = start()
    digest = older._inserter._lines.removeprefix("incoming_")
    left = (
        "SELECT count() FROM system.tables"
        " WHERE database = currentDatabase() AND position(name, {digest:String}) > 0"
    )
    for node in newer._pool.nodes:
        assert node.command(left, {"digest": digest}) == "0"
    with pytest.raises(StoreUnavailableError):
        older.insert(all_accepted(tenant, [segment(1, 1, "web", 0, S)]))
    newer.insert(all_accepted(tenant, [segment(1, 1, "web", 0, S)]))
    assert found(newer, tenant) == [trace_id(1)]


def test_a_node_that_comes_back_empty_is_brought_up(start, tenant, address):
    """At the next start of a server."""
    start()._pool.nodes[1].command(f"DROP DATABASE {address.database} SYNC")
    storage = start()
    insert_traces(storage, tenant)
    assert "0" not in kept(storage, "spans", tenant)


def test_the_password_is_needed(address):
    """The message says what to check, and does not show it."""
    with pytest.raises(SettingsError, match=f"refuses user `{USER}`: check") as refused:
        ClickHouseStorage.connect(address, "hunter2")
    assert refused.value.setting == "store"
    assert "hunter2" not in refused.value.message


def test_tls_to_every_node(nodes, monkeypatch):
    """With a certificate that is trusted, and no other; proxies of the environment are not used."""
    address = parse(nodes[0].secure_store("fluoro_secure", f"?cluster={CLUSTER}"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with pytest.raises(StoreUnavailableError, match="certificate verify failed"):
        ClickHouseStorage.connect(address, PASSWORD)
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    storage = ClickHouseStorage.connect(address, PASSWORD)
    assert [node.command("SELECT 1") for node in storage._pool.nodes] == ["1", "1", "1"]
    storage.close()


def test_a_cluster_that_the_server_does_not_know(nodes):
    """The message names those that it has."""
    address = parse(nodes[0].store("fluoro", "?cluster=nope"))
    with pytest.raises(SettingsError, match=rf"no cluster `nope`.*{CLUSTER}"):
        ClickHouseStorage.connect(address, PASSWORD)


def test_nobody_at_the_address():
    """As when ClickHouse starts later than Fluoro."""
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        ClickHouseStorage.connect(parse("clickhouse://127.0.0.1:1/fluoro"))


def test_no_connection_waits_for_ever(cluster):
    """An insert into a replica that is read-only would; only commands may take minutes."""
    pool = cluster._pool
    clients = [pool.writer, *pool._engine.readers]
    for node in pool.nodes:
        with node.lent() as asking, node._commanding.lent() as commanding:
            clients.append(asking)
            assert commanding.timeout.read_timeout <= 3600
    assert all(client.timeout.connect_timeout <= 10 for client in clients)
    assert all(client.timeout.read_timeout <= 60 for client in clients)
