"""`make test`: install, the console's own tests, then all of tests/, the fastest first."""

import os
import shutil
import subprocess

import steps
from checkout import CONSOLE, ROOT, VENV
from install import install

ORDER = ("unit", "property", "store", "conformance", "process", "fault", "browser", "deploy")
_CHROMIUM = ("chromium", "chromium-browser")
_PACKAGES = ("chromium", "fonts-dejavu-core")


def run_tests() -> int:
    """Run everything; pytest's status and its summary come last."""
    install()
    _ensure_chromium()
    steps.run("checking the console", ["npm", "run", "--silent", "check"], cwd=CONSOLE)
    folders = [folder for name in ORDER if (folder := ROOT / "tests" / name).is_dir()]
    return subprocess.run([VENV / "bin" / "pytest", *folders], cwd=ROOT, check=False).returncode


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
