import time

import pytest

from fluoro.client.moments import clock, duration, window, zone
from fluoro.errors import SettingsError

NOW = 1_790_000_000.0


@pytest.fixture(autouse=True)
def tokyo(monkeypatch):
    """A machine whose local time is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("since", "start_s"),
    [
        ("90s", NOW - 90),
        ("15m", NOW - 900),
        ("1.5h", NOW - 5_400),
        ("2d", NOW - 172_800),
        ("1w", NOW - 604_800),
        ("1789999999.5", 1_789_999_999.5),
        ("2026-09-21T13:00:00+00:00", 1_789_995_600.0),
        ("2026-09-21T22:00", 1_789_995_600.0),
        ("2026-09-21", 1_789_916_400.0),
    ],
)
def test_a_start(since, start_s):
    """So long ago, a time (local if it does not say), or epoch seconds."""
    assert window(since, "", NOW) == (start_s, NOW)


def test_an_end():
    """In the same forms."""
    assert window("2h", "1h", NOW) == (NOW - 7_200, NOW - 3_600)


@pytest.mark.parametrize(
    ("since", "until", "setting"),
    [
        ("yesterday", "", "since"),
        ("1 h", "", "since"),
        ("1h", "soon", "until"),
        ("1h", "2h", "until"),
    ],
)
def test_what_is_no_window(since, until, setting):
    """It is said which of the two is at fault."""
    with pytest.raises(SettingsError) as error:
        window(since, until, NOW)
    assert error.value.setting == setting


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (0.000999, "999 µs"),
        (0.001, "1.00 ms"),
        (0.0123, "12.3 ms"),
        (0.9994, "999 ms"),
        (0.9996, "1.00 s"),
        (59.98, "60.0 s"),
        (59.996, "1 min"),
        (125, "2 min 5 s"),
        (12_000, "3 h 20 min"),
        (86_400, "1 d"),
    ],
)
def test_durations(seconds, text):
    """Three digits and the fitting unit, as the console writes them."""
    assert duration(seconds) == text


def test_the_clock_is_local():
    """With its zone's name, and the day if wanted."""
    assert clock(NOW, with_day=False) == "23:13:20"
    assert clock(NOW, with_day=True) == "2026-09-21 23:13:20"
    assert zone(NOW) == "JST"
