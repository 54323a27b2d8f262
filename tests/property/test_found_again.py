"""Whatever the server accepts is found again, by id and by search, with every byte that counts."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from captures import documents as captured_documents
from fluoro.errors import InvalidDocumentError
from fluoro.model.tenant import Tenant
from fluoro.model.times import LAST_US
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.storage import Accepted, Search
from fluoro.wire.segment import check

TENANT = Tenant("000000000000", "us-east-1")
MUTANTS = 4000
HOSTILE_VALUES = (
    "123456789012345678901234567890",
    "-9223372036854775809",
    "18446744073709551616",
    "1e400",
    "-1e400",
    "1.8e308",
    "5e-324",
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u0000"',
    '"\\ud83d\\ude00"',
    "null",
    "true",
    "[]",
    "{}",
    "[[[]]]",
    '{"a":{"b":[1,{"c":null}]}}',
    '"200"',
    "0",
    "-1",
    "1.0e1",
    '""',
    '"' + "x" * 3000 + '"',
    '{"a":' * 1100 + "1" + "}" * 1100,
    '{"a":' * 2000 + "1" + "}" * 2000,
    "[" * 5000 + "]" * 5000,
)
"""Values that are legal JSON and hard on one parser or another."""


def mutants(count: int, seed: int) -> Iterator[bytes]:
    """Documents of real SDKs with a trace id of their own and one or two members made hostile."""
    chance = random.Random(seed)
    originals = [json.loads(document) for document in captured_documents(valid=True)]
    for number in range(count):
        document = json.loads(json.dumps(chance.choice(originals)))
        document["trace_id"] = f"1-{number + 1:08x}-{chance.getrandbits(96):024x}"
        marks: dict[str, str] = {}
        for _ in range(chance.choice((1, 1, 2))):
            mark = f"mark-{len(marks)}-{number}"
            marks[f'"{mark}"'] = chance.choice(HOSTILE_VALUES)
            _place(chance, document, mark)
        text = json.dumps(document, ensure_ascii=chance.random() < 0.5)
        for mark, value in marks.items():
            text = text.replace(mark, value)
        yield text.encode("utf-8", "surrogatepass") if chance.random() < 0.9 else _cut(chance, text)


def _place(chance: random.Random, entity: dict[str, object], mark: str) -> None:
    """Put a mark somewhere in a document: an old member's value, a new member, or deeper."""
    containers: list[dict[str, object] | list[object]] = [entity]
    for container in containers:
        values = container.values() if isinstance(container, dict) else container
        containers.extend(value for value in values if isinstance(value, dict | list))
    place = chance.choice(containers)
    if isinstance(place, list):
        place.append(mark)
        return
    keys = [key for key in place if key != "trace_id"]
    new = chance.choice(("metadata", "annotations", "unknown", "a.b-c", "http", "cause", "user"))
    place[chance.choice([*keys, new]) if chance.random() < 0.7 else new] = mark


def _cut(chance: random.Random, text: str) -> bytes:
    return text.encode()[: chance.randrange(1, len(text))]


def test_every_accepted_document_is_found_by_id_and_by_search(tmp_path: Path) -> None:
    """Thousands of mutated documents: each one that `check` accepts comes back both ways."""
    accepted: dict[str, bytes] = {}
    refused = 0
    storage = ClickHouseStorage.open(tmp_path / "store")
    try:
        batch = []
        for document in mutants(MUTANTS, seed=3):
            try:
                checked = check(document)
            except InvalidDocumentError:
                refused += 1
                continue
            accepted[checked.trace_id] = document
            batch.append(
                Accepted(
                    TENANT,
                    checked.trace_id,
                    checked.id,
                    document,
                    checked.depth,
                    checked.is_finished,
                    checked.start_us,
                )
            )
        storage.insert(batch)
        found = storage.documents(TENANT, list(accepted))
        assert {id_: stored[0].document for id_, stored in found.items()} == accepted
        searched = storage.search(TENANT, Search(0, LAST_US, limit=MUTANTS + 1))
        assert {position.trace_id for position in searched} == set(accepted)
        spans = storage.spans(TENANT, list(accepted))
        assert set(spans) == set(accepted)
    finally:
        storage.close()
    assert refused > MUTANTS // 100, "the mutations are too tame to mean anything"
    assert len(accepted) > MUTANTS // 3, "the mutations are too wild to mean anything"
