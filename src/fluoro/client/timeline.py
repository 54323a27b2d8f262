"""A trace drawn for a terminal: a tree with a bar of time for each row."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.text import Text

from fluoro.client import moments
from fluoro.client.screen import OUTCOME_STYLES, QUIET, plain
from fluoro.client.tree import Row
from fluoro.model.segment import Segment

_GAP = "  "
_DURATION_WIDTH = 11
_LONGEST_LABEL = 100
_BAR_SHARE, _LEAST_BAR, _LONGEST_BAR = 0.32, 12, 72
_LEVELS = 12
"""Deeper rows are drawn no further to the right."""

_EXCEPTION_LINES = 3

_FULL, _LEFT_HALF, _RIGHT_HALF, _OPEN = "█", "▌", "▐", "░"
_US_PER_S = 1_000_000


def drawn(trace_id: str, rows: Sequence[Row], width: int) -> Text:
    """The whole picture: what the trace is, its scale, its rows.

    Args:
        trace_id: Of the trace.
        rows: From `tree.rows_of`, at least one.
        width: Of the terminal, in columns.
    """
    start_us = min((row.segment.start_us for row in rows if row.segment.start_us), default=0)
    end_us = max(row.segment.end_us or row.segment.start_us for row in rows)
    labels = [_label(row) for row in rows]
    bar_width = min(max(int(width * _BAR_SHARE), _LEAST_BAR), _LONGEST_BAR)
    room = max(width - bar_width - _DURATION_WIDTH - 2 * len(_GAP), _LEAST_BAR)
    label_width = min(room, _LONGEST_LABEL, max(label.cell_len for label in labels))
    total_us = end_us - start_us
    lines = [_head(trace_id, rows, start_us, total_us)]
    lines.append(_scale(label_width + _DURATION_WIDTH + 2 * len(_GAP), bar_width, total_us))
    for row, label in zip(rows, labels, strict=True):
        label.truncate(label_width, overflow="ellipsis", pad=True)
        lines.append(
            Text(_GAP).join(
                [label, _took(row.segment), _bar(row, start_us, total_us or 1, bar_width)]
            )
        )
        lines += _exceptions(row, width)
    return Text("\n").join(lines)


def _head(trace_id: str, rows: Sequence[Row], start_us: int, total_us: int) -> Text:
    root = rows[0]
    segments = sum(not row.segment.is_subsegment for row in rows)
    moment = datetime.fromtimestamp(start_us / _US_PER_S).astimezone()
    found = Text().append(plain(trace_id), style="bold")
    if not root.is_detached:
        found.append(_GAP)
        found.append(root.outcome, style=OUTCOME_STYLES[root.outcome])
    for part in (
        moments.duration(total_us / _US_PER_S),
        moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + moment.strftime(" %Z"),
    ):
        found.append(_GAP + part)
    counts = (_plural(segments, "segment"), _plural(len(rows) - segments, "subsegment"))
    found.append(_GAP + ", ".join(counts), style=QUIET)
    return found


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _scale(indent: int, width: int, total_us: int) -> Text:
    end = moments.duration(total_us / _US_PER_S)
    return Text(" " * indent + "0" + end.rjust(width - 1), style=QUIET)


def _label(row: Row) -> Text:
    """Guides of the tree, name, what it did."""
    segment = row.segment
    found = Text().append(_guides(row.lasts), style=QUIET)
    colour = OUTCOME_STYLES[row.outcome]
    name = Text(plain(segment.name or segment.id))
    name.stylize(colour if row.outcome != "ok" else "")
    if not segment.is_subsegment:
        name.stylize("bold")
    found.append_text(name)
    if row.is_detached:
        found.append(" (detached)", style="cyan")
    for part, style in _summary(segment, colour):
        found.append(f" {plain(part)}", style=style)
    return found


def _guides(lasts: tuple[bool, ...]) -> str:
    """The lines that lead to a row."""
    if not lasts:
        return ""
    shown = lasts[-_LEVELS:]
    lines = "".join("  " if is_last else "│ " for is_last in shown[:-1])
    return ("…" if len(lasts) > _LEVELS else "") + lines + ("└ " if shown[-1] else "├ ")


def _summary(segment: Segment, colour: str) -> Iterator[tuple[str, str]]:
    """What it did, in parts with their styles."""
    if segment.method:
        yield segment.method, ""
    if segment.status:
        yield str(segment.status), colour
    if segment.url and not segment.has_sql:
        yield segment.url, QUIET
    if segment.operation:
        yield segment.operation, ""
    if resource := _resource(segment):
        yield resource, QUIET
    if segment.sql_query:
        yield " ".join(segment.sql_query.split()), QUIET


def _resource(segment: Segment) -> str:
    """Short name of the AWS resource that is called."""
    return (
        segment.table_name
        or segment.bucket_name
        or segment.queue_url.rpartition("/")[2]
        or segment.topic_arn.rpartition(":")[2]
        or segment.function_name
    )


def _took(segment: Segment) -> Text:
    if segment.end_us is None:
        return Text("in progress".rjust(_DURATION_WIDTH), style="cyan")
    seconds = (segment.end_us - segment.start_us) / _US_PER_S
    return Text(moments.duration(seconds).rjust(_DURATION_WIDTH))


def _bar(row: Row, start_us: int, total_us: int, width: int) -> Text:
    """The time of a row, to half a column; what has not ended is open to the right."""
    segment = row.segment
    from_us = max(segment.start_us - start_us, 0)
    first = min(from_us * 2 * width // total_us, 2 * width - 1)
    if segment.end_us is None:
        return Text(" " * (first // 2) + _OPEN * (width - first // 2), style="cyan")
    to_us = max(segment.end_us - start_us, 0)
    last = max(round(to_us * 2 * width / total_us), first + 1)
    left, right = -(-first // 2), last // 2
    bar = " " * (first // 2) + (_RIGHT_HALF if first % 2 else "") + _FULL * (right - left)
    return Text(bar + (_LEFT_HALF if last % 2 and right >= left else ""), _bar_style(row))


def _bar_style(row: Row) -> str:
    is_plain = row.outcome == "ok"
    if is_plain:
        return "blue" if row.segment.is_subsegment else OUTCOME_STYLES["ok"]
    return OUTCOME_STYLES[row.outcome]


def _exceptions(row: Row, width: int) -> Iterator[Text]:
    """Each exception, under its row and through the whole width, on a few lines at most."""
    below = "".join("  " if is_last else "│ " for is_last in row.lasts[-_LEVELS:])
    below += "│ " if row.has_children else "  "
    room = max(width - len(below), _LEAST_BAR)
    for each in row.segment.exceptions:
        type_ = each.type or "exception"
        text = f"{type_}: {each.message}" if each.message else type_
        lines = textwrap.wrap(text, room, max_lines=_EXCEPTION_LINES, placeholder=" …")
        for place, line in enumerate(lines):
            said = Text(plain(line))
            if not place:
                said.stylize(OUTCOME_STYLES["fault"], 0, len(type_))
            yield Text().append(below, style=QUIET).append_text(said)
