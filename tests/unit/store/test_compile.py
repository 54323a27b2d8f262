import pytest

from fluoro.filters.parser import parse
from fluoro.store.compile import compile_filter

HOSTILE = "'; DROP TABLE spans; --"


def test_no_expression_is_always_true():
    """And needs no parameters."""
    assert compile_filter(None) == ("1", {})


def test_values_travel_as_parameters_alone():
    """No value of an expression is in the text, however it is spelled."""
    text, parameters = compile_filter(
        parse(f'service("{HOSTILE}") AND duration > 1.25 AND service("b")')
    )
    assert parameters == {"p0": HOSTILE, "p1": 1.25, "p2": "b"}
    assert [f"{{{name}:" in text for name in parameters] == [True] * 3
    assert HOSTILE not in text
    assert "1.25" not in text


@pytest.mark.parametrize("operator", ["!=", "<", "<="])
def test_what_bounds_a_duration_from_above_is_left_to_python(operator):
    """Rows that came without their parents make it shorter than the rows tell."""
    assert compile_filter(parse(f"duration {operator} 1")) == ("1", {})


@pytest.mark.parametrize("value", ['"1.0"', "true"])
@pytest.mark.parametrize("field", ["duration", "responsetime"])
def test_a_value_that_is_no_number_matches_nothing(field, value):
    """It is legal all the same."""
    assert compile_filter(parse(f"{field} = {value}")) == ("0", {})


def test_every_term_of_an_and_is_asked():
    """Each in brackets of its own."""
    text, _ = compile_filter(parse("fault AND ok"))
    assert text.count("countIf(") == 2
    assert ") AND (" in text
