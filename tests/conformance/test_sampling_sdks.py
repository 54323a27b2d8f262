"""The official SDKs decide by the server's sampling rules: how many, how counted, how soon."""

import contextlib
import json
import math
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fluoro_up import Fluoro, fluoro_up, until
from sdk_programs import SDKS, command

RATE = 10
"""Requests a second of a client."""
CLIENTS = 3
RESERVOIR = {"python": 9, "node": CLIENTS}
"""Node's SDK reads a quota's end as milliseconds, so that each client borrows one a second for ever
and takes no quota: its clients together hold a reservoir that has one for each."""
SETTLE_S = 32
"""Two reports; an SDK may leave out every second tick of ten seconds."""
WINDOW_S = 40
LINGER_S = 22
"""One report more, and its tick that may be left out."""
START_LIMIT_S = 60
CHANGE_S = 25
"""Long enough for two reports."""
AT_ONCE = ("python",)
"""SDKs that read the rules again when a report's answer says that they changed. Node reads
them every 300 s only, for which no test waits."""
RULE_KEY = {"python": "sampling_rule_name"}
SENT_BY = {
    "python": "X-Ray for Python",
    "node": "X-Ray for Node.js",
}


class Client(NamedTuple):
    """A running program, and the file that it prints to."""

    process: "subprocess.Popen[bytes]"
    output: Path

    def answer(self) -> dict[str, Any]:
        """What it printed, once it has ended."""
        assert self.process.wait(START_LIMIT_S) == 0
        return json.loads(self.output.read_text())


@pytest.fixture(scope="module")
def fluoro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fluoro]:
    """A server whose rules are these tests' own."""
    with fluoro_up(tmp_path_factory.mktemp("sampling")) as running:
        yield running


@contextlib.contextmanager
def clients(
    fluoro: Fluoro, folder: Path, sdks: tuple[str, ...], service: str, *numbers: float
) -> Iterator[dict[str, list[Client]]]:
    """As many clients of each SDK as `numbers[0]`; the others are rate, seconds and linger."""
    environment = {**os.environ, "AWS_XRAY_DAEMON_ADDRESS": fluoro.agent}
    count, *rest = numbers
    found: dict[str, list[Client]] = {sdk: [] for sdk in sdks}
    with contextlib.ExitStack() as stack:
        for sdk in sdks:
            for number in range(int(count)):
                output = folder / f"{service}-{sdk}-{number}"
                line = [*command(sdk), f"{service}-{sdk}", *map(str, rest)]
                stdout = stack.enter_context(output.open("wb"))
                process = subprocess.Popen(line, env=environment, stdout=stdout)
                stack.callback(process.wait)
                stack.callback(process.kill)
                found[sdk].append(Client(process, output))
        yield found


def make_rule(fluoro: Fluoro, service: str, rate: float, reservoir: int) -> None:
    """A rule for one service; its name is the service's."""
    anything = dict.fromkeys(("ServiceType", "Host", "HTTPMethod", "URLPath", "ResourceARN"), "*")
    numbers = {"Priority": 100, "FixedRate": rate, "ReservoirSize": reservoir, "Version": 1}
    rule = {"RuleName": service, "ServiceName": service}
    fluoro.xray.create_sampling_rule(SamplingRule={**rule, **numbers, **anything})


def ready(sdks: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the SDKs whose tools are there; where `CI=true` a missing one fails."""
    found = []
    for sdk in sdks:
        with contextlib.suppress(pytest.skip.Exception):
            command(sdk)
            found.append(sdk)
    return tuple(found)


class Window(NamedTuple):
    """What the clients printed by SDK, and what the server counted by rule."""

    asked: dict[str, list[dict[str, Any]]]
    counted: dict[str, int]


@pytest.fixture(scope="module")
def window(fluoro: Fluoro, tmp_path_factory: pytest.TempPathFactory) -> Window:
    """Three clients of each SDK at once, each SDK with a rule of its own that has no rate."""
    sdks = ready(SDKS)
    for sdk in sdks:
        make_rule(fluoro, f"held-{sdk}", 0, RESERVOIR[sdk])
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

    length = SETTLE_S + WINDOW_S
    folder = tmp_path_factory.mktemp("window")
    numbers = (CLIENTS, RATE, length, LINGER_S)
    with clients(fluoro, folder, sdks, "held", *numbers) as running:
        processes = [client.process for each in running.values() for client in each]

        def ended() -> bool:
            counted()
            return all(process.poll() is not None for process in processes)

        until(ended, "the clients to end", length + LINGER_S + START_LIMIT_S)
        asked = {sdk: [client.answer() for client in each] for sdk, each in running.items()}
    wanted = {sdk: sum(one["requests"] for one in each) for sdk, each in asked.items()}
    with contextlib.suppress(pytest.fail.Exception):  # the test says which SDK's are missing
        until(lambda: counted() == wanted, "the last reports")
    return Window(asked, counted())


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
            assert document["aws"]["xray"][RULE_KEY.get(sdk, "rule_name")] == f"held-{sdk}"


@pytest.mark.parametrize("sdk", SDKS)
def test_the_reservoir_is_held(window: Window, sdk: str):
    """From the second report on, three clients together sample the reservoir within a tenth."""
    answers = of(window, sdk)
    first = math.ceil(max(answer["started"] for answer in answers)) + SETTLE_S
    last = math.floor(min(answer["ended"] for answer in answers))
    assert last - first > WINDOW_S / 2
    sampled = [moment for answer in answers for moment in answer["sampled"]]
    per_second = sum(first <= moment < last for moment in sampled) / (last - first)
    assert per_second == pytest.approx(RESERVOIR[sdk], rel=0.1)


@pytest.mark.parametrize("sdk", SDKS)
def test_statistics_add_up(window: Window, sdk: str):
    """The server counted every request that the rule decided, and each once."""
    assert window.counted[sdk] == sum(answer["requests"] for answer in of(window, sdk))


@pytest.fixture(scope="module")
def changed(
    fluoro: Fluoro, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, Any]]]:
    """What clients printed, whose rule was given to another service soon after they began."""
    sdks = ready(AT_ONCE)
    for sdk in sdks:
        make_rule(fluoro, f"left-{sdk}", 1, 1)
    folder = tmp_path_factory.mktemp("changed")
    services = {f"left-{sdk}" for sdk in sdks}
    with clients(fluoro, folder, sdks, "left", 1, RATE, CHANGE_S, 0) as running:
        until(
            lambda: (
                services
                <= {
                    one["Name"]
                    for node in fluoro.summaries().values()
                    for one in node["ServiceIds"]
                }
            ),
            "a segment of each service",
        )
        later = time.time() + 2  # whole seconds tell a change from what was read before
        until(lambda: time.time() > later, "the next second")
        for service in services:
            update = {"RuleName": service, "ServiceName": "another"}
            fluoro.xray.update_sampling_rule(SamplingRuleUpdate=update)
        limit = CHANGE_S + START_LIMIT_S
        for each in running.values():
            each[0].process.wait(limit)
        return {sdk: [client.answer() for client in each] for sdk, each in running.items()}


@pytest.mark.parametrize("sdk", AT_ONCE)
def test_a_change_reaches_the_sdk(changed: dict[str, list[dict[str, Any]]], sdk: str):
    """At its next report the SDK hears of the change, and then decides by the rule that is left."""
    command(sdk)
    (answer,) = changed[sdk]
    assert (answer["rules"][0], answer["rules"][-1]) == (f"left-{sdk}", "Default")
