import pytest

from fluoro.sampling.allocate import allocate, demand, lease_s


@pytest.mark.parametrize(
    ("reservoir", "demands", "quotas"),
    [
        (10, {"a": 100, "b": 100}, {"a": 5, "b": 5}),
        (10, {"a": 100, "b": 1}, {"a": 9, "b": 1}),
        (10, {"a": 2, "b": 3}, {"a": 2, "b": 3}),
        (10, {"c": 9, "b": 9, "a": 9}, {"a": 4, "b": 3, "c": 3}),
        (10, {"a": 1, "b": 4, "c": 9, "d": 9}, {"a": 1, "b": 3, "c": 3, "d": 3}),
        (10, {"a": 2, "b": 2, "c": 7}, {"a": 2, "b": 2, "c": 6}),
        (1, {"c": 5, "a": 5, "b": 5}, {"a": 1, "b": 0, "c": 0}),
        (1, {"a": 0, "b": 5}, {"a": 0, "b": 1}),
        (0, {"a": 5}, {"a": 0}),
        (5, {}, {}),
    ],
    ids=[
        "two busy clients share evenly",
        "what an idle client leaves goes to the busy one",
        "nobody gets more than it asked for",
        "the remainder goes by client id",
        "the middle demand is filled to the level",
        "a filled client raises the level",
        "too few for all",
        "who asks for nothing gets nothing",
        "an empty reservoir",
        "no clients",
    ],
)
def test_the_reservoir_fills_all_demands_to_one_level(reservoir, demands, quotas):
    """Water-filling: the small demands whole, the rest shared evenly."""
    assert allocate(reservoir, demands) == quotas


@pytest.mark.parametrize(
    ("requests", "elapsed_s", "wanted"),
    [(0, 10, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (1000, 10, 100), (7, 0, 7), (7, -3, 7)],
)
def test_the_demand_is_the_rate_since_the_last_report_rounded_up(requests, elapsed_s, wanted):
    """One request is a demand of one; two reports at once are a second apart at least."""
    assert demand(requests, elapsed_s) == wanted


def test_a_client_without_a_quota_asks_again_sooner():
    """Three intervals for a quota, one for none."""
    assert (lease_s(1), lease_s(0)) == (30, 10)
