"""`fluoro agent`."""

import asyncio
from typing import Annotated

from cyclopts import Parameter

from fluoro.agent.program import Addresses, run
from fluoro.agent.settings import AgentSettings
from fluoro.cli.running import configure_log, print_json, run_until_signal


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
        await run(settings, ready=ready, stop=stop)

    run_until_signal(program)
