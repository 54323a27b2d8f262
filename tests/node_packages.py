"""Node.js and the packages of the folders that tests run with it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def node_with_packages(folder: Path) -> str:
    """The path of Node.js, after `folder` got the packages that its lock file names.

    Without Node.js the test is skipped, but on a machine that says `CI=true` it fails.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        message = "this test needs Node.js 20 or newer with npm: https://nodejs.org/en/download"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    if not (folder / "node_modules").is_dir():
        command = [npm, "ci", "--prefer-offline", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return node
