"""Programs in Go that tests run."""

import subprocess
from pathlib import Path

from tools import tools

NEEDED = "Go 1.25 or newer: https://go.dev/doc/install"


def go_program(folder: Path) -> Path:
    """The program of the package in `folder`, built with the modules that `go.sum` names.

    Go itself sees what is built already, and keeps modules and objects in its own caches.
    """
    (go,) = tools(NEEDED, "go")
    program = folder / "built"
    subprocess.run([go, "build", "-buildvcs=false", "-o", program, "."], cwd=folder, check=True)
    return program
