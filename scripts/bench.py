"""`make bench`: run every benchmark in benchmarks/, in order of name; each prints a table."""

import subprocess

import steps
from checkout import PYTHON, ROOT
from install import install

_IS_PROGRAM = '__name__ == "__main__"'


def bench() -> int:
    """Run them one after the other, so that none disturbs another."""
    install()
    failures = 0
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        if _IS_PROGRAM in path.read_text():
            print(f"\n## {path.relative_to(ROOT)}\n", flush=True)
            failures += bool(subprocess.run([PYTHON, path], cwd=ROOT, check=False).returncode)
    return int(bool(failures))


if __name__ == "__main__":
    steps.main(bench)
