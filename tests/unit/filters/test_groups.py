import pytest

from fluoro.errors import FilterTypeError
from fluoro.filters.groups import expand_groups
from fluoro.filters.parser import parse
from fluoro.filters.tree import And, Constant, Not, Or

STORED = {
    "slow": "duration > 5",
    "either": "ok OR fault",
    "loop": 'group.name = "slow"',
    "deep": "ok AND !(fault OR group.arn = x)",
}


def expanded(text):
    return expand_groups(parse(text), lambda name: parse(STORED.get(name, "")))


def test_a_group_stands_for_its_filter():
    """As if it were in parentheses, wherever it is named."""
    assert expanded('group.name = "slow"') == parse("duration > 5")
    ok = parse("ok")
    assert expanded("ok AND group.name = either") == And((ok, parse("ok OR fault")))
    assert expanded("ok OR !group.arn = either") == Or((ok, Not(parse("ok OR fault"))))


def test_not_in_a_group_is_the_opposite():
    """The same as `!`."""
    assert expanded("group.name != slow") == Not(parse("duration > 5"))


def test_an_unknown_group_holds_no_trace():
    """Names compare exactly."""
    assert expanded("group.name = Slow") == Constant(value=False)


@pytest.mark.parametrize("name", ["loop", "deep"])
def test_a_group_must_not_name_a_group(name):
    """Refused at the place of the outer one, so that nothing goes round or explodes."""
    with pytest.raises(FilterTypeError) as caught:
        expanded(f"ok AND group.name = {name}")
    assert caught.value.offset == 7


def test_what_names_no_group_stays():
    """Places included."""
    for text in ["ok", 'service("a") {fault}', "edge(,)", "!ok AND (fault OR error)"]:
        assert expanded(text) == parse(text)
