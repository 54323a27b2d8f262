from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from fluoro.errors import InputError
from fluoro.server.requests import decode, microseconds, time_range


@pytest.mark.parametrize(
    "value",
    [
        1_530_922_806.5,
        1_530_922_806_500,
        "1530922806.5",
        "1.5309228065E9",
        "2018-07-07T00:20:06.5Z",
        "2018-07-07T02:20:06.5+02:00",
        "2018-07-07T00:20:06.5",
    ],
)
def test_times_that_clients_write(value):
    """Seconds, a numeral, ISO 8601 (UTC when silent), and milliseconds, which some SDKs send."""
    assert microseconds("StartTime", value) == 1_530_922_806_500_000


@pytest.mark.parametrize("value", ["NaN", "nan", "inf", "-1", -0.5, float("nan"), "", "noon"])
def test_times_that_are_none(value):
    """Refused with the member's name."""
    with pytest.raises(InputError, match=r"Value at 'startTime' failed .* a time in epoch seconds"):
        microseconds("StartTime", value)


def test_a_reversed_range():
    """AWS's sentence; an empty range is none."""
    assert time_range(2, 2) == (2_000_000, 2_000_000)
    with pytest.raises(InputError, match=r"^End time cannot be earlier than start time$"):
        time_range(2, 1)


class Limited(msgspec.Struct):
    """One member of each kind of limit."""

    text: Annotated[str, Meta(min_length=2, max_length=3)] | None = None
    word: Annotated[str, Meta(pattern=r"^[a-z]+\Z")] | None = None
    items: Annotated[list[int], Meta(max_length=1)] | None = None
    members: Annotated[dict[str, int], Meta(max_length=1)] | None = None
    number: Annotated[int, Meta(ge=-1, le=3)] | None = None
    share: Annotated[float, Meta(ge=0, le=1)] | None = None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"text":"a"}', "length greater than or equal to 2"),
        ('{"text":"aaaa"}', "length less than or equal to 3"),
        ('{"items":[1,2]}', "length less than or equal to 1"),
        ('{"members":{"a":1,"b":2}}', "length less than or equal to 1"),
        ('{"number":-2}', "value greater than or equal to -1"),
        ('{"number":99999999999999999999}', "value less than or equal to 3"),
        ('{"share":1.5}', "value less than or equal to 1"),
    ],
)
def test_a_broken_limit(body, sentence):
    """AWS's sentence with the limit."""
    with pytest.raises(InputError) as error:
        decode(body.encode(), msgspec.json.Decoder(Limited))
    assert error.value.message.endswith(
        f"failed to satisfy constraint: Member must have {sentence}"
    )


def test_a_broken_pattern():
    """AWS's sentence with the pattern."""
    with pytest.raises(
        InputError, match=r"Member must satisfy regular expression pattern: \[a-z\]"
    ):
        decode(b'{"word":"a\\n"}', msgspec.json.Decoder(Limited))
