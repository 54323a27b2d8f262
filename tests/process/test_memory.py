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
