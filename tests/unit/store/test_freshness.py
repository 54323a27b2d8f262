from hypothesis import given
from hypothesis import strategies as st

from fluoro.store.freshness import Stretch, stretches

WITHIN = Stretch(1_007, 1_993)
MINUTES = st.sets(st.integers(WITHIN.first, WITHIN.last - 1), max_size=200)


@given(MINUTES, st.integers(1, 30))
def test_stretches_are_few_and_hold_every_minute(minutes, most):
    """In order, apart from each other, within the window."""
    found = stretches(minutes, WITHIN, most)
    assert len(found) <= most
    assert minutes <= {minute for each in found for minute in range(*each)}
    bounds = [bound for each in found for bound in each]
    assert bounds == sorted(set(bounds))
    assert not found or (bounds[0] >= WITHIN.first and bounds[-1] <= WITHIN.last)


@given(MINUTES)
def test_where_they_may_be_many_nothing_else_is_in_them(minutes):
    """As many as there are minutes."""
    found = stretches(minutes, WITHIN, len(minutes))
    assert minutes == {minute for each in found for minute in range(*each)}


@given(MINUTES)
def test_fewer_are_made_of_whole_periods(minutes):
    """Of ten minutes, as far as they lie within the window."""
    found = stretches(minutes, WITHIN, 5)
    if found != stretches(minutes, WITHIN, len(minutes)):
        inner = {bound for each in found for bound in each} - set(WITHIN)
        assert all(bound % 10 == 0 for bound in inner)
