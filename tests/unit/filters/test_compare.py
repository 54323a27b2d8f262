import pytest

from fluoro.filters.compare import fits
from fluoro.filters.parser import parse


def literals_that_fit(values, *texts):
    """Those of `annotation.k <text>` that hold for the values."""
    return [text for text in texts if fits(parse(f"annotation.k {text}"), values)]


@pytest.mark.parametrize("value", ["a", "", 0.0, 1.0, False, True, None])
def test_without_an_operator_any_value_will_do(value):
    """A false annotation is one; an object in metadata is there too."""
    assert fits(parse("annotation.k"), [value])
    assert not fits(parse("annotation.k"), [])


@pytest.mark.parametrize(("values", "wanted"), [([True], True), ([False], False), ([], False)])
def test_a_boolean_keyword_is_its_value(values, wanted):
    """Without a value it does not hold, nor does anything that is said about it."""
    assert fits(parse("partial"), values) is wanted
    assert not fits(parse("partial != true"), [])
    assert not fits(parse("partial = false"), [])


@pytest.mark.parametrize("true", ["true", "TRUE", '"true"'])
def test_booleans_compare_with_words(true):
    """Quoted in lower case, or not quoted in any."""
    assert fits(parse(f"partial = {true}"), [True])
    assert not fits(parse(f"partial != {true}"), [True])
    assert fits(parse(f"partial in (false, {true})"), [True])


@pytest.mark.parametrize("literal", ['"yes"', "1", '"TRUE"'])
@pytest.mark.parametrize("operator", ["=", "!=", "<", ">="])
def test_a_boolean_fits_no_other_literal(operator, literal):
    """Not even as different from it."""
    assert not fits(parse(f"partial {operator} {literal}"), [True])
    assert not fits(parse(f"partial {operator} {literal}"), [False])


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_only_numbers_have_an_order(operator):
    """Texts and booleans are equal or not."""
    assert literals_that_fit(["b"], f'{operator} "a"', f'{operator} "b"', f'{operator} "c"') == []
    assert literals_that_fit([True], f"{operator} true", f"{operator} false") == []


def test_the_literal_picks_the_type():
    """What an annotation holds is compared with literals of its own type alone."""
    texts = ['= "1"', "= 1", "= true", '!= "x"', "!= 0", "!= false"]
    assert literals_that_fit(["1"], *texts) == ['= "1"', '!= "x"']
    assert literals_that_fit([1.0], *texts) == ["= 1", "!= 0"]
    assert literals_that_fit([True], *texts) == ["= true", "!= false"]
    assert literals_that_fit([None], *texts) == []


def test_some_value_is_enough():
    """`a != "x"` holds where some value is another; only `!(a = "x")` says none is."""
    assert fits(parse('user != "a"'), ["a", "b"])
    assert not fits(parse('user != "a"'), ["a"])
    assert not fits(parse('user != "a"'), [])


def test_texts_are_searched_as_they_are_written():
    """No letter is another one's, no star is a wildcard."""
    texts = ['contains "B*"', 'contains "b*"', 'contains ""', 'contains "b."']
    assert literals_that_fit(["aB*c"], *texts) == ['contains "B*"', 'contains ""']
    texts = ['beginswith "aB"', 'beginswith "B"', 'endswith "c"', 'endswith "B*"']
    assert literals_that_fit(["aB*c"], *texts) == ['beginswith "aB"', 'endswith "c"']


@pytest.mark.parametrize("operator", ["contains", "beginswith", "endswith", "matches"])
def test_operators_of_texts_fit_texts_only(operator):
    """A number has no digits here."""
    assert literals_that_fit([1.0], f'{operator} "1"', f'{operator} ""') == []
    assert literals_that_fit([True], f'{operator} "true"', f'{operator} ""') == []


def test_a_pattern_is_found_anywhere():
    """Unless it says otherwise; a dot is a line's end too."""
    texts = ['matches "b.d"', 'matches "^b"', 'matches "(?i)B"', 'matches "[0-9]"', 'matches ""']
    assert literals_that_fit(["ab\nde"], *texts) == [texts[0], texts[2], texts[4]]


def test_in_is_any_of_the_literals():
    """Each of its own type."""
    texts = ['in ("a", "b")', "in (b)", 'in (1, "a")', "in (1, 2)"]
    assert literals_that_fit(["b"], *texts) == texts[:2]
    assert literals_that_fit([2.0], *texts) == texts[3:]
