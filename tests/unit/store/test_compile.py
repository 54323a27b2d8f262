"""What the compiler of filter expressions writes; what it means is `property/test_filters_sql`."""

import pytest

from fluoro.filters.parser import parse
from fluoro.filters.tree import Constant
from fluoro.store.compile import compile_filter

HOSTILE = "'; DROP TABLE spans; --"


def compiled(text):
    return compile_filter(parse(text))


def test_no_expression_is_always_true():
    """And needs no parameters."""
    found = compile_filter(None)
    assert (found.condition, found.parameters, found.row) == ("1", {}, "")


@pytest.mark.parametrize(
    "text",
    [
        f'service("{HOSTILE}")',
        f'service(id(name: "{HOSTILE}", type: "{HOSTILE}", account.id: "{HOSTILE}")) {{fault}}',
        f'edge("{HOSTILE}", "{HOSTILE}") {{annotation[{HOSTILE}] = "{HOSTILE}"}}',
        f'annotation[{HOSTILE}] = "{HOSTILE}"',
        f'!annotation[{HOSTILE}] contains "{HOSTILE}"',
        f'http.url beginswith "{HOSTILE}" OR user endswith "{HOSTILE}"',
        f'metadata[{HOSTILE}] = "{HOSTILE}"',
        f'http.url matches "{HOSTILE}"',
        f'k8s.pod.name = "{HOSTILE}" workload = "{HOSTILE}" sql in ("{HOSTILE}", "x")',
    ],
)
def test_texts_travel_as_parameters_alone(text):
    """Nothing of them is in the SQL, wherever they stand."""
    found = compiled(text)
    written = found.condition + found.row + found.sufficient
    assert "DROP" not in written
    assert "'; " not in written
    assert any("DROP" in str(value) for value in found.parameters.values())


@pytest.mark.parametrize("field", ["duration", "responsetime", "http.status", "annotation.n"])
def test_numbers_travel_as_parameters_alone(field):
    """As texts do."""
    found = compiled(f"{field} >= 1234.25")
    assert "1234" not in found.condition + found.row
    assert 1234.25 in found.parameters.values()


@pytest.mark.parametrize("value", ['"1.0"', "true"])
@pytest.mark.parametrize("field", ["duration", "responsetime", "http.status"])
def test_a_value_that_is_no_number_matches_nothing(field, value):
    """It is legal all the same."""
    assert compiled(f"{field} = {value}").condition == "0"


@pytest.mark.parametrize("operator", ["!=", "<", "<="])
def test_what_bounds_a_duration_from_above_is_left_to_python(operator):
    """Rows that came without their parents make it shorter than the rows tell."""
    assert compiled(f"duration {operator} 1").condition == "1"


@pytest.mark.parametrize(
    "text", ["ok", 'service("a")', "annotation.a = 1", "partial", 'user != ""']
)
def test_only_what_is_negated_is_read_without_outdated_rows(text):
    """They may add candidates, but must not hide a trace."""
    assert not compiled(text).needs_final
    assert compiled(f"!({text})").needs_final
    assert not compiled(f"!!({text})").needs_final


@pytest.mark.parametrize(
    "text",
    [
        "!partial",
        'edge("a", "b") ',
        "rootcause.fault.service",
        'metadata contains "x"',
        "duration > 1",
    ],
)
def test_every_part_says_something(text):
    """No keyword is left to Python alone."""
    assert compiled(text).condition != "1"


def test_an_and_names_the_rows_that_an_index_knows():
    """The equality of an annotation goes before other parts."""
    found = compiled('service("a") AND annotation.a = "b" AND fault')
    assert found.is_indexed
    assert "cityHash64" in found.row


def test_an_and_names_a_row_for_each_of_its_terms():
    """So few traces may be left that no other row has to be read."""
    found = compiled('annotation.a = "b" AND fault AND duration > 1')
    assert len(found.also) == 1
    assert not found.is_row_all
    assert compiled('annotation.a = "b" AND fault').is_row_all


@pytest.mark.parametrize(
    "text", ["annotation.a = 0", "annotation.a = 1e17", 'annotation.a != "b"', "annotation.a > 1"]
)
def test_the_index_is_asked_for_what_it_knows_alone(text):
    """Zero has two spellings there, large integers may have, and it knows no order."""
    found = compiled(text)
    assert not found.is_indexed
    assert "cityHash64" not in found.row


def test_an_or_names_rows_when_each_of_its_terms_does():
    """Else it would leave out traces."""
    assert compiled("fault OR annotation.a = 1").row
    assert not compiled("fault OR duration > 1").row
    assert not compiled("fault OR !annotation.a").row


@pytest.mark.parametrize("value", [True, False])
def test_a_constant_is_one_or_nothing(value):
    """What a group stood for."""
    assert compile_filter(Constant(value)).condition == str(int(value))


def test_a_window_is_of_services_and_edges_alone():
    """The rest of the expression means the whole trace."""
    window = (10, 20)
    assert compile_filter(parse("fault"), window).condition == compiled("fault").condition
    assert "start_us + dur_us BETWEEN" in compile_filter(parse('service("a")'), window).condition


@pytest.mark.parametrize("text", ["ok " * 660, "!" * 120 + "ok", "(" * 120 + "ok" + ")" * 120])
def test_the_largest_expressions_are_compiled(text):
    """Within the lengths that a statement may have."""
    assert len(compiled(text[:2000]).condition) < 200_000
