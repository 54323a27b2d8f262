import pytest

from fluoro.errors import InputError
from fluoro.server.requests import microseconds, time_range


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
