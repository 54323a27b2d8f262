"""What an idle server does not hold: each in a process of its own, which nothing else fills."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

LIMIT_S = 60


def printed(code, *arguments):
    """Words that a program prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=LIMIT_S, check=True)
    return done.stdout.decode().split()


OPENED = """
import pathlib, sys
from fluoro.store.pool import Limits, Pool
pool = Pool.open(pathlib.Path(sys.argv[1]) / "data", Limits())
pool.query("SELECT 1")
pool.close()
"""


def test_the_engine_comes_without_pyarrow(tmp_path):
    """It loads pyarrow and numpy where it finds them, 50 MB that nothing asks for."""
    loaded = printed(OPENED + "print(*sys.modules)", tmp_path)
    assert "chdb" in loaded
    assert {"pyarrow", "numpy"}.isdisjoint(loaded)


def test_pyarrow_is_there_for_others(tmp_path):
    """For a program that opens a store and has a use of its own for it."""
    assert printed(OPENED + "import pyarrow; print(pyarrow.__name__)", tmp_path) == ["pyarrow"]


def test_pyarrow_of_others_stays(tmp_path):
    """A program that had it before has the same afterwards."""
    code = f"import pyarrow{OPENED}print(sys.modules['pyarrow'] is pyarrow)"
    assert printed(code, tmp_path) == ["True"]


def test_the_engine_keeps_less_of_its_file_than_its_start_took(tmp_path):
    """Pages that only the start reads are not resident afterwards."""
    code = f"""
import re
import chdb
def show():
    smaps = open("/proc/self/smaps").read()
    kb = re.findall(r"/_chdb.abi3.so\\n(?:[A-Z].*\\n)*?Rss: +(\\d+)", smaps)
    print(sum(map(int, kb)))
show(){OPENED.replace('pool.query("SELECT 1")', "show()")}"""
    before, after = map(int, printed(code, tmp_path))
    assert after < before


def test_a_server_gives_back_what_its_threads_took(tmp_path):
    """All of them take from one heap, whose free end can be given back."""
    code = """
import pathlib, sys, threading
from fluoro.cli import server
from fluoro.server.settings import ServerSettings
from fluoro.store.clickhouse import ClickHouseStorage
server.run_until_signal = lambda program: None
server.server(settings=ServerSettings(data=pathlib.Path(sys.argv[1])))
storage = ClickHouseStorage.open(pathlib.Path(sys.argv[1]) / "data")
def resident_mb():
    pages = int(open("/proc/self/statm").read().split()[1])
    return pages * 4096 // 1_000_000
bytearray(30_000_000)  # once it is free, the allocator keeps free blocks of twice this
together = threading.Barrier(8)
def take():
    taken = [b"a" * 100_000 for _ in range(60)]
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
before = resident_mb()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
storage.upkeep.give_back()
print(resident_mb() - before)
storage.close()
"""
    (grown_mb,) = printed(code, tmp_path)
    assert int(grown_mb) < 20
