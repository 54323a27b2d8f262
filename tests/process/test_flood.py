"""One account floods a server with keys; the requests of another one go on as if it did not."""

import asyncio
import contextlib
import itertools
import json
import re
import time

import httpx2
import pytest

from fluoro.signer import Signer
from fluoro.wire.sigv4 import Credentials
from keyed import create, running_server

pytestmark = [pytest.mark.process, pytest.mark.anyio]

LIMIT_S = 60
RATE = 5
READS = 60
"""Of the flood, all at once; without turns another account's read would be behind them."""
MOST_BEFORE = 10
"""Of them that are answered while a read of the other account is on its way."""
PUT = 50
"""Documents of one request."""
WORKERS = 8
TURNED_AWAY = "fluoro_server_requests_throttled_total"


@pytest.fixture(scope="module")
def anyio_backend():
    """The module's server is asked by all of its tests."""
    return "asyncio"


class Flooded:
    """A server and the clients of two accounts; each request is signed."""

    def __init__(self, addresses, flooder, other):
        self.flooder_id = flooder["id"]
        self.flooder = self._client(addresses["server"], flooder)
        self.other = self._client(addresses["server"], other)
        self._admin = httpx2.AsyncClient(base_url=f"http://{addresses['server_admin']}")
        self._numbers = itertools.count(1)

    def _client(self, server, key):
        credentials = Credentials(key["id"], key["secret"], "eu-west-1")
        return httpx2.AsyncClient(
            base_url=server,
            auth=Signer(credentials, time.time),
            timeout=LIMIT_S,
            limits=httpx2.Limits(max_connections=2 * READS),
        )

    async def put(self, client):
        """The answer to a request of new documents, each a trace of its own."""
        now = time.time()
        documents = [
            {
                "id": f"{number:016x}",
                "trace_id": f"1-{int(now):08x}-{number:024x}",
                "name": "web",
                "start_time": now - 1,
                "end_time": now,
            }
            for number in itertools.islice(self._numbers, PUT)
        ]
        texts = [json.dumps(document) for document in documents]
        return await client.post("/TraceSegments", json={"TraceSegmentDocuments": texts})

    async def graph(self, client):
        """The answer to a question that the store has to count for."""
        now = time.time()
        return await client.post("/ServiceGraph", json={"StartTime": now - 300, "EndTime": now})

    async def metric(self, name):
        """The sum of a metric's samples whose text begins like this."""
        text = (await self._admin.get("/metrics")).text
        found = re.findall(rf"^{re.escape(name)}\S* (\S+)$", text, re.MULTILINE)
        return sum(map(float, found))

    async def is_full(self):
        """Whether much of a flood of reads waits."""
        return await self.metric("fluoro_server_reads_waiting") > READS // 2

    async def close(self):
        for client in (self.flooder, self.other, self._admin):
            await client.aclose()


@contextlib.asynccontextmanager
async def flooded_server(folder, *options):
    keys = [create(folder / "data", "admin", account) for account in ("1" * 12, "2" * 12)]
    with running_server(folder, *options) as addresses:
        server = Flooded(addresses, *keys)
        yield server
        await server.close()


@pytest.fixture(scope="module")
async def flooded(tmp_path_factory):
    """Two accounts with some traces each, which may ask as often as they like."""
    options = ["--store-readers=2", "--queue-documents=400", "--flush-documents=400"]
    folder = tmp_path_factory.mktemp("flood")
    async with flooded_server(folder, "--requests-per-s=100000", *options) as server:
        for client in (server.flooder, server.other):
            assert (await server.put(client)).status_code == 200
        yield server


async def until(look, what):
    """Return once an asynchronous `look` says so."""
    deadline = time.monotonic() + LIMIT_S
    while not await look():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def flood(ask):
    """Ask again and again during the block, which begins with the first refusal: all of them."""
    refused, is_over = [], asyncio.Event()

    async def worker():
        while not is_over.is_set():
            answer = await ask()
            if answer.status_code != 200:
                refused.append(answer)
                await asyncio.sleep(0.05)  # leave the machine to the other account's requests

    async def has_begun():
        return bool(refused)

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        for _ in range(WORKERS):
            group.create_task(worker())
        try:
            await until(has_begun, "a refusal")
            yield refused
        finally:
            is_over.set()


def check_refusals(answers):
    """Each is AWS's, with the time to wait; the set of their messages."""
    for answer in answers:
        assert answer.status_code == 429
        assert answer.headers["x-amzn-ErrorType"] == "ThrottledException"
        assert int(answer.headers["Retry-After"]) >= 1
    return {answer.json()["message"] for answer in answers}


async def test_a_flood_of_reads(flooded):
    """A read of another account is answered before most of those that came before it."""
    answered = []

    async def read():
        await flooded.graph(flooded.flooder)  # on a slow machine the last ones wait for too long
        answered.append(1)

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        for _ in range(READS):
            group.create_task(read())
        await until(flooded.is_full, "reads that wait")
        for _ in range(3):
            before = len(answered)
            assert (await flooded.graph(flooded.other)).status_code == 200
            assert len(answered) - before <= MOST_BEFORE
        assert len(answered) < READS


async def test_reads_whose_clients_are_gone_do_not_run(flooded):
    """They are dropped when it is their turn; the metrics show them as time-outs."""
    gone = 'fluoro_server_requests_total{operation="GetServiceGraph",status="408"}'
    reads = [asyncio.create_task(flooded.graph(flooded.flooder)) for _ in range(READS)]

    async def is_idle():
        return await flooded.metric("fluoro_server_reads_waiting") == 0

    await until(flooded.is_full, "reads that wait")
    for task in reads:
        task.cancel()
    await asyncio.wait(reads)
    await until(is_idle, "the reads to end")
    assert await flooded.metric(gone) > 0
    assert (await flooded.graph(flooded.other)).status_code == 200


async def test_a_flood_of_writes(flooded):
    """It fills its half of the queue and is refused; what another account sends is stored."""
    async with flood(lambda: flooded.put(flooded.flooder)) as refused:
        for _ in range(3):
            before = len(refused)
            assert (await flooded.put(flooded.other)).status_code == 200
            assert len(refused) > before
    assert "too many documents wait to be stored" in check_refusals(refused)


async def test_a_flood_of_requests(tmp_path):
    """A key past its rate is refused; keys of other accounts are not."""
    async with flooded_server(tmp_path, f"--requests-per-s={RATE}") as server:
        async with flood(lambda: server.flooder.post("/EncryptionConfig")) as refused:
            for _ in range(RATE):
                assert (await server.other.post("/EncryptionConfig")).status_code == 200
        (message,) = check_refusals(refused)
        assert f"{server.flooder_id} may ask {RATE} times a second" in message
        assert await server.metric(TURNED_AWAY) == len(refused)
        ours = TURNED_AWAY + f'{{key="{server.flooder_id}"}}'
        assert await server.metric(ours) == len(refused)
