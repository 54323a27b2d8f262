import pytest

from fluoro.errors import InputError
from fluoro.filters.patterns import Pattern


def test_a_pattern_is_matched_in_linear_time():
    """What takes other engines until the end of days."""
    assert not Pattern("(a+)+$").is_in("a" * 50_000 + "b")


def test_letters_are_unicodes():
    """One character is one, however many bytes."""
    assert Pattern("^ü.😀$").is_in("üé😀")
    assert not Pattern("^..$").is_in("ü")


def test_half_a_surrogate_pair_is_no_error():
    """JSON may hold one; it is some character."""
    assert Pattern("^a.$").is_in("a\ud800")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "missing )"),
        ("a**", "bad repetition operator"),
        ("[z-a]", "invalid character class range"),
        (r"\p{Klingon}", "invalid character class range"),
        ("((x{40}){40}){40}", "invalid repetition size"),
        (r"\pL{900}", "too large"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern, reason):
    """In RE2's words, and silently on standard error."""
    with pytest.raises(InputError) as caught:
        Pattern(pattern)
    assert reason in caught.value.message


def test_nothing_is_written_to_standard_error(capfd):
    """RE2 logs what it refuses unless it is told not to."""
    with pytest.raises(InputError):
        Pattern("(")
    assert capfd.readouterr().err == ""
