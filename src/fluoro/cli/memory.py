"""How much memory the container may use."""

from collections.abc import Sequence
from pathlib import Path

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_NO_LIMIT_BYTES = 1 << 60
"""Version 1 writes a number about this large where there is none."""


def memory_limit_bytes(files: Sequence[str] = _LIMITS) -> int | None:
    """The limit of the control group, version 2 or 1, or None where there is none."""
    for file in files:
        try:
            limit = int(Path(file).read_text(encoding="ascii"))
        except (OSError, ValueError):  # the other version, or "max"
            continue
        if limit < _NO_LIMIT_BYTES:
            return limit
    return None
