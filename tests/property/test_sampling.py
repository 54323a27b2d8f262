"""Laws of sharing a reservoir."""

from hypothesis import given
from hypothesis import strategies as st

from fluoro.sampling.allocate import allocate, demand, grant

RESERVOIRS = st.integers(0, 200)
DEMANDS = st.dictionaries(
    st.text(alphabet="0123456789abcdef", min_size=1, max_size=4), st.integers(0, 100), max_size=12
)


@given(RESERVOIRS, DEMANDS)
def test_the_reservoir_is_used_and_never_passed(reservoir, demands):
    """All of it, unless everybody has what it asked for; nobody gets more than that."""
    quotas = allocate(reservoir, demands)
    assert quotas.keys() == demands.keys()
    assert sum(quotas.values()) == min(reservoir, sum(demands.values()))
    assert all(0 <= quotas[client] <= demands[client] for client in demands)


@given(RESERVOIRS, DEMANDS)
def test_who_gets_less_than_asked_has_as_much_as_anybody(reservoir, demands):
    """But for one request that cannot be split, which goes to the smaller client id."""
    quotas = allocate(reservoir, demands)
    for client, quota in quotas.items():
        if quota < demands[client]:
            most = max(quotas.values())
            assert quota >= most - 1
            assert all(
                other < client
                for other, theirs in quotas.items()
                if theirs > quota and theirs < demands[other]
            )


@given(RESERVOIRS, DEMANDS, st.randoms())
def test_the_order_of_reports_does_not_matter(reservoir, demands, chance):
    """Every replica comes to the same shares."""
    shuffled = dict(chance.sample(sorted(demands.items()), len(demands)))
    assert allocate(reservoir, shuffled) == allocate(reservoir, demands)


@given(RESERVOIRS, DEMANDS, st.integers(0, 100))
def test_a_new_client_takes_from_nobody_more_than_it_gets(reservoir, demands, wanted):
    """Nobody's share grows by it."""
    before = allocate(reservoir, demands)
    after = allocate(reservoir, {**demands, "newest": wanted})
    assert all(after[client] <= before[client] for client in demands)
    assert sum(before.values()) - sum(after[client] for client in demands) <= after["newest"]


@given(RESERVOIRS, st.lists(DEMANDS, min_size=1, max_size=4))
def test_what_is_held_never_passes_the_reservoir(reservoir, rounds):
    """Whoever comes, goes or changes its mind; and after two rounds of the same all of it is held.

    In a round every client that is there reports once; who has gone holds nothing any more.
    """
    held = {}
    for demands in [*rounds, rounds[-1]]:
        held = {client: quota for client, quota in held.items() if client in demands}
        for client in demands:
            held[client] = grant(reservoir, client, demands, held)
            assert sum(held.values()) <= reservoir
    assert held == allocate(reservoir, rounds[-1])


@given(st.integers(0, 10**6), st.floats(-10, 10**4))
def test_a_demand_covers_the_requests(requests, elapsed_s):
    """Never less than the rate, never as much as one above it."""
    rate = requests / max(elapsed_s, 1.0)
    assert rate <= demand(requests, elapsed_s) < rate + 1
