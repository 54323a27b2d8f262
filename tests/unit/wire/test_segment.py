import json

import pytest

from captures import captures, documents
from fluoro.errors import InvalidDocumentError
from fluoro.wire import segment
from fluoro.wire.segment import Checked, check, decode

TRACE_ID = "1-6b02b7ef-d88b802111d95ce52dd34d81"
ROOT_ID = "1cba067e5b178dab"
NESTED_ID = "2cba067e5b178dab"
GONE = object()


def entity(id_, **changes):
    """A finished entity with the members that every one must have; GONE takes one away."""
    members = {"id": id_, "name": "shop", "start_time": 1.5, "end_time": 2.5} | changes
    return {key: value for key, value in members.items() if value is not GONE}


def root(**changes):
    return entity(ROOT_ID, **({"trace_id": TRACE_ID} | changes))


def nested(**changes):
    return entity(NESTED_ID, **changes)


def text(document):
    return json.dumps(document).encode()


def refusal(document):
    with pytest.raises(InvalidDocumentError) as caught:
        check(document if isinstance(document, bytes) else text(document))
    return caught.value


INDEPENDENT = {"type": "subsegment", "parent_id": NESTED_ID}

REFUSED = [
    ({"type": "trace"}, "UnknownType", "entity", "type"),
    ({"type": 5}, "UnknownType", "entity", "type"),
    ({"id": GONE}, "MissingId", "", "id"),
    ({"id": ""}, "MissingId", "", "id"),
    ({"id": None}, "MissingId", "", "id"),
    ({"id": 5}, "MissingId", "", "id"),
    ({"id": "xyz"}, "InvalidId", "", "id"),
    ({"id": ROOT_ID[:-1]}, "InvalidId", "", "id"),
    ({"id": ROOT_ID + "00"}, "InvalidId", "", "id"),
    ({"id": "1cba067e 5b178da"}, "InvalidId", "", "id"),
    ({"id": ROOT_ID + "\n" + NESTED_ID}, "InvalidId", "", "id"),
    ({"id": "0" * 16}, "InvalidId", "", "id"),
    ({"name": GONE}, "MissingName", "", "name"),
    ({"name": ""}, "MissingName", "", "name"),
    ({"name": 5}, "MissingName", "", "name"),
    ({"start_time": GONE}, "MissingStartTime", "", "start_time"),
    ({"start_time": "1.5"}, "MissingStartTime", "", "start_time"),
    ({"start_time": True}, "MissingStartTime", "", "start_time"),
    ({"start_time": None}, "MissingStartTime", "", "start_time"),
    ({"end_time": GONE}, "MissingEndTime", "", "end_time"),
    ({"end_time": None}, "MissingEndTime", "", "end_time"),
    ({"end_time": "2.5"}, "MissingEndTime", "", "end_time"),
    ({"end_time": GONE, "in_progress": False}, "MissingEndTime", "", "end_time"),
    ({"end_time": GONE, "in_progress": "true"}, "MissingEndTime", "", "end_time"),
]
REFUSED_ROOTS = [
    ({"trace_id": GONE}, "MissingTraceId", "", "trace_id"),
    ({"trace_id": ""}, "MissingTraceId", "", "trace_id"),
    ({"trace_id": 5}, "MissingTraceId", "", "trace_id"),
    ({"trace_id": "1-2-3"}, "InvalidTraceId", "", "trace_id"),
    ({"trace_id": "1-00000000-" + "0" * 24}, "InvalidTraceId", "", "trace_id"),
    ({"trace_id": TRACE_ID[2:].replace("-", "")}, "InvalidTraceId", "", "trace_id"),
    ({"parent_id": "xyz"}, "InvalidParentId", "", "parent_id"),
    ({"parent_id": "0" * 16}, "InvalidParentId", "", "parent_id"),
    ({"parent_id": 5}, "InvalidParentId", "", "parent_id"),
]


def expected_message(noun, reason):
    cause = ", Cause: null" if noun == "subsegment" else ""
    return f"Invalid {noun}. ErrorCode: {reason}{cause}"


@pytest.mark.parametrize(("changes", "reason", "noun", "field"), REFUSED + REFUSED_ROOTS)
def test_a_segment_is_refused_with_the_code_of_the_broken_rule(changes, reason, noun, field):
    """Code, message, id as sent and the member at fault."""
    error = refusal(root(**changes))
    id_ = changes.get("id", ROOT_ID)
    assert error.reason == reason
    assert error.message == expected_message(noun or "segment", reason)
    assert error.segment_id == (id_ if isinstance(id_, str) else None)
    assert error.field == field


@pytest.mark.parametrize(("changes", "reason", "noun", "field"), REFUSED[2:] + REFUSED_ROOTS)
def test_an_independent_subsegment_is_refused_as_a_subsegment(changes, reason, noun, field):
    """The same codes, another noun."""
    error = refusal(root(**(INDEPENDENT | changes)))
    assert (error.reason, error.field) == (reason, field)
    assert error.message == expected_message(noun or "subsegment", reason)


@pytest.mark.parametrize(("changes", "reason", "noun", "field"), REFUSED)
def test_a_nested_subsegment_spoils_its_document(changes, reason, noun, field):
    """The answer names the root's id, the field the place."""
    inner = nested(subsegments=[nested(), nested(**changes)])
    error = refusal(root(subsegments=[nested(), inner]))
    assert error.reason == reason
    assert error.message == expected_message(noun or "subsegment", reason)
    assert error.segment_id == ROOT_ID
    assert error.field == f"subsegments[1].subsegments[1].{field}"


@pytest.mark.parametrize("parent_id", [GONE, None, ""])
def test_an_independent_subsegment_needs_a_parent(parent_id):
    """Null and empty are as absent."""
    error = refusal(root(type="subsegment", parent_id=parent_id))
    assert (error.reason, error.field) == ("MissingParentId", "parent_id")


def test_an_open_segment_has_no_end():
    """The code says which kind of entity it is."""
    assert refusal(root(in_progress=True)).reason == "InProgressSegmentHasEndTime"


@pytest.mark.parametrize(
    "document",
    [root(in_progress=True, **INDEPENDENT), root(subsegments=[nested(in_progress=True)])],
)
def test_an_open_subsegment_has_no_end(document):
    """Nested or independent."""
    assert refusal(document).reason == "InProgressSubsegmentHasEndTime"


ORDER = [
    "type",
    "id",
    "name",
    "trace_id",
    "start_time",
    "end_time",
    "parent_id",
]


@pytest.mark.parametrize("count", range(1, len(ORDER) + 1))
def test_of_several_broken_rules_the_first_in_order_is_named(count):
    """Type, id, name, trace id, start, end, parent."""
    broken = ORDER[-count:]
    changes = dict.fromkeys(broken, GONE) | {"parent_id": "xyz"}
    if "type" in broken:
        changes["type"] = "trace"
    assert refusal(root(**changes)).field == broken[0]


def test_a_parent_is_judged_before_its_children_and_they_in_order():
    """Depth first: what is nested in the first comes before the second."""
    deep = nested(subsegments=[nested(name=GONE)])
    document = root(subsegments=[deep, nested(id=GONE)])
    assert refusal(document).field == "subsegments[0].subsegments[0].name"
    assert refusal(document | {"start_time": None}).field == "start_time"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b" ",
        b"{",
        b"null",
        b"5",
        b'"text"',
        b"[]",
        b'{"id":NaN}',
        b"\xef\xbb\xbf{}",
        b"{}{}",
        text(root())[:-1],
        text(root()) + b"\x00",
        b'{"name":"\xff"}',
        b'{"metadata":"\xed\xa0\x80"}',
    ],
)
def test_what_is_no_json_object_is_a_parse_error_without_an_id(document):
    """Text in bytes that are not UTF-8 is not JSON either."""
    error = refusal(document)
    assert error.reason == "ParseError"
    assert error.message == "Invalid entity. ErrorCode: ParseError"
    assert error.segment_id is None


def test_strings_that_no_rule_reads_must_be_utf_8_too():
    """They would spoil the answer that gives the document back."""
    document = text(root(metadata={"note": "caf\u00e9"})).replace(b"\\u00e9", b"\xe9")
    assert refusal(document).reason == "ParseError"


@pytest.mark.parametrize("value", [None, 5, "text", [], [nested()]])
def test_an_item_of_subsegments_that_is_no_object_is_a_parse_error(value):
    """Then the document's own id is known, and named."""
    error = refusal(root(subsegments=[nested(), value]))
    assert (error.reason, error.segment_id) == ("ParseError", ROOT_ID)
    assert error.field == "subsegments[1]"


@pytest.mark.parametrize("found", [found for found in captures() if found.file.count("-nan-")])
def test_numbers_that_are_none_are_a_parse_error_that_names_the_member(found):
    """Python writes NaN, .NET NaN.0."""
    error = refusal(found.document)
    assert error.reason == "ParseError"
    assert error.field.startswith("annotations.")


def test_an_empty_object_misses_its_id():
    """It is JSON, and an object."""
    error = refusal(b"{}")
    assert (error.reason, error.segment_id) == ("MissingId", None)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "Invalid segment. ErrorCode: InvalidSegment"),
        (INDEPENDENT, "Invalid subsegment. ErrorCode: InvalidSegment, Cause: null"),
    ],
)
def test_a_document_past_64_kib_is_an_invalid_segment(members, message):
    """Bytes count, not characters; one byte less is accepted."""
    short = len(text(root(metadata="", **members)))
    fits = text(root(metadata="m" * (segment.DOCUMENT_BYTES - short), **members))
    assert check(fits).id == ROOT_ID
    error = refusal(text(root(metadata="m" * (segment.DOCUMENT_BYTES - short + 1), **members)))
    assert (error.reason, error.segment_id) == ("InvalidSegment", ROOT_ID)
    assert error.message == message


def test_a_long_text_that_is_not_json_is_too_long_before_all():
    """Its size is known without reading it."""
    error = refusal(b"{" * (segment.DOCUMENT_BYTES + 1))
    assert (error.reason, error.segment_id) == ("InvalidSegment", None)


@pytest.mark.parametrize("value", [{}, {"a": 1}, "text", 5, None, True, []])
def test_subsegments_that_are_no_list_are_as_absent(value):
    """The bytes stay, the reading has none."""
    document = text(root(subsegments=value))
    assert check(document).depth == 0
    assert decode(document).subsegments == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"type": ""},
        {"type": None},
        {"type": "segment"},
        {"parent_id": ""},
        {"parent_id": None},
        {"parent_id": NESTED_ID},
        {"in_progress": False},
        {"in_progress": None},
        {"in_progress": 1},
        {"start_time": 2},
        {"start_time": 0},
        {"start_time": -1},
        {"end_time": 1},
        {"end_time": 10**30},
        {"start_time": 10**400},
        {"name": "n" * 5000},
        {"user": 5, "http": [], "aws": "text", "annotations": None, "cause": 7, "origin": {}},
    ],
)
def test_what_the_rules_do_not_forbid_is_accepted(changes):
    """Optional members of the wrong type among it, and times that no clock shows."""
    checked = check(text(root(**changes)))
    start_us = decode(text(root(**changes))).start_us
    assert checked == Checked(
        trace_id=TRACE_ID, id=ROOT_ID, depth=0, is_finished=True, start_us=start_us
    )


def test_a_nested_subsegment_may_repeat_the_members_of_an_independent_one():
    """Python and Go write them, Go with another parent than the one around."""
    inner = nested(type="subsegment", trace_id="run", parent_id="xyz", namespace="local")
    assert check(text(root(subsegments=[inner]))).depth == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"in_progress": True, "end_time": GONE},
        {"in_progress": True, "end_time": None},
        {"in_progress": True, "end_time": "soon"},
        {"in_progress": True, "end_time": 0},
        {"end_time": 0},
        {"end_time": 0.0},
    ],
)
def test_an_end_of_zero_is_as_in_progress(changes):
    """.NET writes it into open segments."""
    document = text(root(**changes))
    assert not check(document).is_finished
    assert decode(document).end_us is None


def test_ids_come_in_lower_case():
    """So that equal ids are equal strings."""
    checked = check(text(root(id=ROOT_ID.upper(), trace_id=TRACE_ID.upper())))
    assert (checked.trace_id, checked.id) == (TRACE_ID, ROOT_ID)


def test_depth_counts_the_levels_below_the_root():
    """The deepest branch counts."""
    inner = nested(subsegments=[nested(subsegments=[nested()])])
    assert check(text(root(subsegments=[nested(), inner, nested()]))).depth == 3


LEGAL_BUT_HARD = [
    b'"\\ud800"',
    b'"\\udfff\\ud800"',
    b"1e400",
    b"-1e400",
    b"1" * 5000,
    b"18446744073709551616",
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b"[" * 30_000 + b"]" * 30_000,
]


@pytest.mark.parametrize("value", LEGAL_BUT_HARD, ids=range(len(LEGAL_BUT_HARD)))
@pytest.mark.parametrize("member", ["metadata", "annotations", "user", "name2"])
def test_legal_json_that_parsers_refuse_is_accepted_and_read(member, value):
    """Surrogates alone, numbers beyond all bounds, thousands of levels."""
    document = b'{"%b":%b,%b' % (member.encode(), value, text(root())[1:])
    assert check(document) == check(text(root()))
    assert decode(document).name == "shop"


def test_subsegments_may_be_nested_as_deep_as_the_size_allows():
    """Several hundred levels, more than recursion reaches."""
    start = b'{"id":"%b","name":"n","start_time":1,"end_time":2' % NESTED_ID.encode()
    levels = 750
    document = b'{"trace_id":"%b",%b' % (TRACE_ID.encode(), start[1:])
    document += (b',"subsegments":[' + start) * levels + b"}]" * levels + b"}"
    assert check(document).depth == levels
    read, depth = decode(document), 0
    while read.subsegments:
        read, depth = read.subsegments[0], depth + 1
    assert depth == levels


def test_of_equal_keys_the_last_one_counts():
    """In the check, the exact check and the reading."""
    document = text(root())[:-1] + b',"id":"%b"}' % NESTED_ID.encode()
    assert check(document).id == decode(document).id == NESTED_ID
    assert check(document.replace(b"1.5", b'1.5,"metadata":1e400')).id == NESTED_ID


@pytest.mark.parametrize("document", documents(valid=True), ids=range(len(documents(valid=True))))
def test_whatever_a_real_sdk_sends_is_accepted_and_read(document):
    """The captured documents of the Python, Node and .NET SDKs."""
    checked = check(document)
    sent = json.loads(document)
    read = decode(document)
    assert (checked.id, checked.trace_id) == (sent["id"], sent["trace_id"])
    assert (read.id, read.trace_id, read.name) == (sent["id"], sent["trace_id"], sent["name"])
    assert checked.is_finished == (read.end_us is not None)
    assert len(read.subsegments) == len(sent.get("subsegments", []))
