"""What SQL finds for a filter is what Python finds, and perhaps more; never less."""

import random
import re
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expressions import entities, expressions, spell
from fluoro.filters.evaluate import holds
from fluoro.filters.parser import LONGEST, parse
from fluoro.filters.tree import Expression
from fluoro.model.ids import trace_id_of_hex
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store import inserter
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.compile import Compiled, compile_filter
from fluoro.store.keys import OWNER, owner
from fluoro.store.memory import MemoryStorage
from fluoro.store.parts import SURE
from fluoro.store.storage import Accepted, Search, Storage
from fluoro.traces.metadata import metadata_of
from fluoro.traces.trace import Trace
from store.building import BASE_US, KEYS, NUMBERS, WORDS, furnished_traces, trace_id

S = 1_000_000
STORES = 4
UNMOVED = 2
"""So many of the first tenants have no document that came again with another start: what such a
trace's place is depends on how much of it a search looks at."""
TRACES = range(1, 41)

ODD = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
TEXTS = st.sampled_from((*WORDS, "remote", "AWS::EC2::Instance", "e", "ord")) | ODD
VALUES = st.sampled_from((*map(float, NUMBERS), True, False)) | TEXTS
NAMES = st.sampled_from(("web", "orders", "T", "S3", "DynamoDB", "shop@db.local", "shop.local"))
TYPES = st.sampled_from(("", "client", "remote", "AWS::EC2::Instance", "AWS::DynamoDB::Table"))
TREES = expressions(
    entities(NAMES, TYPES, st.sampled_from(("", "999988887777", "web"))),
    groups=False,
    values=VALUES,
    texts=TEXTS,
    keys=st.sampled_from(KEYS) | ODD.filter(bool),
)
WINDOWS = st.tuples(st.integers(-10 * S, 130 * S), st.integers(0, 60 * S))


class Stored(NamedTuple):
    """Traces in a store, and what Python sees of them."""

    tenant: Tenant
    traces: dict[str, Trace]
    memory: MemoryStorage

    def holding(self, expression: Expression, window: tuple[int, int] | None = None) -> set[str]:
        return {
            trace_id for trace_id, trace in self.traces.items() if holds(expression, trace, window)
        }


class Store(NamedTuple):
    """One folder, with the traces of several tenants."""

    storage: ClickHouseStorage
    stored: list[Stored]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = ClickHouseStorage.open(tmp_path_factory.mktemp("store"))
    yield Store(opened, [fill(opened, number) for number in range(STORES)])
    opened.close()


def fill(storage: ClickHouseStorage, number: int) -> Stored:
    tenant = Tenant("3" * 12, f"region-{number}")
    memory = MemoryStorage()
    sent = furnished_traces(random.Random(number), tenant, TRACES, is_moved=number >= UNMOVED)
    for flush, small_bytes in zip(parts(sent), (0, sys.maxsize, 0), strict=True):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(inserter, "SMALL_BYTES", small_bytes)
            storage.insert(flush)
        memory.insert(flush)
    return Stored(tenant, traces_of(storage, tenant), memory)


def parts(sent: list[Accepted]) -> list[list[Accepted]]:
    third = len(sent) // 3
    return [sent[:third], sent[third : 2 * third], sent[2 * third :]]


def traces_of(storage: Storage, tenant: Tenant) -> dict[str, Trace]:
    ids = [trace_id(number) for number in TRACES]
    documents = storage.documents(tenant, ids)
    found = {}
    for id_, spans in storage.spans(tenant, ids).items():
        stored = [(each.id, each.document) for each in documents[id_]]
        found[id_] = Trace(spans, metadata_of(spans, stored))
    return found


def candidates(store: Store, tenant: Tenant, filters: list[Compiled]) -> list[set[str]]:
    """Traces that fulfil each condition, all asked in one statement."""
    found: list[set[str]] = [set() for _ in filters]
    for is_final in (False, True):
        asked = [place for place, each in enumerate(filters) if each.needs_final is is_final]
        columns, values = [], {}
        for place in asked:
            columns.append(re.sub(r"\{p(\d+):", rf"{{p{place}_\1:", filters[place].condition))
            own = filters[place].parameters.items()
            values |= {name.replace("p", f"p{place}_"): value for name, value in own}
        rows = store.storage._pool.query(
            f"SELECT lower(hex(trace_id)), {', '.join(columns) or '1'}"  # noqa: S608  our own text
            f" FROM spans{' FINAL' * is_final} WHERE {OWNER} GROUP BY trace_id",
            {**values, **owner(tenant), "around_start": 0, "around_end": LAST_US},
        )
        for digits, *answers in rows:
            for place, answer in zip(asked, answers, strict=False):
                if answer:
                    found[place].add(trace_id_of_hex(digits))
    return found


@settings(max_examples=40)
@given(
    st.lists(TREES, min_size=15, max_size=30), st.integers(0, STORES - 1), WINDOWS, st.booleans()
)
def test_no_trace_is_left_out_in_sql(store, trees, number, bounds, has_window):
    """Whatever is asked, in whatever logic; of what ended in a window, too.

    And what SQL is sure of holds in Python.
    """
    stored = store.stored[number]
    window = (BASE_US + bounds[0], BASE_US + bounds[0] + bounds[1]) if has_window else None
    filters = [compile_filter(tree, window) for tree in trees]
    surely = [Compiled(f"{SURE} AND ({each.sufficient})", each.parameters) for each in filters]
    for tree, compiled, found, sure in zip(
        trees,
        filters,
        candidates(store, stored.tenant, filters),
        candidates(store, stored.tenant, surely),
        strict=True,
    ):
        holding = stored.holding(tree, window)
        assert holding <= found, (spell(tree), compiled.condition, compiled.parameters)
        assert sure <= holding, (spell(tree), compiled.sufficient, compiled.parameters)


@settings(max_examples=20)
@given(st.lists(TREES, min_size=15, max_size=30), st.integers(0, STORES - 1))
def test_rows_are_named_of_every_trace(store, trees, number):
    """Each of the rows that a filter names is there in each trace that matches."""
    stored = store.stored[number]
    filters = [compile_filter(tree) for tree in trees]
    rows = [
        Compiled(
            " AND ".join(f"countIf({row}) > 0" for row in (each.row or "1", *each.also)),
            each.parameters,
        )
        for each in filters
    ]
    for tree, compiled, found, named in zip(
        trees,
        filters,
        candidates(store, stored.tenant, filters),
        candidates(store, stored.tenant, rows),
        strict=True,
    ):
        assert stored.holding(tree) <= named, (spell(tree), compiled.row)
        if compiled.is_row_all:
            assert named <= found, (spell(tree), compiled.row, compiled.condition)


@settings(max_examples=30)
@given(TREES, st.integers(0, UNMOVED - 1), st.integers(1, 30), st.sampled_from(("chdb", "memory")))
def test_pages_and_a_second_look_find_what_python_finds(store, tree, number, limit, kind):
    """Read as text, on both stores, however long the pages are."""
    stored = store.stored[number]
    storage: Storage = store.storage if kind == "chdb" else stored.memory
    text = spell(tree)
    expression = parse(text) if len(text) <= LONGEST else tree
    assert expression is not None
    wanted = stored.holding(tree)
    found, after = [], None
    while True:
        search = Search(0, LAST_US, expression, after, limit)
        places = storage.search(stored.tenant, search)
        found += [each.trace_id for each in places]
        if len(places) < limit:
            break
        after = places[-1]
    assert len(set(found)) == len(found)
    again = {each for each in found if holds(expression, stored.traces[each])}
    assert again == wanted


@settings(max_examples=30)
@given(
    TREES,
    st.integers(0, UNMOVED - 1),
    st.sampled_from(("TraceId", "Event", "Service")),
    st.sampled_from(("chdb", "memory")),
)
def test_every_match_is_told(store, tree, number, range_type, kind):
    """Exactly those that Python finds, each once; by any time."""
    stored = store.stored[number]
    storage: Storage = store.storage if kind == "chdb" else stored.memory
    window = (BASE_US, BASE_US + 60 * S) if range_type == "Service" else None
    bounds = window or (0, LAST_US)
    there = {
        place.trace_id
        for place in stored.memory.search(stored.tenant, Search(*bounds, kind=range_type))
    }
    search = Search(*bounds, tree, limit=10, kind=range_type)
    told = [trace_id for some in storage.matching(stored.tenant, search) for trace_id in some]
    assert sorted(told) == sorted(there & stored.holding(tree, window))
