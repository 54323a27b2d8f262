"""Install what is missing into the checkout: `.venv`, the npm packages, the built console.

Touches no network when nothing changed, and prefers the caches when something did.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import steps
from checkout import CONSOLE, CONSOLE_BUILT, DEMO, LOCK, PYTHON, ROOT, VENV, once, sources

PYTHON_WANTED = (3, 11)
NODE_WANTED = 20


def install() -> None:
    """Bring the checkout to what its lock files say.

    Raises:
        StepError: Python or Node is too old or missing, or an installer failed.
    """
    _check_tools()
    once("venv", [sys.version], PYTHON, _make_venv)
    once("uv", [_locked("uv")], VENV / "bin" / "uv", _install_uv)
    once("packages", [LOCK, ROOT / "pyproject.toml"], VENV / "bin" / "fluoro", _install_packages)
    install_node(CONSOLE)
    install_node(DEMO / "node")
    once("console", sources(CONSOLE), CONSOLE_BUILT, _build_console)


def install_node(folder: Path) -> None:
    """Install the npm packages that a folder's lock file names."""
    inputs = [folder / name for name in ("package.json", "package-lock.json", ".npmrc")]
    name = str(folder.relative_to(ROOT))
    command = ["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund"]
    once(
        f"node-{name.replace('/', '-')}",
        inputs,
        folder / "node_modules",
        lambda: steps.run(f"installing npm packages of {name}", command, cwd=folder),
    )


def _check_tools() -> None:
    if sys.version_info[:2] < PYTHON_WANTED:
        raise steps.StepError(
            f"Python {sys.version.split()[0]} is too old: say `make PYTHON=python3.11 …`", 2
        )
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise steps.StepError(f"node and npm are missing: install Node.js {NODE_WANTED}", 2)
    version = subprocess.run(
        ["node", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < NODE_WANTED:
        raise steps.StepError(f"Node.js {version} is too old: install {NODE_WANTED} or newer", 2)


def _make_venv() -> None:
    steps.run("creating .venv", [sys.executable, "-m", "venv", "--clear", VENV])


def _locked(package: str) -> str:
    """The lines of the lock file for one package, hashes included."""
    found = re.search(rf"^{package}==.*(?:\n .*)*", LOCK.read_text(), re.MULTILINE)
    if found is None:
        raise steps.StepError(f"{LOCK.name} does not name {package}: run `make lock`")
    return found[0] + "\n"


def _install_uv() -> None:
    """Install uv with pip from a wheel that is kept beside the caches of pip and uv.

    pip asks its index again even for what it has in its cache, so without the kept wheel a fresh
    checkout could not be installed while the registry is away.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    wheels = caches / "fluoro" / "wheels"
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "uv.txt"
        wanted.write_text(_locked("uv"))
        hashed = ["--require-hashes", "-r", wanted]
        kept_only = ["--no-index", "--find-links", wheels, *hashed]
        download = [*pip, "download", "--no-deps", "--dest", wheels, *hashed]
        steps.run("downloading uv", [*pip, "install", "--dry-run", *kept_only], download)
        steps.run("installing uv", [*pip, "install", *kept_only])


def _install_packages() -> None:
    uv = [VENV / "bin" / "uv", "pip"]
    at = ["--python", PYTHON]
    sync = [*uv, "sync", *at, "--require-hashes", LOCK]
    steps.run("installing Python packages", [*sync, "--offline"], sync)
    project = [*uv, "install", *at, "--no-deps", "--no-build-isolation", "--offline", "-e", ROOT]
    steps.run("installing fluoro", project)


def _build_console() -> None:
    steps.run("building the console", ["npm", "run", "build"], cwd=CONSOLE)
