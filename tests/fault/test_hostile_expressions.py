"""50,000 spoilt filters: refused in words or compiled, with none of their text in SQL."""

import contextlib
import json
import time
from random import Random
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from captures import documents
from fluoro.errors import FilterSyntaxError
from fluoro.filters.parser import parse
from fluoro.filters.tree import Expression
from fluoro.model.tenant import LOCAL
from fluoro.server.app import create_app
from fluoro.server.backend import Backend
from fluoro.server.identity import Identity
from fluoro.server.settings import ServerSettings
from fluoro.server.throttle import Throttle
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.compile import compile_filter
from fluoro.store.pool import Pool
from fluoro.store.storage import Search
from fluoro.store.writer import Writer, WriterSettings
from mutations import ODD_PIECES, mutated_text

EXPRESSIONS = 50_000
"""Half of the 100,000 mutants; `test_hostile_documents` has the others."""
SEARCHED, ASKED = 120, 120
"""How many the engine and the whole server are asked."""

MARK = "zq9"
"""In each text and key of an expression, and in no SQL of ours."""
PIECES = (
    *ODD_PIECES,
    *("--", "/*", "*/", ";", "'", "`", "%s", "{p0:String}", "{{", "}}", "\\'", "$1", "?", "#["),
    *(
        "' OR 1=1 --",
        "'; DROP TABLE spans; --",
        " AND ",
        " OR ",
        "!",
        "(",
        ")",
        " = ",
        "rootcause.",
    ),
    f"{MARK}'); SELECT sleep(3); --",
)
ORIGINALS = (
    'service("zq9 web") { fault = true }',
    'service(id(name: "zq9", type: "AWS::zq9", account.id: "zq9")) { annotation.zq9 = "zq9" }',
    'edge("zq9a", "zq9b") { responsetime > 0.5 AND http.status >= 500 }',
    'edge(id(name: "zq9", type: "client"), id(name: "zq9", type: "remote"))',
    'annotation.zq9 = "zq9" AND (annotation[zq9 key] BEGINSWITH "zq9" OR !annotation.zq9 = 5)',
    'http.url CONTAINS "zq9" AND http.method = "zq9" AND http.useragent ENDSWITH "zq9"',
    '!(ok) AND duration >= 5 AND responsetime <= 3.5e2 AND user = "zq9" partial',
    'rootcause.fault.service { name = "zq9" AND type = "zq9" } OR account.id = "zq9"',
    'rootcause.error.exception { message CONTAINS "zq9" } OR rootcause.responsetime.entity',
    'rootcause.json = #[{"Services": [{"Name": "zq9", "Type": "zq9"}]}]',
    'rootcause.fault.exception { name = "zq9" } OR instance.id = "zq9" OR operation = "zq9"',
    'http.url MATCHES "^zq9.*[0-9]+$" AND http.status IN (200, 404) AND user IN ("zq9", "zq9b")',
    'metadata[zq9] = "zq9" OR metadata CONTAINS "zq9" OR sql CONTAINS "zq9"',
    'k8s.pod.name = "zq9" AND namespace = "zq9" AND workload BEGINSWITH "zq9"',
    'edge("zq9", "zq9b") { source.annotation.zq9 = true AND destination.annotation.zq9 != "zq9" }',
    'k8s.zq9 = "zq9" OR resource.arn = "zq9" OR availabilityzone = "zq9" OR http.clientip = "zq9"',
    'service("zq9") { root = true AND name = "zq9" AND type = "zq9" AND account.id = "zq9" }',
    'service("zq9") { instance.id = "zq9" AND resource.arn = "zq9" AND availabilityzone = "zq9" }',
    'rootcause.fault.entity { name = "zq9" AND remote } OR error OR throttle',
)


class Tried(NamedTuple):
    """What became of the mutants."""

    refused: list[tuple[str, str]]
    """Expression and message."""
    compiled: list[tuple[str, Expression]]


def mutated(chance, text):
    """An expression with pieces in its texts and keys, or anywhere."""
    if chance.random() < 0.2:
        return mutated_text(chance, text, PIECES)
    before, *after = text.split(MARK)
    for each in after:
        piece = chance.choice(PIECES) if chance.random() < 0.4 else ""
        before += MARK + piece + each
    return before


@pytest.fixture(scope="module")
def tried():
    """Every mutant, parsed and compiled."""
    chance = Random(5)
    found = Tried([], [])
    for number in range(EXPRESSIONS):
        text = mutated(chance, ORIGINALS[number % len(ORIGINALS)])
        try:
            tree = parse(text)
        except FilterSyntaxError as error:
            found.refused.append((text, str(error)))
        else:
            found.compiled.append((text, tree))
    return found


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """A store with captured traces."""
    storage = ClickHouseStorage.open(tmp_path_factory.mktemp("hostile") / "data")
    yield storage
    storage.close()


@pytest.fixture(scope="module")
def client(storage):
    """The whole application over it."""
    with contextlib.ExitStack() as opened:
        writer = Writer(storage.insert, WriterSettings(flush_interval_s=0.01))
        opened.callback(writer.close)

        def clock_us():
            return time.time_ns() // 1000

        identity = Identity(lambda: None, clock_us, LOCAL.region, Throttle(1, time.monotonic_ns))
        backend = Backend(storage, writer, ServerSettings(), clock_us, identity)
        client = TestClient(create_app(backend), raise_server_exceptions=False)
        opened.callback(client.close)
        texts = [each.decode() for each in documents(valid=True)]
        body = {"TraceSegmentDocuments": texts, "Sources": []}
        assert client.post("/TraceSegments", content=json.dumps(body)).status_code == 200
        yield client


@pytest.mark.parametrize("original", ORIGINALS)
def test_originals_compile(original):
    """What the mutants are made of is itself no mistake, or the compiler never sees its kind."""
    assert compile_filter(parse(original)).condition


def test_both_come(tried):
    """The mutants are neither all refused nor all fine."""
    assert len(tried.refused) + len(tried.compiled) == EXPRESSIONS
    assert min(len(tried.refused), len(tried.compiled)) > EXPRESSIONS / 20


def test_refusals_have_words(tried):
    """Each refusal says something."""
    assert all(message for _, message in tried.refused)


def test_no_text_in_sql(tried):
    """Whatever compiles has the user's texts and keys in parameters alone."""
    carried = 0
    for text, tree in tried.compiled:
        found = compile_filter(tree)
        sql = f"{found.condition} {found.row} {found.sufficient}"
        assert MARK not in sql, text
        carried += any(MARK in str(value) for value in found.parameters.values())
    assert carried > len(tried.compiled) / 10


def test_searches(tried, client, storage, monkeypatch):
    """The engine takes what was compiled, and no whole statement has a user's text in it."""
    assert client
    statements, query = [], Pool.query

    def noted(pool, sql, *given, **named):
        statements.append(sql)
        return query(pool, sql, *given, **named)

    monkeypatch.setattr(Pool, "query", noted)
    for text, tree in Random(6).sample(tried.compiled, SEARCHED):
        search = Search(0, 2**52, tree, limit=10)
        assert len(storage.search(LOCAL, search)) <= 10, text
        assert all(storage.matching(LOCAL, search)) in {True, False}, text
    assert len(statements) > SEARCHED
    assert [sql for sql in statements if MARK in sql] == []


def test_answers(tried, client):
    """GetTraceSummaries and the console answer each mutant, or refuse it as a bad request."""
    texts = [text for text, _ in Random(7).sample(tried.compiled, ASKED // 2)]
    texts += [text for text, _ in Random(8).sample(tried.refused, ASKED // 2)]
    statuses = []
    for text in texts:
        body = {"StartTime": 0, "EndTime": 4_000_000_000, "FilterExpression": text}
        answer = client.post("/TraceSummaries", content=json.dumps(body))
        assert answer.status_code in {200, 400}, (text, answer.text)
        if answer.status_code == 400:
            assert answer.headers["x-amzn-errortype"] == "InvalidRequestException"
        query = {"start": 0, "end": 4_000_000_000, "q": text}
        assert client.get("/console/api/traces", params=query).status_code in {200, 400}, text
        statuses.append(answer.status_code)
    assert set(statuses) == {200, 400}
    body = {"StartTime": 0, "EndTime": 4_000_000_000}
    assert client.post("/TraceSummaries", content=json.dumps(body)).json()["TraceSummaries"]
