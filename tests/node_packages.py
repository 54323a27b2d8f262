"""Node.js and the packages of the folders that tests run with it."""

import subprocess
from pathlib import Path

from tools import tools

NEEDED = "Node.js 20 or newer with npm: https://nodejs.org/en/download"


def node_with_packages(folder: Path) -> str:
    """The path of Node.js, after `folder` got the packages that its lock file names."""
    node, npm = tools(NEEDED, "node", "npm")
    if not (folder / "node_modules").is_dir():
        command = [npm, "ci", "--prefer-offline", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return node
