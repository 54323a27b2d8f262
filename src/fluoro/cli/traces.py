"""`fluoro traces`: search for traces."""

import sys
import time
from typing import Annotated

from cyclopts import Parameter, validators

from fluoro.cli.asking import Flags, Output, Source, opened, screen, show, show_json
from fluoro.client import moments
from fluoro.client.answers import Summaries, read
from fluoro.client.traces import filter_of, listed, search


def traces(  # noqa: PLR0913  its flags
    filter_: Annotated[str, Parameter(name="FILTER", show_default=False)] = "",
    /,
    *,
    since: str = "1h",
    until: Annotated[str, Parameter(show_default=False)] = "",
    group: Annotated[str, Parameter(show_default=False)] = "",
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 100,
    source: Flags = Source(),  # noqa: B008  frozen
    output: Output = "table",
) -> None:
    """Search for traces, newest first.

    Args:
        filter_: Filter expression, as in 'service("checkout") AND fault'; without it all traces.
        since: Start: so long ago (15m, 2h, 3d), a time (2026-11-28T14:30), or epoch seconds.
        until: End, the same way; without it now.
        group: Only traces of this group.
        limit: Traces to show at most.
        source: Its flags.
        output: A table, or JSON as GetTraceSummaries answers.
    """
    window = moments.window(since, until, time.time())
    with opened(source) as api:
        answer, is_cut = search(api, filter_of(filter_, group), window, limit)
    console = screen()
    if output == "json":
        show_json(console, answer)
        return
    found = read(answer, Summaries).trace_summaries
    if found:
        show(console, listed(found, console.width))
    if not found or is_cut:
        note = f"the newest {limit:,}: --limit shows more" if is_cut else "no traces"
        print(note, file=sys.stderr)  # noqa: T201  said to a person
