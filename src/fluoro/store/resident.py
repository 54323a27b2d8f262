"""Resident memory of this process: what nothing needs goes back to the system.

Where the C library is another than glibc, or /proc is closed, all works without it. See ADR 030.
"""

import contextlib
import ctypes
import mmap
import re
from pathlib import Path

_M_ARENA_MAX = -8
"""Parameter of mallopt(3)."""

_MAPPINGS = Path("/proc/self/smaps")


def use_one_heap() -> None:
    """Have every thread take from the heap that `trim` can shrink; call it before threads start.

    Of the heap that glibc gives each thread by default, `malloc_trim` leaves the free end as it is.
    """
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_M_ARENA_MAX, 1)


def trim() -> None:
    """Give back what is free in the heap."""
    if malloc_trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        malloc_trim(0)


def forget_pages(library: str, mappings: Path = _MAPPINGS) -> None:
    """Unmap a loaded library's pages; those that are used again come from the page cache.

    Only of read-only mappings without a page of our own, such as relocations or breakpoints make.

    Args:
        library: Name of its file, without folders.
        mappings: Of this process, with their figures.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    clean = re.compile(
        rf"^([0-9a-f]+)-([0-9a-f]+) r-.p .*/{re.escape(library)}\n(?:[A-Z].*\n)*?Anonymous: +0 kB",
        re.MULTILINE,
    )
    with contextlib.suppress(OSError):
        for found in clean.finditer(mappings.read_text(encoding="utf-8")):
            begin, end = int(found[1], 16), int(found[2], 16)
            madvise(begin, end - begin, mmap.MADV_DONTNEED)
