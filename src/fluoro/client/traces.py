"""Searches for traces, and their list."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from rich.table import Table
from rich.text import Text

from fluoro.client import moments
from fluoro.client.answers import Summary
from fluoro.client.api import Answer, Api
from fluoro.client.screen import OUTCOME_STYLES, QUIET, figures, prose, table, words
from fluoro.errors import CallRefusedError
from fluoro.model import outcome
from fluoro.model.outcome import Outcome
from fluoro.wire.xray_api import GetTraceSummariesRequest

_WIDE, _VERY_WIDE = 100, 140
"""Columns of a terminal from which on a list has services and HTTP statuses, and whole URLs."""

_PLACE = re.compile(
    r"Error Location: line (?P<line>[0-9]+), position (?P<position>[0-9]+) : (?P<what>.*)",
    re.DOTALL,
)
"""How AWS says where a filter is wrong; line and position from 1."""


def filter_of(expression: str, group: str) -> str | None:
    """The filter expression for what is in a group too; None for all traces."""
    if not group:
        return expression or None
    named = f"group.name = {json.dumps(group)}"
    return f"{named} AND ({expression})" if expression else named


def search(
    api: Api, expression: str | None, window: tuple[float, float], limit: int
) -> tuple[Answer, bool]:
    """The newest traces of a window, `limit` at most, and whether there are more.

    The answer is that of GetTraceSummaries, with the summaries of all pages in one.

    Raises:
        CallError: There is no answer.
        CallRefusedError: The filter is wrong; the message has the place under it.
    """
    found: list[object] = []
    token = None
    while True:
        request = GetTraceSummariesRequest(*window, filter_expression=expression, next_token=token)
        try:
            page = api.ask("GetTraceSummaries", request)
        except CallRefusedError as error:
            raise CallRefusedError(pointed(str(error), expression or "")) from error
        summaries = page.pop("TraceSummaries", None)
        found += summaries if isinstance(summaries, list) else []
        following = page.pop("NextToken", None)
        if len(found) >= limit or not isinstance(following, str):
            is_cut = len(found) > limit or isinstance(following, str)
            return {"TraceSummaries": found[:limit], **page}, is_cut
        token = following


def pointed(message: str, expression: str) -> str:
    """A refusal with the line of the expression that it is about, and a caret under the place."""
    place = _PLACE.search(message)
    lines = expression.split("\n")
    if not place or int(place["line"]) > len(lines):
        return message
    line = lines[int(place["line"]) - 1]
    before = line[: int(place["position"]) - 1]
    shown = "".join(letter if letter == "\t" else " " for letter in before)
    return f"the filter is wrong: {place['what']}\n  {line}\n  {shown}^"


def listed(summaries: Sequence[Summary], width: int) -> Table:
    """The list, newest first.

    Args:
        summaries: In any order.
        width: Of the terminal, in columns.
    """
    newest_first = sorted(summaries, key=lambda each: -each.start_time)
    days = {datetime.fromtimestamp(each.start_time).astimezone().date() for each in summaries}
    zone = moments.zone(newest_first[0].start_time) if newest_first else ""
    columns = [words(f"time {zone}"), figures("duration"), words("status"), prose("request")]
    has_services = width >= _WIDE
    if has_services:
        columns.append(prose("services", at_least=16))
    rows = []
    for each in newest_first:
        row: list[Text | str] = [
            moments.clock(each.start_time, with_day=len(days) > 1),
            moments.duration(each.duration),
            _status(each),
            _request(each, width),
        ]
        if has_services:
            row.append(Text(", ".join(_services(each)), style=QUIET))
        rows.append([*row, each.id])
    return table([*columns, words("trace")], rows, width)


def _status(summary: Summary) -> Text:
    found = _outcome(summary)
    if found == "ok" and summary.is_partial:
        return Text("partial", style="cyan")
    return Text(found, style=OUTCOME_STYLES[found])


def _outcome(summary: Summary) -> Outcome:
    return outcome.bucket(
        outcome.flags(
            error=summary.has_error,
            fault=summary.has_fault,
            throttle=summary.has_throttle,
            status=0,
            in_progress=False,
        )
    )


def _request(summary: Summary, width: int) -> str:
    """Method, status and URL of the root; without them its name."""
    http = summary.http
    if not http.http_url:
        return summary.entry_point.name or next(iter(_services(summary)), "")
    url = http.http_url if width >= _VERY_WIDE else _path(http.http_url)
    status = str(http.http_status) if http.http_status and width >= _WIDE else ""
    return " ".join(part for part in (http.http_method, status, url) if part)


def _path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return (parts.path + query if parts.netloc else url) or "/"


def _services(summary: Summary) -> list[str]:
    """Names of its services, each once: a client bears the name of what it calls."""
    return list(dict.fromkeys(each.name for each in summary.service_ids))
