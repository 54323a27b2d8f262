import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from fluoro import errors
from fluoro.agent.settings import AgentSettings
from fluoro.cli.asking import Source
from fluoro.cli.up import up
from fluoro.server.operations import OPERATIONS
from fluoro.server.settings import ServerSettings

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def _tree(error: type[Exception], depth: int = 0) -> list[tuple[int, str]]:
    below = [_tree(child, depth + 1) for child in error.__subclasses__()]
    return [(depth, error.__name__), *(row for rows in below for row in rows)]


def test_every_error_is_in_the_drawn_tree():
    """The tree at the top of errors.py is the hierarchy of its classes, in order."""
    rows = re.findall(r"^( *)(\w+Error)  ", inspect.getdoc(errors), re.MULTILINE)
    assert [(len(indent) // 2, name) for indent, name in rows] == _tree(errors.FluoroError)


@pytest.mark.parametrize("settings", [AgentSettings, ServerSettings, Source])
def test_every_setting_is_in_the_reference(settings):
    """docs/reference/settings.md names each field of the programs and of the client."""
    page = (REFERENCE / "settings.md").read_text()
    fields = [field.name for field in dataclasses.fields(settings)]
    assert [name for name in fields if f"`{name}`" not in page] == []


def test_every_operation_is_in_the_reference():
    """docs/reference/api.md lists the rows of the operations table, no other, in its order."""
    page = (REFERENCE / "api.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(/\w+)` \|", page, re.MULTILINE)
    assert rows == [(operation.name, operation.path) for operation in OPERATIONS]


def test_every_flag_of_up_is_in_the_reference():
    """docs/reference/commands.md lists the flags of `fluoro up`, no other, in their order."""
    page = (REFERENCE / "commands.md").read_text()
    rows = re.findall(r"^\| `--([\w-]+)` \|", page, re.MULTILINE)
    assert rows == [name.replace("_", "-") for name in inspect.signature(up).parameters]
