"""A server without sockets: the real application and writer over the memory store."""

import json
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from fluoro.errors import StoreUnavailableError
from fluoro.model.tenant import LOCAL
from fluoro.server.app import create_app
from fluoro.server.backend import Backend
from fluoro.server.identity import Identity
from fluoro.server.settings import ServerSettings
from fluoro.server.throttle import Throttle
from fluoro.store.memory import MemoryStorage
from fluoro.store.writer import Writer, WriterSettings

NOW_S = 1_700_000_000
TRACE = "1-6553f100-00000000000000000000000a"


class FailingStorage(MemoryStorage):
    """Fails every call from the moment it is told to."""

    is_broken = False

    def _fail(self):
        if self.is_broken:
            raise StoreUnavailableError("no disk: /secret/path")

    def insert(self, documents):
        self._fail()
        return super().insert(documents)

    def spans(self, tenant, trace_ids, since_us=0):
        self._fail()
        return super().spans(tenant, trace_ids, since_us)

    def documents(self, tenant, trace_ids):
        self._fail()
        return super().documents(tenant, trace_ids)

    def search(self, tenant, search):
        self._fail()
        return super().search(tenant, search)

    def count_traces(self, tenant, start_us, end_us, kind="TraceId"):
        self._fail()
        return super().count_traces(tenant, start_us, end_us, kind)

    def graph(self, tenant, start_us, end_us, *rest):
        self._fail()
        return super().graph(tenant, start_us, end_us, *rest)

    def time_series(self, tenant, first, last, selector, trace_ids=None):
        self._fail()
        return super().time_series(tenant, first, last, selector, trace_ids)

    def sampling_reports(self, tenant, since_us):
        self._fail()
        return super().sampling_reports(tenant, since_us)

    def add_agent_report(self, tenant, time_us, report):
        self._fail()
        super().add_agent_report(tenant, time_us, report)

    def resources(self, tenant, kind):
        self._fail()
        return super().resources(tenant, kind)

    def check(self):
        self._fail()


class Server(SimpleNamespace):
    """The client, and what is behind it; `now_s` is the server's clock, `keys` None without.

    `requests_per_s` stands still with the clock.
    """

    def call(self, path, body=None, **headers):
        """POST a body (JSON unless bytes) and return the answer."""
        content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return self.client.post(path, content=content, headers=headers)

    def put(self, *documents, **members):
        """Send documents as PutTraceSegments does; the answer's JSON."""
        texts = [each if isinstance(each, str) else json.dumps(each) for each in documents]
        answer = self.call("/TraceSegments", {"TraceSegmentDocuments": texts, **members})
        assert answer.status_code == 200, answer.text
        return answer.json()


def make_server(settings=None, writer=None, keys=None):
    server = Server(now_s=NOW_S)
    server.storage = FailingStorage(lambda: server.now_s * 1_000_000)
    server.writer = Writer(server.storage.insert, writer or WriterSettings(flush_interval_s=0.001))
    server.keys = None if keys is None else {key.id: key for key in keys}

    def clock_us():
        return server.now_s * 1_000_000

    settings = settings or ServerSettings()
    throttle = Throttle(settings.requests_per_s, lambda: server.now_s * 1_000_000_000)
    server.backend = Backend(
        server.storage,
        server.writer,
        settings,
        clock_us,
        Identity(lambda: server.keys, clock_us, LOCAL.region, throttle),
    )
    server.client = TestClient(create_app(server.backend), raise_server_exceptions=False)
    return server


@pytest.fixture
def anyio_backend():
    """What the programs run on."""
    return "asyncio"


@pytest.fixture
def make():
    """Servers of the test's own settings, closed at its end."""
    made = []

    def make(**settings):
        made.append(make_server(**settings))
        return made[-1]

    yield make
    for server in made:
        server.client.close()
        server.writer.close()
        server.backend.beside.close()


@pytest.fixture
def server(make):
    """One server with the defaults."""
    return make()


@pytest.fixture
def document():
    """A segment document: half a second from `start` seconds after now."""

    def document(number=1, trace=TRACE, start=0.0, seconds=0.5, **members):
        return {
            "id": f"{number:016x}",
            "trace_id": trace,
            "name": "web",
            "start_time": NOW_S + start,
            "end_time": NOW_S + start + seconds,
        } | members

    return document


@pytest.fixture
def window():
    """StartTime and EndTime around everything that `document` makes."""
    return {"StartTime": NOW_S - 60, "EndTime": NOW_S + 600}


@pytest.fixture
def trace_id():
    """Ids of traces, by number."""
    return lambda number: f"1-6553f100-{number:024x}"
