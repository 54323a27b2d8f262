"""`fluoro agent`."""

import asyncio
import dataclasses
import os
from typing import Annotated

from cyclopts import Parameter

from fluoro.agent.program import Addresses, run
from fluoro.agent.settings import AgentSettings
from fluoro.cli.memory import memory_limit_bytes
from fluoro.cli.running import configure_log, print_json, run_until_signal

_BUFFER_SHARE = 4


def agent(
    *,
    settings: Annotated[AgentSettings, Parameter(name="*")] = AgentSettings(),  # noqa: B008  frozen
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Take segments on UDP and sampling calls on TCP, and bring them to the server.

    Args:
        settings: Its flags.
        json: Print one line with the addresses in use once all doors are open.
    """
    configure_log(settings.log_level)

    def ready(addresses: Addresses) -> None:
        if json:
            print_json({"agent": addresses.agent, "agent_admin": addresses.admin})

    async def program(stop: asyncio.Event) -> None:
        region = settings.region or os.environ.get("AWS_REGION", "")
        placed = dataclasses.replace(settings, region=region)
        await run(within(placed, memory_limit_bytes()), ready=ready, stop=stop)

    run_until_signal(program)


def within(settings: AgentSettings, memory_bytes: int | None) -> AgentSettings:
    """Settings whose buffer takes at most a quarter of the container's memory."""
    if memory_bytes is None or settings.buffer_bytes <= memory_bytes // _BUFFER_SHARE:
        return settings
    return dataclasses.replace(settings, buffer_bytes=memory_bytes // _BUFFER_SHARE)
