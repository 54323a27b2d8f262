"""`make check`: everything that is known without running Fluoro; all checks run, then it says."""

import sys
from pathlib import Path

import steps
from checkout import CONSOLE, PYTHON, ROOT, VENV
from install import install

_BIN = VENV / "bin"
_SCRIPTS = ROOT / "scripts"
_RULES = [
    ROOT / "tests" / "unit" / f"test_{name}.py" for name in ("architecture", "inventory", "project")
]
CHECKS: list[tuple[str, list[object], Path]] = [
    ("format", [_BIN / "ruff", "format", "--check"], ROOT),
    ("lint", [_BIN / "ruff", "check"], ROOT),
    ("types", [_BIN / "mypy"], ROOT),
    ("imports", [_BIN / "lint-imports"], ROOT),
    ("rules of the project", [_BIN / "pytest", "-q", *_RULES], ROOT),
    ("generated settings reference", [PYTHON, _SCRIPTS / "settings_docs.py", "--check"], ROOT),
    ("generated API reference", [PYTHON, _SCRIPTS / "api_docs.py", "--check"], ROOT),
    ("generated console types", [PYTHON, _SCRIPTS / "console_types.py", "--check"], ROOT),
    ("console lint", ["npm", "run", "--silent", "lint"], CONSOLE),
    ("console types", ["npm", "run", "--silent", "types"], CONSOLE),
    ("lock", [PYTHON, _SCRIPTS / "lock.py", "--check"], ROOT),
    ("hooks", [_BIN / "prek", "validate-config", ".pre-commit-config.yaml"], ROOT),
]


def check() -> int:
    """Run every check and print what each failing one says."""
    install()
    failures = []
    for what, command, folder in CHECKS:
        try:
            steps.run(f"checking {what}", command, cwd=folder)
        except steps.StepError as error:
            print(error, file=sys.stderr)
            failures.append(what)
    print(f"failed: {', '.join(failures)}" if failures else "all checks passed")
    return int(bool(failures))


if __name__ == "__main__":
    steps.main(check)
