"""Write docs/reference/openapi.json and the table of operations in docs/reference/api.md.

With `--check` nothing is written: status 1 when a file is not what would be written.
"""

import argparse
import sys
from pathlib import Path

import msgspec

from fluoro.server import openapi
from fluoro.server.errors import name_of
from fluoro.server.operations import OPERATIONS, Operation

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
BEGIN = "<!-- Written by scripts/api_docs.py from server/operations.py and the handlers. -->\n"
END = "<!-- Written until here. -->\n"
_HEAD = """
| operation | path | keys | does | errors of its own |
| --- | --- | --- | --- | --- |
"""


def render() -> dict[Path, str]:
    """The text of each file."""
    page = REFERENCE / "api.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = "".join(map(_row, OPERATIONS))
    described = msgspec.json.format(openapi.text(), indent=1).decode()
    return {
        page: before + BEGIN + _HEAD + rows + "\n" + END + after,
        REFERENCE / "openapi.json": described + "\n",
    }


def _row(operation: Operation) -> str:
    common = {name_of(each) for each in openapi.COMMON}
    own = dict.fromkeys(map(name_of, openapi.errors_of(operation)))
    cells = (
        f"`{operation.name}`",
        f"`{operation.path}`",
        ", ".join(sorted(operation.roles)),
        openapi.summary_of(operation).removesuffix("."),
        ", ".join(f"`{name}`" for name, status in own if (name, status) not in common),
    )
    return f"| {' | '.join(cells)} |\n"


def main() -> int:
    """Write the files, or compare."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true", help="compare instead of writing")
    is_check = options.parse_args().check
    for target, text in render().items():
        if not is_check:
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            print(f"{target} is not current: run scripts/api_docs.py", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
