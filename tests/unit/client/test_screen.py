import io
import json
import os
import pty
import unicodedata

import msgspec
import pytest
from rich.text import Text

from fluoro.client.screen import (
    PIPE_WIDTH,
    details,
    plain,
    prose,
    screen,
    show,
    show_json,
    table,
    words,
)


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.fixture
def terminal():
    """A file that is a terminal."""
    main, sub = pty.openpty()
    with os.fdopen(sub, "w") as file:
        yield file
    os.close(main)


def test_a_pipe_is_wide_and_plain():
    """Nothing is cut that a script may look for."""
    console = screen(io.StringIO())
    assert (console.width, console.color_system) == (PIPE_WIDTH, None)


def test_a_pipe_as_wide_as_wanted(monkeypatch):
    """COLUMNS says so."""
    monkeypatch.setenv("COLUMNS", "90")
    assert screen(io.StringIO()).width == 90


def test_a_terminal_has_colours(terminal):
    """Unless the person does not want any."""
    assert screen(terminal).color_system == "256"


def test_no_color(terminal, monkeypatch):
    """NO_COLOR of any value."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert screen(terminal).color_system is None


def test_lines_end_with_their_last_letter():
    """Copied text has no spaces at its ends; markup is text."""
    file = io.StringIO()
    show(screen(file), Text("a  "), "[red]b  ")
    assert file.getvalue() == "a\n[red]b\n"


def test_json_is_indented():
    """For people; scripts don't mind."""
    file = io.StringIO()
    show_json(screen(file), {"a": [1]})
    assert file.getvalue() == '{\n  "a": [\n    1\n  ]\n}\n'


def test_control_characters_are_seen():
    """Each as one letter, so that nothing after it moves; white space is a space."""
    assert plain("a\x1b]52;c\x07\x7f\x9b\n\x85é") == "a␛]52;c␇␡\N{REPLACEMENT CHARACTER}  é"


def test_no_control_character_is_left():
    """Of both of Unicode's ranges of them."""
    every = plain("".join(map(chr, range(0x110000))))
    assert "Cc" not in {unicodedata.category(letter) for letter in every}


@pytest.mark.parametrize("cell", ["a\x1bb\nc", Text("a\x1bb\nc", style="red")])
def test_a_terminal_obeys_no_cell(text, cell):
    """Whether it has a style or not; its row stays one line."""
    for part in (table([prose("head")], [[cell]], 20), details([("head", str(cell))])):
        assert "a␛b c" in text(part, 20)
        assert len(text(part, 20).strip().splitlines()) <= 2


def test_a_style_stays_where_it_was():
    """On the letters that it was for."""
    cell = Text("\x1b").append("b", style="red")
    found = table([prose("head")], [[cell]], 20)
    (shown,) = [each for each in found.columns[0].cells if isinstance(each, Text)][-1:]
    assert [(span.start, span.end) for span in shown.spans] == [(1, 2)]


def test_names_that_do_not_fit(text):
    """Where there is nothing else to cut."""
    lines = text(table([words("one"), words("two")], [["a" * 32, "b" * 32]], 40), 40).splitlines()
    assert max(map(len, lines)) == 40


def test_a_terminal_obeys_no_json():
    """JSON itself escapes only those below a space; a deep document is written as it came."""
    file = io.StringIO()
    value = {"a": "\x1b\x7f\x9b", "b": msgspec.Raw('"\x9b"'.encode())}
    show_json(screen(file), value)
    assert file.getvalue().isascii()
    assert json.loads(file.getvalue()) == {"a": "\x1b\x7f\x9b", "b": "\x9b"}
    show_json(screen(file), msgspec.Raw(("[" * 5_000 + '"\x1b"' + "]" * 5_000).encode()))
    assert "\x1b" not in file.getvalue()
