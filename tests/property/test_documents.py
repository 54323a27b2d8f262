"""Laws of segment documents: whatever bytes come, the checks agree and nothing is lost."""

import json
import re

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from captures import documents
from fluoro.errors import InvalidDocumentError
from fluoro.traces.assemble import assemble
from fluoro.wire import segment
from fluoro.wire.document import outline, render, subsegment
from fluoro.wire.json_places import cuts, items, members, skip
from fluoro.wire.json_text import read
from fluoro.wire.segment import check, decode

TRACE_ID = "1-6b02b7ef-d88b802111d95ce52dd34d81"
CAPTURED = [document for document in documents(valid=True) if len(document) < 4000]
LEGAL = (
    "null",
    "true",
    "0",
    "-0.0",
    "5",
    "1e400",
    "-1e400",
    "9" * 400,
    "18446744073709551616",
    "5e-324",
    '""',
    '"segment"',
    '"\\ud800"',
    '"\\u0000"',
    '"\u20ac\U0001f600"',
    '"x"',
    '"200"',
    "[]",
    "{}",
    "[null]",
    "[{}]",
    '{"a":{"b":[1,{"c":null}]}}',
    '{"exceptions":[{"stack":[]},5]}',
    "[" * 1500 + "]" * 1500,
    '{"a":' * 1500 + "1" + "}" * 1500,
)
HOSTILE = (*LEGAL, "NaN", "Infinity", "01", '"\\x"')
MANDATORY = (
    "id",
    "name",
    "trace_id",
    "parent_id",
    "type",
    "start_time",
    "end_time",
    "i\\u0064",
)
OPTIONAL = (
    "in_progress",
    "subsegments",
    "http",
    "aws",
    "cause",
    "sql",
    "annotations",
    "metadata",
    "traced",
    "unknown",
)


@st.composite
def mutated_values(draw, *, is_mild=False):
    """A real document with a few values replaced, or members added, some under a key twice.

    A mild mutation only adds legal values under keys that are not mandatory.
    """
    values, keys = (LEGAL, OPTIONAL) if is_mild else (HOSTILE, MANDATORY + OPTIONAL)
    text = draw(st.sampled_from(CAPTURED)).decode()
    for _ in range(draw(st.integers(1, 3))):
        value = draw(st.sampled_from(values))
        key = draw(st.sampled_from(keys))
        replaced, first, last = (
            [found.span(1) for found in re.finditer(pattern, text)]
            for pattern in (r'":\s*("[^"\\]*"|[\d.]+|true|false)', r"\{()", r"[^{\s]()\s*\}")
        )
        start, end = draw(st.sampled_from(first + last + ([] if is_mild else replaced)))
        if (start, end) in replaced:
            text = f"{text[:start]}{value}{text[end:]}"
        elif (start, end) in first:
            text = f'{text[:start]}"{key}":{value},{text[end:]}'
        else:
            text = f'{text[:start]},"{key}":{value}{text[end:]}'
    return text.encode()


@st.composite
def mutated_bytes(draw):
    """A real document with a few bytes replaced, inserted or removed."""
    document = bytearray(draw(st.sampled_from(CAPTURED)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(document)))
        end = min(len(document), start + draw(st.integers(0, 3)))
        document[start:end] = draw(
            st.sampled_from([b"", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"e"])
            | st.binary(max_size=2)
        )
    return bytes(document)


ANY_DOCUMENT = mutated_values() | mutated_values(is_mild=True)
ANY_BYTES = ANY_DOCUMENT | mutated_bytes() | st.binary(max_size=40)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
)


def no_constant(name):
    raise ValueError(name)


def is_json(document):
    """What the standard library says, where its recursion reaches."""
    try:
        json.loads(document.decode(), parse_constant=no_constant)
    except RecursionError:
        return None
    except ValueError:
        return False
    return True


def outcome(call, document):
    """The answer of a check, or its refusal in comparable form."""
    try:
        return call(document)
    except InvalidDocumentError as error:
        return error.reason, error.message, error.segment_id, error.field


@settings(max_examples=400)
@given(ANY_BYTES)
def test_the_quick_check_and_the_exact_check_agree(document):
    """What the quick one accepts the exact one accepts with the same answer; none raises more."""
    quick = segment._check_quickly(document)
    exact = outcome(segment._check_exactly, document)
    if quick is not None:
        assert exact == quick
    if len(document) <= segment.DOCUMENT_BYTES:
        assert outcome(check, document) == exact


@settings(max_examples=400)
@given(ANY_BYTES)
def test_a_text_is_read_exactly_if_it_is_json(document):
    """As the standard library has it, without its liberties with NaN."""
    expected = is_json(document)
    try:
        read(document)
    except InvalidDocumentError:
        assert not expected
    else:
        assert expected is not False


@settings(max_examples=400)
@given(ANY_DOCUMENT)
def test_whatever_is_accepted_can_be_read_and_given_back(document):
    """Reading, outline and assembly agree with the check."""
    try:
        checked = check(document)
    except InvalidDocumentError:
        return
    found = decode(document)
    assert (found.id, found.trace_id) == (checked.id, checked.trace_id)
    assert (found.end_us is not None) == checked.is_finished
    assert depth(found) == checked.depth
    root = outline(document)
    assert root.id == checked.id
    assert tree(root) == tree_read(found)
    read(render(root))
    alone = subsegment(document, checked.id)
    assert alone is not None
    assert "subsegments" not in read(alone)
    for _, assembled in assemble(checked.trace_id, [(checked.id, document)]):
        read(assembled)


def depth(found):
    level, levels = found.subsegments, 0
    while level:
        level = [nested for one in level for nested in one.subsegments]
        levels += 1
    return levels


def tree(entity):
    return entity.id, [tree(nested) for nested in entity.nested]


def tree_read(found):
    return found.id, [tree_read(nested) for nested in found.subsegments]


@settings(max_examples=200)
@given(mutated_values(is_mild=True))
def test_both_readers_read_the_same(document):
    """Where msgspec reads a document at all, our own reader gives the same values."""
    try:
        expected = msgspec.json.decode(document)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return
    assert read(document) == expected


@given(JSON, st.sampled_from([None, 1]), st.booleans())
def test_any_json_is_read(value, indent, ensure_ascii):
    """With white space, escapes and raw characters."""
    text = json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)
    assert read(text.encode()) == value


@given(st.dictionaries(st.text(), JSON), st.sampled_from([None, 1]), st.randoms())
def test_members_and_items_are_places_of_their_values(value, indent, chance):
    """Each slice is the value, passing over ends where the text ends, cutting leaves the rest."""
    for text, places, parts in (
        split(value, indent, members, list(value.items())),
        split(list(value.values()), indent, items, [("", item) for item in value.values()]),
    ):
        assert skip(text, 0) == len(text)
        found = [
            (place.key.decode(), json.loads(text[place.value : place.end])) for place in places
        ]
        assert found == parts
        is_cut = [chance.random() < 0.5 for _ in places]
        kept = [part for part, cut in zip(parts, is_cut, strict=True) if not cut]
        pieces, at = [], 0
        for start, end in cuts(places, is_cut):
            pieces.append(text[at:start])
            at = end
        rest = json.loads(b"".join([*pieces, text[at:]]))
        assert rest == (dict(kept) if text.startswith(b"{") else [item for _, item in kept])


def split(value, indent, places_of, parts):
    text = json.dumps(value, indent=indent).encode()
    return text, places_of(text, 0), parts


def id_of(number):
    return f"{number + 1:016x}"


@st.composite
def forests(draw):
    """Parents of entities (None for a segment) and their documents, some nested, in any order."""
    count = draw(st.integers(1, 12))
    parents = [
        draw(st.none() | st.integers(0, number - 1)) if number else None for number in range(count)
    ]
    is_nested = [parent is not None and draw(st.booleans()) for parent in parents]
    entities = [
        {"id": id_of(number), "name": "n", "start_time": number, "end_time": number + 0.5}
        for number in range(count)
    ]
    for number, parent in reversed(list(enumerate(parents))):
        if is_nested[number]:
            entities[parent].setdefault("subsegments", []).insert(0, entities[number])
        else:
            entities[number]["trace_id"] = TRACE_ID
            if parent is not None:
                entities[number] |= {"type": "subsegment", "parent_id": id_of(parent)}
    sent = [entity for entity, nested in zip(entities, is_nested, strict=True) if not nested]
    return parents, draw(st.permutations(sent))


def assembled(sent):
    return [
        json.loads(document)
        for _, document in assemble(
            TRACE_ID, [(one["id"], json.dumps(one).encode()) for one in sent]
        )
    ]


def links(found, parent=None):
    """(id, parent's id) of every entity."""
    yield found["id"], parent
    for nested in found.get("subsegments", []):
        yield from links(nested, found["id"])


@given(forests())
def test_a_trace_is_the_same_however_it_was_split_and_ordered(forest):
    """Each entity is there once, under its parent."""
    parents, sent = forest
    expected = {
        id_of(number): None if parent is None else id_of(parent)
        for number, parent in enumerate(parents)
    }
    found = [link for one in assembled(sent) for link in links(one)]
    assert len(found) == len(expected)
    assert dict(found) == expected


@given(st.lists(st.integers(0, 8), min_size=1, max_size=9))
@example([1, 2, 0, 0])
def test_every_subsegment_is_given_back_once_whoever_its_parent_is(parents):
    """Circles, parents that never came, itself."""
    sent = [
        {
            "id": id_of(number),
            "name": "n",
            "trace_id": TRACE_ID,
            "type": "subsegment",
            "parent_id": id_of(parent),
            "start_time": 1,
            "end_time": 2,
        }
        for number, parent in enumerate(parents)
    ]
    found = [id_ for one in assembled(sent) for id_, _ in links(one)]
    assert sorted(found) == [id_of(number) for number in range(len(parents))]
