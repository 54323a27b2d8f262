import contextlib
from collections import Counter

import anyio
import pytest

from fluoro.errors import ThrottledError
from fluoro.server import fairness
from fluoro.server.fairness import Fairness
from fluoro.wire.prometheus import render

pytestmark = pytest.mark.anyio

ONE, TWO, THREE = "1" * 12, "2" * 12, "3" * 12
PATIENCE_S = 10


class Reads:
    """Reads that hold their places until the test ends them, and the order in which they began."""

    def __init__(self, group, places, *, is_shared=True):
        self.fairness = Fairness(places, lambda: is_shared)
        self.began = []
        self.refused = Counter()
        self._group = group
        self._ends = {}
        self._numbers = Counter()

    async def ask(self, account, times=1):
        """Begin reads; return once each has its place or waits for one."""
        for _ in range(times):
            self._numbers[account] += 1
            self._group.start_soon(self._read, account, self._numbers[account])
        await anyio.wait_all_tasks_blocked()

    async def _read(self, account, number):
        end = self._ends[account, number] = anyio.Event()
        try:
            async with self.fairness.turn(account):
                self.began.append((account, number))
                await end.wait()
        except ThrottledError:
            self.refused[account] += 1

    async def end(self, account, number):
        """End one that runs; return once the next ones have begun."""
        self._ends[account, number].set()
        await anyio.wait_all_tasks_blocked()


@pytest.fixture
def reading():
    """Opens reads; a test that hangs is ended."""

    @contextlib.asynccontextmanager
    async def reading(places, **options):
        with anyio.fail_after(PATIENCE_S):
            async with anyio.create_task_group() as group:
                yield Reads(group, places, **options)
                group.cancel_scope.cancel()

    return reading


async def test_no_more_than_the_places_run(reading):
    """The others wait, and begin in the order in which they came."""
    async with reading(2, is_shared=False) as reads:
        await reads.ask(ONE, 5)
        assert reads.began == [(ONE, 1), (ONE, 2)]
        await reads.end(ONE, 2)
        await reads.end(ONE, 1)
        assert reads.began == [(ONE, number) for number in (1, 2, 3, 4)]


async def test_a_place_is_kept_for_others(reading):
    """A flood of long reads leaves one place, where the reads of another account never wait."""
    async with reading(4) as reads:
        await reads.ask(ONE, 100)
        assert len(reads.began) == 3
        for number in range(1, 6):
            await reads.ask(TWO)
            assert reads.began[-1] == (TWO, number)
            await reads.end(TWO, number)
        assert len(reads.began) == 3 + 5


async def test_a_lone_account_has_all_places(reading):
    """While nobody has to sign there is no other one."""
    async with reading(4, is_shared=False) as reads:
        await reads.ask(ONE, 10)
        assert len(reads.began) == 4


async def test_accounts_take_turns(reading):
    """However many of one wait, another one's next read is behind one of them at most."""
    async with reading(1) as reads:
        await reads.ask(ONE, 50)
        await reads.ask(TWO, 2)
        await reads.ask(THREE, 1)
        for account, number in ((ONE, 1), (TWO, 1), (THREE, 1), (ONE, 2), (TWO, 2)):
            await reads.end(account, number)
        assert [account for account, _ in reads.began] == [ONE, TWO, THREE, ONE, TWO, ONE]


async def test_who_runs_least_is_next(reading):
    """Two floods and one account that asks once: it does not wait for a turn of each."""
    async with reading(4) as reads:
        await reads.ask(ONE, 50)
        await reads.ask(TWO, 50)
        await reads.ask(THREE, 1)
        assert [account for account, _ in reads.began] == [ONE, ONE, ONE, TWO]
        await reads.end(ONE, 1)
        assert reads.began[-1] == (THREE, 1)
        await reads.end(ONE, 2)
        await reads.end(ONE, 3)
        assert reads.began[-2:] == [(ONE, 4), (TWO, 2)]


async def test_a_wait_has_an_end(reading, monkeypatch):
    """Then it is refused as throttled; what runs goes on, and nothing is left behind."""
    monkeypatch.setattr(fairness, "_PATIENCE_S", 0.01)
    async with reading(1) as reads:
        await reads.ask(ONE)
        await reads.ask(ONE)
        await reads.ask(TWO, 2)
        while reads.refused.total() < 3:  # noqa: ASYNC110  it is the time that is waited for
            await anyio.sleep(0.01)
        assert reads.refused == {ONE: 1, TWO: 2}
        text = render(reads.fairness.metrics())
        assert "reads_running 1\n" in text
        assert "reads_waiting 0\n" in text
        assert f'turned_away_total{{account="{TWO}",reason="wait"}} 2\n' in text
        await reads.end(ONE, 1)
        await reads.ask(TWO)
        assert reads.began == [(ONE, 1), (TWO, 3)]


async def test_who_goes_away_loses_its_turn(reading):
    """Waiting or called: its place goes to the next."""
    async with reading(1) as reads:
        await reads.ask(ONE)
        with anyio.move_on_after(0):
            async with reads.fairness.turn(TWO):
                pytest.fail("the place was free")
        await reads.ask(THREE)
        await reads.end(ONE, 1)
        assert reads.began[-1] == (THREE, 1)
        await reads.end(THREE, 1)
        with anyio.CancelScope() as scope:
            scope.cancel()
            async with reads.fairness.turn(TWO):
                await anyio.sleep_forever()
        await reads.ask(ONE)
        assert reads.began[-1] == (ONE, 2)


async def test_an_account_has_half_of_the_connections(monkeypatch):
    """One more request is refused at once; others are not, and it is when one has ended."""
    monkeypatch.setattr(fairness, "_UNDER_WAY", 2)
    shared = Fairness(4, lambda: True)
    with contextlib.ExitStack() as open_:
        open_.enter_context(shared.under_way(ONE))
        with shared.under_way(ONE):
            with pytest.raises(ThrottledError, match=ONE), shared.under_way(ONE):
                pytest.fail("it was let in")
            with shared.under_way(TWO):
                pass
        open_.enter_context(shared.under_way(ONE))
    assert f'account="{ONE}",reason="under_way"}} 1\n' in render(shared.metrics())


async def test_a_lone_account_may_have_all_connections(monkeypatch):
    """While nobody has to sign."""
    monkeypatch.setattr(fairness, "_UNDER_WAY", 0)
    with Fairness(4, lambda: False).under_way(ONE):
        pass
