"""The store's SQL says what Python says: rows of any document, answers about any traces."""

import itertools
import random
import sys
from collections.abc import Iterator, Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures import documents as captured_documents
from fluoro.filters.evaluate import holds
from fluoro.filters.parser import parse
from fluoro.model.outcome import OUTCOMES
from fluoro.model.span import Span
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store import inserter
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.flatten import spans_of
from fluoro.store.memory import MemoryStorage
from fluoro.store.storage import Search, Stored
from fluoro.traces.trace import Trace
from fluoro.wire.segment import decode
from property.test_found_again import mutants
from store.building import BASE_US, SERVICES, admitted, all_accepted, random_documents, trace_id

S = 1_000_000
IDS = [trace_id(number) for number in range(1, 21)]
REGIONS = itertools.count()
WINDOWS = st.tuples(st.integers(-10 * S, 130 * S), st.integers(1, 60 * S))
EXPRESSIONS = (
    *(parse(outcome) for outcome in OUTCOMES),
    *(parse(f'service("{name}")') for name, _ in SERVICES[:2]),
    *(
        parse(f"{field} {operator} 2")
        for field in ("duration", "responsetime")
        for operator in ("<", ">=", "!=")
    ),
)


@pytest.fixture(scope="module")
def chdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseStorage]:
    opened = ClickHouseStorage.open(tmp_path_factory.mktemp("store"))
    yield opened
    opened.close()


def bytes_of(documents: Mapping[str, list[Stored]]) -> dict[str, list[tuple[str, bytes]]]:
    return {trace: [(each.id, each.document) for each in kept] for trace, kept in documents.items()}


def without_receipts(spans: list[Span]) -> list[Span]:
    return [msgspec.structs.replace(span, receipt_us=0) for span in spans]


@pytest.mark.parametrize("kind", ["captured", "mutated"])
def test_rows_made_in_sql_are_those_made_in_python(chdb, kind, monkeypatch):
    """Of every captured document and of thousands that were made hostile."""
    monkeypatch.setattr(inserter, "SMALL_BYTES", 0)
    tenant = Tenant("1" * 12, kind)
    raw = captured_documents(valid=True) if kind == "captured" else list(mutants(2000, seed=11))
    sent = {}
    for number, document in enumerate(admitted(tenant, raw), start=1):
        whole = msgspec.structs.replace(document, trace_id=trace_id(number))
        sent[whole.trace_id] = whole
    chdb.insert(list(sent.values()))
    rows = chdb.spans(tenant, list(sent))
    wrong = []
    for trace, document in sent.items():
        segment = decode(document.document)
        expected: dict[str, Span] = {}
        for span in spans_of(segment, 0):
            known = expected.get(span.id)
            if known is None or not known.is_finished:
                expected[span.id] = msgspec.structs.replace(span, trace_id=trace)
        found = {span.id: span for span in without_receipts(rows[trace])}
        if found != expected:
            wrong.append((document.document, found, expected))
    assert not wrong, f"{len(wrong)} differ, the first: {wrong[0]}"


def test_both_routes_insert_the_same_rows(chdb, monkeypatch):
    """Whole rows, as the formats bring them, of captured and of hostile documents.

    But for the text of a document, in which the views' route makes tabs and newlines spaces.
    """
    raw = [*captured_documents(valid=True), *mutants(2000, seed=12)]
    chdb._pool.command("SYSTEM STOP MERGES")  # they drop a row where a document has an id twice
    for region, small_bytes in (("views", 0), ("python", sys.maxsize)):
        monkeypatch.setattr(inserter, "SMALL_BYTES", small_bytes)
        sent = admitted(Tenant("4" * 12, region), raw)
        chdb.insert(
            [
                msgspec.structs.replace(document, trace_id=trace_id(number))
                for number, document in enumerate(sent)
            ]
        )
    for table in ("documents", "spans"):
        rows = chdb._pool.query(
            "SELECT region, count(),"
            " sum(cityHash64(* EXCEPT (region, ver, receipt_us, received, document)))"
            " FROM {table:Identifier} WHERE account = {account:String} GROUP BY region",
            {"account": "4" * 12, "table": table},
        )
        found = {region: counts for region, *counts in rows}
        assert found["views"] == found["python"], table
        assert found["views"][0] >= len(sent)
    chdb._pool.command("SYSTEM START MERGES")


@settings(max_examples=10)
@given(
    seed=st.integers(0, 2**32),
    traces=st.integers(1, 20),
    window=WINDOWS,
    parts=st.integers(1, 3),
    small_bytes=st.sampled_from([0, inserter.SMALL_BYTES]),
)
def test_both_stores_answer_alike_about_any_traces(  # noqa: PLR0913, PLR0917  what varies
    chdb, seed, traces, window, parts, small_bytes
):
    """Documents, spans, graph, searches and counts, however the documents were flushed."""
    tenant = Tenant("2" * 12, f"region-{next(REGIONS)}")
    memory = MemoryStorage()
    sent = all_accepted(tenant, random_documents(random.Random(seed), range(1, traces + 1)))
    for first in range(parts):
        flush = sent[len(sent) * first // parts : len(sent) * (first + 1) // parts]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inserter, "SMALL_BYTES", small_bytes)
            chdb.insert(flush)
        memory.insert(flush)
    begin = BASE_US + window[0]
    end = begin + window[1]
    assert bytes_of(chdb.documents(tenant, IDS)) == bytes_of(memory.documents(tenant, IDS))
    spans = memory.spans(tenant, IDS)
    assert {key: without_receipts(rows) for key, rows in chdb.spans(tenant, IDS).items()} == {
        key: without_receipts(rows) for key, rows in spans.items()
    }
    for bounds in ((begin, end), (0, LAST_US + 1)):
        assert chdb.graph(tenant, *bounds) == memory.graph(tenant, *bounds)
        assert chdb.graph(tenant, *bounds, IDS[::2]) == memory.graph(tenant, *bounds, IDS[::2])
    for wanted in (Search(begin, end), Search(0, LAST_US, limit=7)):
        assert chdb.search(tenant, wanted) == memory.search(tenant, wanted)
    assert chdb.count_traces(tenant, begin, end) == memory.count_traces(tenant, begin, end)
    assert chdb.latest_us(tenant) == memory.latest_us(tenant)
    for expression in EXPRESSIONS:
        found = chdb.search(tenant, Search(0, LAST_US, expression))
        matching = {trace for trace, rows in spans.items() if holds(expression, Trace(rows))}
        assert matching <= {position.trace_id for position in found}
