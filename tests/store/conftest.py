"""Every Storage there is, each open once for a module; each test has a tenant of its own.

One process opens one folder of the engine at a time, so no two modules share an open one.
"""

import itertools
import random
from collections.abc import Iterator

import pytest

from fluoro.model.tenant import Tenant
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.memory import MemoryStorage
from fluoro.store.storage import Storage

_ACCOUNTS = itertools.count(1)


@pytest.fixture(scope="module")
def chdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseStorage]:
    opened = ClickHouseStorage.open(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "chdb"])
def storage(request: pytest.FixtureRequest) -> Storage:
    if request.param == "memory":
        return MemoryStorage()
    opened: ClickHouseStorage = request.getfixturevalue("chdb")
    return opened


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(f"{next(_ACCOUNTS):012d}", "eu-west-1")


@pytest.fixture
def chance() -> random.Random:
    return random.Random(7)
