import io
import os
import pty

import pytest
from rich.text import Text

from fluoro.client.screen import PIPE_WIDTH, screen, show, show_json


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
