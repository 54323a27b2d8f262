import ctypes
import mmap
import re
from pathlib import Path

import pytest

from fluoro.store import resident

SIZE = 64 * mmap.PAGESIZE


@pytest.fixture
def library(tmp_path):
    """A file that is mapped as the code of a library is: private, read alone, all of it read."""
    file = tmp_path / "lib.so"
    file.write_bytes(b"a" * SIZE)
    with file.open("rb") as opened:
        mapped = mmap.mmap(opened.fileno(), SIZE, mmap.MAP_PRIVATE, mmap.PROT_READ)
    assert mapped[:] == b"a" * SIZE
    yield mapped
    mapped.close()


def resident_kb(name):
    """What is resident of the mappings of a file."""
    smaps = Path("/proc/self/smaps").read_text()
    return sum(map(int, re.findall(rf"/{re.escape(name)}\n(?:[A-Z].*\n)*?Rss: +(\d+)", smaps)))


def test_pages_that_were_read_go(library):
    """They are not resident until they are read again."""
    assert resident_kb("lib.so") == SIZE // 1024
    resident.forget_pages("lib.so")
    assert resident_kb("lib.so") == 0
    assert library[:] == b"a" * SIZE


def test_another_library_stays(library):
    """Only the one that is named."""
    resident.forget_pages("ib.so")
    resident.forget_pages("lib.so.1")
    resident.forget_pages("l.b.so")
    assert resident_kb("lib.so") == SIZE // 1024
    assert library[0] == ord("a")


def mapped_by_itself(tmp_path):
    """A library that this process may write, in copies of its own."""
    file = tmp_path / "lib.so"
    file.write_bytes(b"a" * SIZE)
    with file.open("r+b") as opened:
        return mmap.mmap(opened.fileno(), SIZE, mmap.MAP_PRIVATE)


def test_pages_that_were_written_stay(tmp_path):
    """A mapping that was written before it became read-only, as relocations are, loses nothing."""
    mapped = mapped_by_itself(tmp_path)
    mapped[0] = ord("b")
    protect = ctypes.CDLL(None).mprotect
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
    assert protect(address, SIZE, mmap.PROT_READ) == 0
    resident.forget_pages("lib.so")
    assert mapped[0] == ord("b")


def test_pages_that_may_be_written_stay(tmp_path):
    """Or what another thread writes meanwhile would be lost."""
    mapped = mapped_by_itself(tmp_path)
    assert mapped[:] == b"a" * SIZE
    resident.forget_pages("lib.so")
    assert resident_kb("lib.so") == SIZE // 1024


def test_a_closed_proc(library, tmp_path):
    """Then everything stays."""
    resident.forget_pages("lib.so", tmp_path / "absent")
    assert resident_kb("lib.so") == SIZE // 1024
    assert library[0] == ord("a")


def test_another_c_library(monkeypatch):
    """One that has no such calls has nothing to tell."""
    monkeypatch.setattr(resident.ctypes, "CDLL", lambda _: object())
    resident.use_one_heap()
    resident.trim()
