"""`fluoro map`: show the service graph."""

import sys
import time
from typing import Annotated

from cyclopts import Parameter

from fluoro.cli.asking import Flags, Output, Source, opened, screen, show, show_json
from fluoro.client import moments
from fluoro.client.answers import Graph, read
from fluoro.client.service_map import calls_table, graph, services_table


def map_(
    *,
    since: str = "1h",
    until: Annotated[str, Parameter(show_default=False)] = "",
    group: Annotated[str, Parameter(show_default=False)] = "",
    source: Flags = Source(),  # noqa: B008  frozen
    output: Output = "table",
) -> None:
    """Show the services and who calls whom, with rates, outcomes and response times.

    Args:
        since: Start: so long ago (15m, 2h, 3d), a time (2026-11-28T14:30), or epoch seconds.
        until: End, the same way; without it now.
        group: Only traces of this group.
        source: Its flags.
        output: Tables, or JSON as GetServiceGraph answers.
    """
    window = moments.window(since, until, time.time())
    with opened(source) as api:
        answer = graph(api, window, group)
    console = screen()
    if output == "json":
        show_json(console, answer)
        return
    services = read(answer, Graph).services
    if services:
        seconds = window[1] - window[0]
        show(console, services_table(services, seconds, console.width), "")
        show(console, calls_table(services, console.width))
    else:
        print("no traces", file=sys.stderr)  # noqa: T201  said to a person
