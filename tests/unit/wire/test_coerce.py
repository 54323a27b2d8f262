import math

import pytest

from fluoro.wire import coerce


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (None, ""),
        (True, "true"),
        (5, "5"),
        (10**30, "1" + "0" * 30),
        (1.5, "1.5"),
        (1000.0, "1000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e21"),
        (1.5e300, "1.5e300"),
        (1e-5, "0.00001"),
        (1e-7, "1e-7"),
        (-0.0, "-0"),
        (math.inf, ""),
        ([1, "a"], '[1,"a"]'),
        ({"x": None}, '{"x":null}'),
    ],
)
def test_anything_has_a_text(value, text):
    """As ClickHouse's JSONExtract writes it for a String."""
    assert coerce.text(value) == text


def test_what_is_too_deep_has_no_text():
    """It would need recursion to write it."""
    value = []
    for _ in range(5000):
        value = [value]
    assert coerce.text(value) == ""


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (200, 200),
        (200.7, 200),
        ("200", 200),
        ("200.7", 200),
        ("+5", 5),
        ("5.", 5),
        ("1e3", 1000),
        ("00012", 12),
        (True, 1),
        (False, 0),
        (None, 0),
        (-1, 0),
        (70000, 0),
        (10**400, 0),
        (math.inf, 0),
        ("200abc", 0),
        (" 200", 0),
        ("0x10", 0),
        ("1e400", 0),
        ("", 0),
        ([200], 0),
    ],
)
def test_a_status_is_read_where_one_can_be(value, whole):
    """As ClickHouse's JSONExtract reads a UInt16."""
    assert coerce.integer(value, 65535) == whole


@pytest.mark.parametrize("value", [True, 1, 255, 1.5, "1", "200"])
def test_what_reads_as_a_small_number_above_zero_is_true(value):
    """As ClickHouse's JSONExtract reads a Bool."""
    assert coerce.flag(value) is True


@pytest.mark.parametrize("value", [False, None, 0, 0.5, -1, 256, "true", "0", "", [], {"a": 1}])
def test_anything_else_is_false(value):
    """The word in a string, too."""
    assert coerce.flag(value) is False


def test_only_objects_have_members_and_only_lists_have_items():
    """Everything else is as if it were not there."""
    assert coerce.members({"a": 1}) == {"a": 1}
    assert coerce.members([1]) == {}
    assert coerce.items([1]) == [1]
    assert coerce.items({"a": 1}) == []
