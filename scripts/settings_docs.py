"""Write docs/reference/settings.md from the dataclasses of settings.

With `--check` nothing is written: status 1 when the file is not what would be written.
"""

import argparse
import ast
import dataclasses
import inspect
import sys
import textwrap
from pathlib import Path

from field_notes import field_notes
from fluoro.agent.settings import AgentSettings
from fluoro.cli.asking import Source
from fluoro.server.settings import ServerSettings

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"
_PROGRAMS: dict[str, type] = {"agent": AgentSettings, "server": ServerSettings}
_HEAD = """# Settings

<!-- Written by scripts/settings_docs.py from the dataclasses of settings. -->

Field `log_level` of the server is the flag `--log-level` of `fluoro server`, the variable
`FLUORO_SERVER_LOG_LEVEL`, and the key `log_level` under `server` in the YAML file that `--config`
(`-c`) or `FLUORO_CONFIG` names:

```yaml
agent:
  upstream: http://fluoro.example:8080
server:
  log_level: warning
```

The flag wins over the variable, the variable over the file, the file over the default. What cannot
work ends the start with status 2 and one sentence.
"""
_CLIENT = """Of `fluoro traces`, `trace`, `map`, `groups` and `rules` together. The variables of the
first four have no program in their names: `FLUORO_SERVER`, `FLUORO_ACCESS_KEY_ID`,
`FLUORO_SECRET_ACCESS_KEY`, `FLUORO_REGION` (else `AWS_REGION`). In the file they are under
`client`.

"""


def render() -> str:
    """The whole page."""
    programs = [_section(f"fluoro {name}", class_) for name, class_ in _PROGRAMS.items()]
    return "\n".join([_HEAD, *programs, _section("client", Source, _CLIENT)])


def _section(title: str, class_: type, note: str = "") -> str:
    notes = _notes(class_)
    rows = [
        f"| `{field.name}` | {_default(field)} | {notes[field.name]} |"
        for field in dataclasses.fields(class_)
    ]
    head = f"## {title}\n\n{note}| setting | default | is |\n| --- | --- | --- |"
    return "\n".join([head, *rows, ""])


def _default(field: "dataclasses.Field[object]") -> str:
    value = field.default
    if value in {dataclasses.MISSING, None, ""}:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"`{value}`"


def _notes(class_: type) -> dict[str, str]:
    """What is said of each field, on one line."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(class_))).body
    notes = field_notes(tree) if isinstance(tree, ast.ClassDef) else {}
    return {name: " ".join(note.split()) for name, note in notes.items()}


def main() -> int:
    """Write the file, or compare."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="compare instead of writing")
    is_check = options.parse_args().check
    text = render()
    if not is_check:
        TARGET.write_text(text)
        return 0
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    print(f"{TARGET} is not current: run scripts/settings_docs.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
