"""`make bench`: run the benchmarks, one after the other; each prints a table.

    python3 scripts/bench.py --documents 100000

What is said behind the name goes to the program that measures the budgets.
"""

import shutil
import subprocess
import sys

import steps
from checkout import PYTHON, ROOT
from install import install

_PEER = "peer.py"
_PROGRAMS = ("agent_receive.py", "budgets.py", "sustained.py", "growth.py", _PEER)
"""What else is in benchmarks/ is part of them."""
_TAKES_ARGUMENTS = "budgets.py"


def bench() -> int:
    """Run them one after the other, so that none disturbs another."""
    install()
    failures = 0
    for name in _PROGRAMS:
        path = ROOT / "benchmarks" / name
        arguments = sys.argv[1:] if name == _TAKES_ARGUMENTS else []
        print(f"\n## {path.relative_to(ROOT)}\n", flush=True)
        if name == _PEER and shutil.which("go") is None:
            print("left out: the peer is built from its Go module, and Go is not installed")
            continue
        command = [str(PYTHON), str(path), *arguments]
        failures += bool(subprocess.run(command, cwd=ROOT, check=False).returncode)
    return int(bool(failures))


if __name__ == "__main__":
    steps.main(bench)
