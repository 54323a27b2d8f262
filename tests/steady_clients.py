"""Programs with the official SDKs that make segments at a steady rate, and rules for them."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fluoro_up import Fluoro, until
from sampling_rules import new_rule
from sdk_programs import command

RATE = 10
"""Requests a second of a client."""
START_LIMIT_S = 60


class Client(NamedTuple):
    """A running program, and the file that it prints to."""

    process: "subprocess.Popen[bytes]"
    output: Path

    def answer(self) -> dict[str, Any]:
        """What it printed, once it has ended."""
        assert self.process.wait(START_LIMIT_S) == 0
        return json.loads(self.output.read_text())


class Run(NamedTuple):
    """What clients are told to do; the service's name gets the SDK's name behind it."""

    service: str
    length_s: float
    linger_s: float = 0
    count: int = 1
    """Clients of each SDK."""


def ready(sdks: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the SDKs whose tools are there; where `CI=true` a missing one fails."""
    found = []
    for sdk in sdks:
        with contextlib.suppress(pytest.skip.Exception):
            command(sdk)
            found.append(sdk)
    return tuple(found)


@contextlib.contextmanager
def clients(
    fluoro: Fluoro, folder: Path, sdks: tuple[str, ...], run: Run
) -> Iterator[dict[str, list[Client]]]:
    """Clients of each SDK; they end with the context."""
    environment = {**os.environ, "AWS_XRAY_DAEMON_ADDRESS": fluoro.agent}
    found: dict[str, list[Client]] = {sdk: [] for sdk in sdks}
    with contextlib.ExitStack() as stack:
        for sdk in sdks:
            for number in range(run.count):
                output = folder / f"{run.service}-{sdk}-{number}"
                numbers = map(str, (RATE, run.length_s, run.linger_s))
                line = [*command(sdk), f"{run.service}-{sdk}", *numbers]
                stdout = stack.enter_context(output.open("wb"))
                process = subprocess.Popen(line, env=environment, stdout=stdout)
                stack.callback(process.wait)
                stack.callback(process.kill)
                found[sdk].append(Client(process, output))
        yield found


def answers(running: dict[str, list[Client]], run: Run) -> dict[str, dict[str, Any]]:
    """What the one client of each SDK printed, once it has ended."""
    for (client,) in running.values():
        client.process.wait(run.length_s + run.linger_s + START_LIMIT_S)
    return {sdk: client.answer() for sdk, (client,) in running.items()}


def rule_of(fluoro: Fluoro, service: str, **members: Any) -> None:
    """Make a rule for one service; if nothing else is said, its name is the service's.

    It has a boost, which these SDKs don't know and must not mind.
    """
    boost = {"MaxRate": 0.5, "CooldownWindowMinutes": 10}
    rule = new_rule(service, ServiceName=service, SamplingRateBoost=boost) | members
    fluoro.xray.create_sampling_rule(SamplingRule=rule)


def replace_rule(fluoro: Fluoro, service: str) -> None:
    """Give the service's rule to another service, and make it a new one, first by its name."""
    update = {"RuleName": service, "ServiceName": "another"}
    fluoro.xray.update_sampling_rule(SamplingRuleUpdate=update)
    rule_of(fluoro, service, RuleName=f"a new {service}", FixedRate=1)


def changed_under(
    fluoro: Fluoro, folder: Path, sdks: tuple[str, ...], run: Run
) -> dict[str, dict[str, Any]]:
    """What clients printed, whose rule was replaced soon after they began."""
    services = [f"{run.service}-{sdk}" for sdk in sdks]
    for service in services:
        rule_of(fluoro, service, FixedRate=1)
    with clients(fluoro, folder, sdks, run) as running:
        for service in services:
            until(lambda service=service: _has_sent(fluoro, service), service, START_LIMIT_S)
        later = time.time() + 2  # whole seconds tell a change from what was read before
        until(lambda: time.time() > later, "the next second")
        for service in services:
            replace_rule(fluoro, service)
        return answers(running, run)


def _has_sent(fluoro: Fluoro, service: str) -> bool:
    now = time.time()
    found = fluoro.xray.get_trace_summaries(
        StartTime=now - START_LIMIT_S, EndTime=now + 1, FilterExpression=f'service("{service}")'
    )
    return bool(found["TraceSummaries"])
