"""Where answers are shown: a terminal of some width, or a pipe that keeps every letter."""

import contextlib
import io
import os
import sys
from collections.abc import Iterable, Sequence
from typing import IO

import msgspec
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from fluoro.model.outcome import Outcome

PIPE_WIDTH = 1_000
"""Columns where there is no terminal: nothing is cut that a script may look for."""

OUTCOME_STYLES: dict[Outcome, str] = {
    "ok": "green",
    "error": "yellow",
    "throttle": "magenta",
    "fault": "red",
}
QUIET = "bright_black"

_GAP = 2

_SEEN = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    **dict.fromkeys(range(0x80, 0xA0), "\N{REPLACEMENT CHARACTER}"),
    0x7F: "\N{SYMBOL FOR DELETE}",
    **dict.fromkeys(map(ord, "\t\n\v\f\r\x85"), " "),
}
"""What stands for a control character: Unicode's picture of it, a space for white space."""

_ESCAPED = {code: f"\\u{code:04x}" for code in _SEEN if chr(code) not in "\t\n\r"}
"""What stands for it in JSON, beside whose texts may be white space."""


def screen(file: IO[str] | None = None) -> Console:
    """What stdout is: coloured if it is a terminal and NO_COLOR is not set.

    Args:
        file: Instead of stdout.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where it is not UTF-8
    probe = Console(file=file, highlight=False)
    is_wide = not probe.is_terminal and "COLUMNS" not in os.environ
    return Console(
        file=file,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        width=PIPE_WIDTH if is_wide else None,
        color_system=None if "NO_COLOR" in os.environ or not probe.is_terminal else "auto",
    )


def plain(text: str) -> str:
    """Text from elsewhere with control characters to be seen, as a terminal would obey them.

    Whatever is shown of an answer goes through this: in cells of tables, values of details, rows
    of a trace, refusals. No letter comes or goes.
    """
    return text.translate(_SEEN)


def show(console: Console, *parts: RenderableType) -> None:
    """Write parts under each other, without spaces at the ends of lines."""
    for part in parts:
        with console.capture() as captured:
            console.print(part)
        _write(console, "\n".join(line.rstrip() for line in captured.get().split("\n")))


def show_json(console: Console, value: object) -> None:
    """Write a value as JSON for scripts, indented for people."""
    text = msgspec.json.encode(value)
    with contextlib.suppress(RecursionError):  # a document of a thousand levels
        text = msgspec.json.format(text, indent=2)
    _write(console, text.decode().translate(_ESCAPED) + "\n")


def figures(head: str) -> Column:
    """A column of numbers."""
    return Column(Text(head), justify="right", no_wrap=True)


def words(head: str) -> Column:
    """A column of names that are never cut."""
    return Column(Text(head), no_wrap=True)


def prose(head: str, *, at_least: int = 8) -> Column:
    """A column that is cut where the terminal is too narrow, down to some characters."""
    return Column(Text(head), no_wrap=True, overflow="ellipsis", min_width=at_least)


def table(columns: Sequence[Column], rows: Sequence[Sequence[Text | str]], width: int) -> Table:
    """Rows of cells under bold heads, nothing drawn.

    Args:
        columns: From `figures`, `words` and `prose`.
        rows: A cell for each column.
        width: What there is, in columns of the terminal; prose is cut to it.
    """
    found = Table(*columns, box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    cells = [[_cell(cell) for cell in row] for row in rows]
    for row in cells:
        found.add_row(*row)
    lines = [[str(column.header) for column in columns], *([str(c) for c in row] for row in cells)]
    widths = [max(map(cell_len, texts)) for texts in zip(*lines, strict=True)]
    excess = sum(widths) + _GAP * (len(widths) - 1) - width
    cut = {place: column.min_width for place, column in enumerate(columns) if column.min_width}
    for _ in range(excess if cut else 0):
        widest = max(cut, key=lambda place: widths[place])
        if widths[widest] > cut[widest]:
            widths[widest] -= 1
    for column, columns_wide in zip(found.columns, widths, strict=True):
        column.min_width = column.max_width = columns_wide
    return found


def details(pairs: Iterable[tuple[str, str]]) -> Table:
    """Names and values under each other."""
    found = Table.grid(padding=(0, 2, 0, 0))
    for name, value in pairs:
        found.add_row(Text(name, style="bold"), Text(plain(value)))
    return found


def _cell(text: Text | str) -> Text:
    if isinstance(text, str):
        return Text(plain(text))
    found = text.copy()
    found.plain = plain(text.plain)
    return found


def _write(console: Console, text: str) -> None:
    try:
        console.file.write(text)
        console.file.flush()
    except BrokenPipeError:  # who reads has seen enough
        console.on_broken_pipe()
