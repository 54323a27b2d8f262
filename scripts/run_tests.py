"""`make test`: install, the console's own tests, then all of tests/, the slowest folders last."""

import os
import shutil
import subprocess
from collections.abc import Sequence

import steps
from checkout import CONSOLE, ROOT, VENV
from install import install

TOGETHER = ("conformance", "store", "fault", "property", "unit")
"""They run side by side, one on each processor (`tests/conftest.py`), what takes longest first."""
ONE_BY_ONE = ("process", "browser", "deploy")
"""They count processes, fill disks, or look at what takes how long."""
_CHROMIUM = ("chromium", "chromium-browser")
_PACKAGES = ("chromium", "fonts-dejavu-core")


def run_tests() -> int:
    """Run everything, in two runs of pytest; the worse status counts, and a summary comes last."""
    install()
    _ensure_chromium()
    steps.run("checking the console", ["npm", "run", "--silent", "check"], cwd=CONSOLE)
    workers = str(len(os.sched_getaffinity(0)))
    statuses = [_pytest(TOGETHER, "-n", workers, "--no-loadscope-reorder"), _pytest(ONE_BY_ONE)]
    return max(statuses)


def _pytest(names: Sequence[str], *options: str) -> int:
    folders = [str(ROOT / "tests" / name) for name in names]
    command = [str(VENV / "bin" / "pytest"), *options, *folders]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _ensure_chromium() -> None:
    """The browser tests drive Debian's Chromium; only root can install it."""
    if any(map(shutil.which, _CHROMIUM)):
        return
    if os.geteuid() or shutil.which("apt-get") is None:
        raise steps.StepError(
            f"the browser tests need Chromium: run `apt-get install {' '.join(_PACKAGES)}` as root",
            2,
        )
    steps.run("updating package lists", ["apt-get", "update"])
    install_packages = ["apt-get", "install", "--yes", "--no-install-recommends", *_PACKAGES]
    steps.run("installing Chromium", install_packages)


if __name__ == "__main__":
    steps.main(run_tests)
