import json
import sys

import pytest

from captures import captures
from fluoro.model.segment import RecordedException
from fluoro.wire.segment import decode

MEMBERS = {
    "id": "1cba067e5b178dab",
    "name": "shop",
    "trace_id": "1-6b02b7ef-d88b802111d95ce52dd34d81",
    "start_time": 1.5,
    "end_time": 2.5,
}


def read(**members):
    return decode(json.dumps(MEMBERS | members).encode())


def captured(file, seq=0):
    return decode(
        next(found.document for found in captures() if (found.file, found.seq) == (file, seq))
    )


def test_every_member_that_is_indexed_is_read():
    """One document with all of them."""
    segment = read(
        parent_id="2CBA067E5B178DAB",
        type="subsegment",
        namespace="aws",
        origin="AWS::EC2::Instance",
        error=True,
        fault=True,
        throttle=True,
        http={
            "request": {
                "method": "GET",
                "url": "http://shop/",
                "client_ip": "10.0.0.1",
                "user_agent": "curl",
                "traced": True,
            },
            "response": {"status": 429},
        },
        user="ada",
        resource_arn="arn:aws:x",
        aws={
            "account_id": "123456789012",
            "operation": "Do",
            "table_name": "t",
            "bucket_name": "b",
            "queue_url": "q",
            "topic_arn": "a",
            "function_name": "f",
            "ec2": {"instance_id": "i-1", "availability_zone": "eu-1a"},
        },
        sql={"sanitized_query": "SELECT 1"},
        annotations={"a": 1, "b": "x", "c": True},
        cause={"exceptions": [{"id": "3CBA067E5B178DAB", "type": "E", "message": "m"}]},
        subsegments=[{"id": "4CBA067E5B178DAB", "name": "in", "start_time": 1, "end_time": 2}],
    )
    assert (segment.id, segment.trace_id) == (MEMBERS["id"], MEMBERS["trace_id"])
    assert (segment.start_us, segment.end_us) == (1_500_000, 2_500_000)
    assert (segment.parent_id, segment.is_subsegment) == ("2cba067e5b178dab", True)
    assert (segment.namespace, segment.origin) == ("aws", "AWS::EC2::Instance")
    assert segment.error
    assert segment.fault
    assert segment.throttle
    assert (segment.method, segment.url, segment.status) == ("GET", "http://shop/", 429)
    assert (segment.client_ip, segment.user_agent) == ("10.0.0.1", "curl")
    assert segment.is_callee_traced
    assert (segment.user, segment.resource_arn) == ("ada", "arn:aws:x")
    assert (segment.account_id, segment.operation) == ("123456789012", "Do")
    assert (segment.table_name, segment.bucket_name, segment.queue_url) == ("t", "b", "q")
    assert (segment.topic_arn, segment.function_name) == ("a", "f")
    assert (segment.instance_id, segment.availability_zone) == ("i-1", "eu-1a")
    assert (segment.has_sql, segment.sql_query) == (True, "SELECT 1")
    assert segment.annotations == {"a": 1.0, "b": "x", "c": True}
    assert segment.annotations["c"] is True
    assert segment.exceptions == (RecordedException(id="3cba067e5b178dab", type="E", message="m"),)
    (nested,) = segment.subsegments
    assert (nested.id, nested.is_subsegment, nested.trace_id) == ("4cba067e5b178dab", True, "")


def test_members_of_the_wrong_type_are_read_as_the_store_reads_them():
    """Numbers in strings, strings from numbers, nothing from what has no members."""
    segment = read(
        user=5,
        namespace=None,
        origin=["x"],
        error=1,
        fault="true",
        http={"request": ["GET"], "response": {"status": "200"}},
        aws="text",
        annotations=[1],
        cause=7,
        sql=True,
    )
    assert (segment.user, segment.namespace, segment.origin) == ("5", "", '["x"]')
    assert segment.error
    assert not segment.fault
    assert (segment.method, segment.status) == ("", 200)
    assert segment.operation == ""
    assert not segment.has_sql
    assert segment.annotations == {}
    assert segment.exceptions == ()


def test_an_end_before_the_start_is_the_start():
    """A duration is never negative."""
    assert read(end_time=1).end_us == 1_500_000


def test_milliseconds_are_recognised():
    """Senders write 13 digits at times."""
    assert read(start_time=1795340271303, end_time=1795340271304).end_us == 1795340271304000


def test_a_name_is_cut_at_200_characters():
    """Characters, not bytes."""
    assert read(name="\u00e9" * 300).name == "\u00e9" * 200


def test_annotations_are_strings_numbers_and_booleans():
    """Null, lists and objects are not indexed."""
    annotations = {"a": None, "b": [1], "c": {"d": 1}, "e": "x", "f": 1.5, "g": False}
    assert read(annotations=annotations).annotations == {"e": "x", "f": 1.5, "g": False}


def test_long_annotations_are_cut():
    """Keys at 500 characters, strings at 1000."""
    (pair,) = read(annotations={"k" * 600: "v" * 1200}).annotations.items()
    assert pair == ("k" * 500, "v" * 1000)


def test_two_hundred_annotations_of_an_entity_count():
    """The first that can be indexed."""
    annotations = {"null": None} | {f"key{number}": number for number in range(300)}
    assert list(read(annotations=annotations).annotations) == [f"key{n}" for n in range(200)]


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("1e400", sys.float_info.max),
        ("-1e400", -sys.float_info.max),
        ("9" * 400, sys.float_info.max),
        ("123456789012345678901234567890", 1.2345678901234568e29),
        ("5e-324", 5e-324),
    ],
)
def test_an_annotation_beyond_float64_is_the_largest_number(numeral, value):
    """So it is still greater than all others, and JSON again."""
    document = json.dumps(MEMBERS | {"annotations": {"n": "number"}}).replace('"number"', numeral)
    assert decode(document.encode()).annotations == {"n": value}


def test_a_lone_surrogate_is_read_as_the_replacement_character():
    """A pair of them is the character that it means."""
    document = json.dumps(MEMBERS | {"user": "a\ud800b\U0001f600"}).encode()
    assert decode(document).user == "a\ufffdb\U0001f600"


@pytest.mark.parametrize(
    "members", [{"http": {"request": {"traced": True}}}, {"traced": True}, {"traced": 1}]
)
def test_either_spelling_says_that_the_callee_is_traced(members):
    """Most SDKs write it into the request, OpenTelemetry's exporter beside it."""
    assert read(**members).is_callee_traced


@pytest.mark.parametrize(
    ("aws", "table_name"),
    [
        ({"table_name": "t", "table_names": ["u"]}, "t"),
        ({"table_names": ["u"]}, "u"),
        ({"table_names": ["u", "v"]}, ""),
        ({"table_names": []}, ""),
        ({"table_names": "u"}, ""),
    ],
)
def test_a_table_is_known_when_only_one_is_named(aws, table_name):
    """Several tables of one call make no node."""
    assert read(aws=aws).table_name == table_name


def test_a_bucket_may_be_called_bucket():
    """Some SDKs shorten the member."""
    assert read(aws={"bucket": "b"}).bucket_name == "b"


@pytest.mark.parametrize("sql", [{}, {"preparation": "call"}, None, []])
def test_a_sql_block_that_names_nothing_is_none(sql):
    """The store knows a call to a database by what the block says."""
    assert not read(sql=sql).has_sql


@pytest.mark.parametrize(
    "cause", ["3CBA067E5B178DAB", {"id": "3CBA067E5B178DAB", "exceptions": []}]
)
def test_a_cause_may_be_an_id_alone(cause):
    """A string, or Node's object without exceptions."""
    segment = read(cause=cause)
    assert (segment.cause_id, segment.exceptions) == ("3cba067e5b178dab", ())


def test_an_outer_exception_comes_before_the_one_that_led_to_it():
    """.NET records both in one subsegment."""
    recorded = [each.exceptions for each in _tree(captured("dotnet-exception")) if each.exceptions]
    (outer, inner) = max(recorded, key=len)
    assert outer.type == "ArgumentException"
    assert outer.message
    assert outer.id != inner.id


def test_pythons_parents_refer_to_the_exception_of_the_child():
    """The deepest records it, the others carry its id."""
    segments = _tree(captured("python-exception"))
    recorded = {found.id for segment in segments for found in segment.exceptions}
    assert recorded >= {segment.cause_id for segment in segments if segment.cause_id}
    assert recorded


def _tree(segment):
    return [segment, *(found for nested in segment.subsegments for found in _tree(nested))]
