import pytest

from fluoro.errors import InputError
from fluoro.model import ids

TRACE_ID = "1-6b02b7ef-d88b802111d95ce52dd34d81"


@pytest.mark.parametrize("text", [TRACE_ID, TRACE_ID.upper(), "1-00000000-" + "0" * 23 + "1"])
def test_a_trace_id_is_eight_and_twenty_four_hex_digits(text):
    """Either case is legal, whatever epoch the first eight digits say."""
    assert ids.is_trace_id(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ids.NO_TRACE_ID,
        "2" + TRACE_ID[1:],
        TRACE_ID[:-1],
        TRACE_ID + "0",
        TRACE_ID + "\n",
        TRACE_ID.replace("d", "g"),
        TRACE_ID.replace("-", ""),
        TRACE_ID.replace("1", "\u0661"),
    ],
)
def test_anything_else_is_no_trace_id(text):
    """Not the zeros of unsampled requests either, nor digits of another script."""
    assert not ids.is_trace_id(text)


@pytest.mark.parametrize("text", ["1cba067e5b178dab", "1CBA067E5B178DAB", "0" * 15 + "1"])
def test_an_id_is_sixteen_hex_digits(text):
    """Either case is legal."""
    assert ids.is_id(text)


@pytest.mark.parametrize("text", ["", "0" * 16, "1" * 15, "1" * 17, "1" * 16 + "\n", "g" * 16])
def test_anything_else_is_no_id(text):
    """Not sixteen zeros either."""
    assert not ids.is_id(text)


@pytest.mark.parametrize("text", [TRACE_ID, TRACE_ID.upper(), "6B02B7EFD88B802111D95CE52DD34D81"])
def test_both_notations_of_a_trace_id_come_to_one_form(text):
    """X-Ray's and W3C's notation differ only in punctuation."""
    assert ids.parse_trace_id(text) == TRACE_ID


@pytest.mark.parametrize("text", ["", "nonsense", "0" * 32, ids.NO_TRACE_ID])
def test_what_is_no_trace_id_is_refused_with_its_text(text):
    """The caller reads which of its ids was wrong, in AWS's words."""
    with pytest.raises(InputError, match=r"^Invalid trace id .*: incorrect id format$"):
        ids.parse_trace_id(text)


def test_hex_digits_and_the_inside_form_are_inverses():
    """Storage keeps the 16 bytes, everything else the text."""
    assert ids.trace_id_hex(TRACE_ID) == "6b02b7efd88b802111d95ce52dd34d81"
    assert ids.trace_id_of_hex(ids.trace_id_hex(TRACE_ID)) == TRACE_ID
