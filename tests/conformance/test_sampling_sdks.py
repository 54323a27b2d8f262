"""The official SDKs decide by the server's sampling rules: how many, how counted, how soon."""

import contextlib
import math
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fluoro_up import Fluoro, fluoro_up, until
from sdk_programs import RULE_KEY, SDKS, SENT_BY, command
from steady_clients import (
    START_LIMIT_S,
    Run,
    answers,
    changed_under,
    clients,
    ready,
    replace_rule,
    rule_of,
)

CLIENTS = 3
RESERVOIR = {"python": 9, "node": CLIENTS, "go": 9, "java": 9}
"""Node's SDK reads a quota's end as milliseconds, so that each client borrows one a second for ever
and takes no quota: its clients together hold a reservoir that has one for each."""
SETTLE_S = 32
"""Two reports; an SDK may leave out every second tick of ten seconds."""
WINDOW_S = 60
LINGER_S = 22
"""One report more, and its tick that may be left out."""
CHANGE_S = 45
"""Long enough for two reports after the change, one of which may be left out."""
REFRESH_S = 310
"""The rules are read every 300 s, and up to 5 s later."""
AT_ONCE = ("python", "go")
"""SDKs that read the rules again when a report's answer says that they changed."""
BY_THE_CLOCK = ("node", "java")


@pytest.fixture(scope="module")
def fluoro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fluoro]:
    """A server whose rules are these tests' own."""
    with fluoro_up(tmp_path_factory.mktemp("sampling")) as running:
        yield running


class Changed(NamedTuple):
    """What clients printed by SDK: those that ran at a change, and those that began after one."""

    running: dict[str, dict[str, Any]]
    new: dict[str, dict[str, Any]]


class Window(NamedTuple):
    """What the clients printed by SDK, and what the server counted by rule."""

    asked: dict[str, list[dict[str, Any]]]
    counted: dict[str, int]
    changed: Future[Changed]


def change(fluoro: Fluoro, folder: Path) -> Changed:
    """Change rules under running clients, and before others begin."""
    running = changed_under(fluoro, folder, ready(AT_ONCE), Run("left", CHANGE_S))
    for sdk in ready(SDKS):
        rule_of(fluoro, f"new-{sdk}")
        replace_rule(fluoro, f"new-{sdk}")
    run = Run("new", 1)
    with clients(fluoro, folder, ready(SDKS), run) as begun:
        return Changed(running, answers(begun, run))


@pytest.fixture(scope="module")
def window(fluoro: Fluoro, tmp_path_factory: pytest.TempPathFactory) -> Window:
    """Three clients of each SDK at once, each SDK with a rule of its own that has no rate.

    Meanwhile the rules of others are changed.
    """
    sdks = ready(SDKS)
    for sdk in sdks:
        rule_of(fluoro, f"held-{sdk}", FixedRate=0, ReservoirSize=RESERVOIR[sdk])
    summaries: dict[tuple[str, float], int] = {}

    def counted() -> dict[str, int]:
        """By rule, from every ten seconds that the server told of so far."""
        answer = fluoro.xray.get_sampling_statistic_summaries()
        for one in answer["SamplingStatisticSummaries"]:
            summaries[one["RuleName"], one["Timestamp"].timestamp()] = one["RequestCount"]
        return {
            sdk: sum(count for (rule, _), count in summaries.items() if rule == f"held-{sdk}")
            for sdk in sdks
        }

    run = Run("held", SETTLE_S + WINDOW_S, LINGER_S, CLIENTS)
    folder = tmp_path_factory.mktemp("window")
    with clients(fluoro, folder, sdks, run) as running, ThreadPoolExecutor(1) as pool:
        changed = pool.submit(change, fluoro, folder)
        processes = [client.process for each in running.values() for client in each]

        def ended() -> bool:
            counted()
            return all(process.poll() is not None for process in processes)

        until(ended, "the clients to end", run.length_s + run.linger_s + START_LIMIT_S)
        asked = {sdk: [client.answer() for client in each] for sdk, each in running.items()}
    wanted = {sdk: sum(one["requests"] for one in each) for sdk, each in asked.items()}
    with contextlib.suppress(pytest.fail.Exception):  # the test says which SDK's are missing
        until(lambda: counted() == wanted, "the last reports")
    return Window(asked, counted(), changed)


def of(window: Window, sdk: str) -> list[dict[str, Any]]:
    """What one SDK's clients printed; without its tools the test is skipped."""
    command(sdk)
    return window.asked[sdk]


@pytest.mark.parametrize("sdk", SDKS)
def test_segments_arrive(fluoro: Fluoro, window: Window, sdk: str):
    """The first and the last segment of a client are traces with the service, SDK and rule."""
    for answer in of(window, sdk):
        for trace in (answer["traces"][0], answer["traces"][-1]):
            (document,) = until(lambda trace=trace: fluoro.documents(trace), f"trace {trace}")
            assert (document["name"], document["trace_id"]) == (f"held-{sdk}", trace)
            assert document["start_time"] <= document["end_time"]
            assert document["aws"]["xray"]["sdk"] == SENT_BY[sdk]
            assert document["aws"]["xray"][RULE_KEY[sdk]] == f"held-{sdk}"


@pytest.mark.parametrize("sdk", SDKS)
def test_the_reservoir_is_held(window: Window, sdk: str):
    """From the second report on, three clients together sample the reservoir within a tenth."""
    found = of(window, sdk)
    first = math.ceil(max(answer["started"] for answer in found)) + SETTLE_S
    last = math.floor(min(answer["ended"] for answer in found))
    assert last - first > WINDOW_S / 2
    sampled = [moment for answer in found for moment in answer["sampled"]]
    per_second = sum(first <= moment < last for moment in sampled) / (last - first)
    assert per_second == pytest.approx(RESERVOIR[sdk], rel=0.1)


@pytest.mark.parametrize("sdk", SDKS)
def test_statistics_add_up(window: Window, sdk: str):
    """The server counted every request that the rule decided, and each once."""
    assert window.counted[sdk] == sum(answer["requests"] for answer in of(window, sdk))


@pytest.mark.parametrize("sdk", SDKS)
def test_the_sdk_complains_of_nothing(window: Window, sdk: str):
    """Each poll was asked as the SDK asks, and answered so that it can read it.

    Go sends no Content-Type and Java times in milliseconds; Java and Node refuse what is null or
    not there, and Java what takes longer than 2 s.
    """
    assert [line for answer in of(window, sdk) for line in answer["complaints"]] == []


@pytest.mark.parametrize("sdk", AT_ONCE)
def test_a_change_reaches_the_sdk(window: Window, sdk: str):
    """At its next report the SDK hears of the change, and then decides by the new rule."""
    command(sdk)
    rules = window.changed.result().running[sdk]["rules"]
    assert (rules[0], rules[-1]) == (f"left-{sdk}", f"a new left-{sdk}")


@pytest.mark.parametrize("sdk", SDKS)
def test_a_new_client_has_the_change(window: Window, sdk: str):
    """A client that begins after a change decides by the new rule from the first."""
    command(sdk)
    assert set(window.changed.result().new[sdk]["rules"]) == {f"a new new-{sdk}"}


@pytest.fixture(scope="module")
def refreshed(
    fluoro: Fluoro, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What clients printed, whose rule was replaced soon after they began, and who were let run."""
    folder = tmp_path_factory.mktemp("refreshed")
    return changed_under(fluoro, folder, ready(BY_THE_CLOCK), Run("slow", REFRESH_S))


@pytest.mark.slow
@pytest.mark.parametrize("sdk", BY_THE_CLOCK)
def test_a_change_reaches_the_sdk_by_the_clock(refreshed: dict[str, dict[str, Any]], sdk: str):
    """When the SDK reads all rules again, within 310 s, it decides by the new rule."""
    command(sdk)
    rules = refreshed[sdk]["rules"]
    assert (rules[0], rules[-1]) == (f"slow-{sdk}", f"a new slow-{sdk}")
