import pytest

from fluoro.model.outcome import ERROR, FAULT, IN_PROGRESS, OUTCOMES, THROTTLE, bucket, flags


def bits(*, status=0, error=False, fault=False, throttle=False, in_progress=False):
    return flags(
        error=error, fault=fault, throttle=throttle, status=status, in_progress=in_progress
    )


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, 0),
        (200, 0),
        (399, 0),
        (400, ERROR),
        (429, ERROR | THROTTLE),
        (499, ERROR),
        (500, FAULT),
        (599, FAULT),
    ],
)
def test_a_status_sets_the_bits_that_its_class_means(status, expected):
    """SDKs that send no flags are counted all the same."""
    assert bits(status=status) == expected


def test_a_flag_counts_where_the_status_says_otherwise():
    """ASP.NET Core sends `fault` with status 200."""
    assert bits(fault=True, status=200) == FAULT


def test_bits_are_not_exclusive():
    """Python and Node set `error` and `fault` on a failed AWS call."""
    assert bits(error=True, fault=True, throttle=True) == ERROR | FAULT | THROTTLE


def test_being_in_progress_is_a_bit_of_its_own():
    """It says nothing about the outcome."""
    assert bits(in_progress=True, status=500) == FAULT | IN_PROGRESS


@pytest.mark.parametrize(
    ("set_bits", "outcome"),
    [
        (0, "ok"),
        (IN_PROGRESS, "ok"),
        (ERROR, "error"),
        (ERROR | FAULT, "fault"),
        (FAULT, "fault"),
        (ERROR | THROTTLE, "throttle"),
        (ERROR | FAULT | THROTTLE, "throttle"),
    ],
)
def test_a_span_is_counted_in_one_bucket(set_bits, outcome):
    """Throttle comes before fault, fault before error."""
    assert bucket(set_bits) == outcome
    assert outcome in OUTCOMES
