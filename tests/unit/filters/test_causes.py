import pytest

from fluoro.filters import causes
from fluoro.filters.parser import parse
from fluoro.filters.tree import Field
from fluoro.traces.root_causes import (
    Cause,
    CauseEntity,
    CauseException,
    CauseService,
    RootCauses,
)

DENIED = CauseException("Denied", "no entry")
FAULT = Cause(
    (
        CauseService(
            "web",
            "AWS::EC2::Instance",
            "",
            is_inferred=False,
            entities=(
                CauseEntity("web", is_remote=False),
                CauseEntity("call", is_remote=True, exceptions=(DENIED,)),
            ),
        ),
        CauseService("T", "", "1", is_inferred=True, entities=(CauseEntity("T", is_remote=False),)),
    ),
    is_client_impacting=True,
)
SLOW = Cause(
    (
        CauseService(
            "fn",
            "",
            "",
            is_inferred=False,
            entities=(
                CauseEntity("fn", is_remote=False, coverage=1.0),
                CauseEntity("work", is_remote=False, coverage=0.8),
            ),
        ),
    ),
    is_client_impacting=True,
)
CAUSES = RootCauses(fault=(FAULT,), response_time=(SLOW,))


def values(kind, part, *keywords):
    """The values of the fields, for each element."""
    return [
        [[*values_of(Field(keyword))] for keyword in keywords]
        for values_of in causes.elements(CAUSES, kind, part)
    ]


def test_services_are_numbered_along_the_cause():
    """From 0; a type that is unknown is no value."""
    assert values("fault", "service", "name", "type", "inferred", "index", "first", "last") == [
        [["web"], ["AWS::EC2::Instance"], [False], [0.0], [True], [False]],
        [["T"], [], [True], [1.0], [False], [True]],
    ]


def test_entities_are_numbered_over_all_services():
    """Not anew in each."""
    assert values("fault", "entity", "name", "remote", "index", "last") == [
        [["web"], [False], [0.0], [False]],
        [["call"], [True], [1.0], [False]],
        [["T"], [False], [2.0], [True]],
    ]


def test_exceptions_have_a_message():
    """Their name is their type."""
    assert values("fault", "exception", "name", "message", "first", "last") == [
        [["Denied"], ["no entry"], [True], [True]]
    ]


def test_only_response_times_are_covered():
    """A part of the root's duration."""
    assert values("responsetime", "entity", "name", "coverage") == [
        [["fn"], [1.0]],
        [["work"], [0.8]],
    ]
    assert values("fault", "entity", "coverage") == [[[]]] * 3
    assert values("error", "entity", "name") == []


@pytest.mark.parametrize(
    "pattern",
    [
        '[{"Services":[{"Name":"web"},{"Name":"T"}]}]',
        '[{"Services":[{},{"Type":null,"AccountId":"1","Inferred":true,"Names":["T"]}]}]',
        '[{"Services":[{"EntityPath":[{},{"Name":"call","Remote":true}]},{}]}]',
        '[{"Services":[{"EntityPath":[{},{"Exceptions":[{"Name":"Denied"}]}]},{}]}]',
        '[{"Services":[{"EntityPath":[{"Exceptions":[]},{}]},{"Type":""}]}]',
        '[{"ClientImpacting":true}]',
        '[{"Services":[]},{"Services":[{},{}]}]',
        "[{}]",
    ],
)
def test_a_pattern_fits_what_it_says(pattern):
    """Of what it does not say anything fits; null is an empty text; one of several is enough."""
    assert causes.fits(CAUSES, parse(f"rootcause.json = #{pattern}"))
    assert causes.fits(CAUSES, parse(f"rootcause.fault.json = #{pattern}"))
    assert not causes.fits(CAUSES, parse(f"rootcause.error.json = #{pattern}"))


@pytest.mark.parametrize(
    "pattern",
    [
        "[]",
        '[{"Services":[{"Name":"web"}]}]',
        '[{"Services":[{"Name":"T"},{"Name":"web"}]}]',
        '[{"Services":[{},{"Inferred":false}]}]',
        '[{"Services":[{"EntityPath":[{}]},{}]}]',
        '[{"Services":[{"EntityPath":[{},{"Exceptions":[{"Message":"other"}]}]},{}]}]',
        '[{"Services":[{"EntityPath":[{},{"Exceptions":[]}]},{}]}]',
        '[{"ClientImpacting":false}]',
    ],
)
def test_lists_fit_whole(pattern):
    """Item by item, and as many."""
    assert not causes.fits(CAUSES, parse(f"rootcause.json = #{pattern}"))


def test_a_pattern_knows_coverage():
    """Of response times."""
    text = 'rootcause.responsetime.json = #[{"Services":[{"EntityPath":[{},{"Coverage":0.8}]}]}]'
    assert causes.fits(CAUSES, parse(text))
    assert not causes.fits(CAUSES, parse(text.replace("0.8", "0.9")))
