"""What tables and trees look like as text, on a machine whose local time is UTC."""

import io
import time

import pytest
from rich.console import Console


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    """Local time of every machine."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def text():
    """A table as a terminal of some columns shows it, without colours."""

    def text(part, width):
        file = io.StringIO()
        Console(file=file, width=width, highlight=False, color_system=None).print(part)
        return "\n" + "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"

    return text
