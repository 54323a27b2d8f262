import json
import math

import pytest

from fluoro.errors import InvalidDocumentError
from fluoro.wire.json_text import read


@pytest.mark.parametrize(
    "text",
    [
        "null",
        " true ",
        "[false]",
        "0",
        "-0",
        "-0.0",
        "1.5e+3",
        "1E-2",
        "[]",
        "{}",
        " [ ] ",
        "\t{ }\r\n",
        '{"a":[1,{"b":[]},[[]]],"c":{"d":{}}}',
        '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00"',
        '{"a\\u0062":"\u00e9\U0001f600\x7f"}',
        '{"a":1,"a":[2]}',
        "[[1],[2],{},3]",
        "123456789012345678901234567890",
    ],
)
def test_legal_json_is_read_as_the_standard_library_reads_it(text):
    """Values, whatever the white space."""
    assert read(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nul",
        "True",
        "NaN",
        "Infinity",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "0x1",
        "1 2",
        "'a'",
        '"a',
        '"\\x"',
        '"\\u12"',
        '"\\u12g4"',
        '"\n"',
        '"\x00"',
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1",
        "[1}",
        "]",
        "{",
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        '{"a":1 "b":2}',
        '{"a" 1}',
        "{1:2}",
        '{"a":1]',
        "{}}",
        "[]\x0b",
        "\u00a0[]",
        "\ufeff[]",
        "[1]//",
    ],
)
def test_nothing_but_json_is_read(text):
    """The grammar of RFC 8259, without the liberties that parsers take."""
    with pytest.raises(InvalidDocumentError) as caught:
        read(text.encode())
    assert caught.value.reason == "ParseError"


def test_text_must_be_utf_8():
    """A surrogate in UTF-8's clothes is not."""
    with pytest.raises(InvalidDocumentError):
        read(b'"\xed\xa0\x80"')


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("x", ""),
        ('{"a":x}', "a"),
        ('{"a":{"b":[1,{"c":2},NaN]}}', "a.b[2]"),
        ('{"subsegments":[{},{"annotations":{"n":NaN.0}}]}', "subsegments[1].annotations.n"),
        ('{"a":1,x', "a"),
        ("[[x", "[0][0]"),
    ],
)
def test_a_refusal_says_where_the_text_stops_being_json(text, path):
    """The member that is being read, or the last that was."""
    with pytest.raises(InvalidDocumentError) as caught:
        read(text.encode())
    assert caught.value.field == path


def test_the_path_of_a_refusal_has_bounds():
    """It goes into logs."""
    with pytest.raises(InvalidDocumentError) as caught:
        read(b'{"a":' * 10_000)
    assert len(caught.value.field) <= 200


def test_any_depth_is_read():
    """Objects and lists in turn, far beyond what recursion reaches."""
    value = read(b'{"a":[' * 100_000 + b"]}" * 100_000)
    depth = 0
    while value:
        value = value["a"] if isinstance(value, dict) else value[0]
        depth += 1
    assert depth == 199_999


@pytest.mark.parametrize(
    ("text", "value"), [("1e400", math.inf), ("-1e400", -math.inf), ("9" * 5000, math.inf)]
)
def test_a_number_beyond_float64_is_infinite(text, value):
    """Integers of any length among them."""
    assert read(text.encode()) == value


def test_a_lone_surrogate_becomes_the_replacement_character():
    """In values and in keys."""
    assert read(b'{"\\ud800a":"\\udfff\\ud800\\ud83d\\ude00"}') == {
        "\ufffda": "\ufffd\ufffd\U0001f600"
    }
