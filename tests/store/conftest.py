"""Every Storage there is; each test has a tenant of its own.

One process opens one folder of chDB at a time, so no two modules share an open one. The ClickHouse
processes run as long as the tests do.
"""

import itertools
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fluoro.model.tenant import Tenant
from fluoro.store import inserter
from fluoro.store.address import parse
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.memory import MemoryStorage
from fluoro.store.storage import Storage
from store.clickhouse_nodes import CLUSTER, PASSWORD, ClickHouseNode, running
from store.kept import Kept

_ACCOUNTS = itertools.count(1)
_DATABASES = itertools.count(1)


@pytest.fixture(scope="module")
def chdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseStorage]:
    opened = ClickHouseStorage.open(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ClickHouseNode]]:
    with running(tmp_path_factory.mktemp("clickhouse"), 3) as started:
        yield started


@pytest.fixture(scope="session")
def server(nodes: list[ClickHouseNode]) -> Iterator[ClickHouseStorage]:
    opened = ClickHouseStorage.connect(parse(nodes[0].store("fluoro_alone")), PASSWORD)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def cluster(nodes: list[ClickHouseNode]) -> Iterator[ClickHouseStorage]:
    """Three shards; asked of the second, which names the first."""
    address = parse(nodes[1].store("fluoro", f"?cluster={CLUSTER}"))
    opened = ClickHouseStorage.connect(address, PASSWORD)
    yield opened
    opened.close()


@pytest.fixture(params=["server", "cluster"])
def empty(
    request: pytest.FixtureRequest, nodes: list[ClickHouseNode]
) -> Iterator[ClickHouseStorage]:
    """A database of its own, for what looks at all tenants."""
    options = f"?cluster={CLUSTER}" if request.param == "cluster" else ""
    address = parse(nodes[0].store(f"fluoro_{next(_DATABASES)}", options))
    opened = ClickHouseStorage.connect(address, PASSWORD)
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "chdb", "chdb, rows from Python", "server", "cluster"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """What a test inserts is read by the views, unless it says otherwise."""
    name, _, is_made = request.param.partition(", ")
    if name == "memory":
        return MemoryStorage()
    monkeypatch.setattr(inserter, "SMALL_BYTES", sys.maxsize if is_made else 0)
    opened: ClickHouseStorage = request.getfixturevalue(name)
    return opened


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A store of the test's own beside the reference; it may be restarted."""
    kept = Kept(tmp_path)
    yield kept
    kept.storage.close()


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(f"{next(_ACCOUNTS):012d}", "eu-west-1")


@pytest.fixture
def chance() -> random.Random:
    return random.Random(7)
