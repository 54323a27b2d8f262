import math

import pytest

from fluoro.model.times import LAST_US, to_seconds, to_us


@pytest.mark.parametrize(
    ("seconds", "us"),
    [
        (0, 0),
        (1795340271.3034916, 1795340271303492),
        (1, 1_000_000),
        (0.0000015, 2),
        (-5, 0),
        (1795340271303, 1795340271303000),
        (1e300, LAST_US),
        (5e9, LAST_US),
        (math.inf, LAST_US),
        (-math.inf, 0),
        (math.nan, 0),
    ],
)
def test_seconds_become_microseconds_within_what_is_kept(seconds, us):
    """Rounded, milliseconds recognised, clamped to 1970-2106."""
    assert to_us(seconds) == us


def test_a_time_survives_the_way_there_and_back():
    """Microseconds of today fit a float64."""
    assert to_us(to_seconds(1795340271303491)) == 1795340271303491
