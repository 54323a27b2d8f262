"""Where things are in a checkout, and whether something made from other files is still current.

Only the standard library: these scripts run before anything is installed.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
RUN = ROOT / ".run"
LOCK = ROOT / "requirements.lock"
CONSOLE = ROOT / "console"
CONSOLE_BUILT = ROOT / "src" / "fluoro" / "server" / "console" / "static" / "index.html"
DEMO = ROOT / "demo"
_NOT_SOURCES = {"node_modules", "dist", "coverage"}


def sources(folder: Path) -> list[Path]:
    """All files below a folder that a person wrote, in a stable order."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not _NOT_SOURCES & set(path.relative_to(folder).parts)
    )


def fingerprint(parts: Iterable[Path | str]) -> str:
    """SHA-256 over files (name and content) and texts, in the order given."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            name, content = str(part.relative_to(ROOT)), part.read_bytes()
        else:
            name, content = "", part.encode()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def once(name: str, inputs: Iterable[Path | str], product: Path, make: Callable[[], None]) -> bool:
    """Call `make` unless `product` is there and was made from the same inputs.

    Returns:
        Whether anything was made.
    """
    stamp = RUN / "stamps" / name
    digest = fingerprint(inputs)
    if product.exists() and stamp.exists() and stamp.read_text() == digest:
        return False
    stamp.unlink(missing_ok=True)
    make()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)
    return True
