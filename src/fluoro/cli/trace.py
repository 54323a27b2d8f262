"""`fluoro trace`: show traces as trees."""

import sys
from typing import Annotated

from cyclopts import Parameter

from fluoro.cli.asking import Flags, Output, Source, opened, screen, show, show_json
from fluoro.client.answers import Traces, read
from fluoro.client.fetch import fetch, parsed
from fluoro.client.timeline import drawn
from fluoro.client.tree import rows_of
from fluoro.model.ids import parse_trace_id

_NOT_FOUND = 1


def trace(
    *trace_ids: Annotated[str, Parameter(name="ID", required=True)],
    source: Flags = Source(),  # noqa: B008  frozen
    output: Output = "table",
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Show traces as trees of segments and subsegments, each with its bar of time.

    Args:
        trace_ids: Ids as X-Ray writes them (1-5759e988-bd862e3fe1be46a994272793) or as W3C does.
        source: Its flags.
        output: A tree, or JSON as BatchGetTraces answers, with the documents as JSON too.
        json: The same as --output json.
    """
    wanted = list(dict.fromkeys(parse_trace_id(text) for text in trace_ids))
    with opened(source) as api:
        answer = fetch(api, wanted)
    console = screen()
    found = read(answer, Traces)
    if json or output == "json":
        show_json(console, parsed(answer))
    else:
        for place, each in enumerate(found.traces):
            rows = rows_of(segment.document.encode() for segment in each.segments)
            if place:
                show(console, "")
            if rows:
                show(console, drawn(each.id, rows, console.width))
    cut = {each.id for each in found.traces if each.limit_exceeded}
    for id_ in (id_ for id_ in wanted if id_ in cut):
        note = f"fluoro: trace {id_} is longer than the server answers: its last documents are cut"
        print(note, file=sys.stderr)  # noqa: T201  said to a person
    missing = [id_ for id_ in wanted if id_ not in {each.id for each in found.traces}]
    for id_ in missing:
        is_late = id_ in found.unprocessed_trace_ids
        what = "could not be read now: try again" if is_late else "is not there"
        print(f"fluoro: trace {id_} {what}", file=sys.stderr)  # noqa: T201  said to a person
    if missing:
        sys.exit(_NOT_FOUND)
