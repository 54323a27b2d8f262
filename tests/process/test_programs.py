import os
import signal
import sys
import time
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def processes(tmp_path, monkeypatch):
    """The module of scripts/, with its pid files in a folder of the test."""
    monkeypatch.syspath_prepend(SCRIPTS)
    import processes  # noqa: PLC0415  found only once the path is set

    monkeypatch.setattr(processes, "RUN", tmp_path)
    return processes


@pytest.fixture
def start(processes):
    """Start Python code as a program; return it once it has printed a line, with that line."""
    started = []

    def start(code):
        program = processes.Program(f"program-{len(started)}")
        process = program.start([sys.executable, "-c", code])
        started.append(process)
        deadline = time.monotonic() + 10
        while not program.output.read_text().endswith("\n"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return program, process, program.output.read_text().strip()

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_stop_ends_the_children_too(start):
    """Nothing of the group lives on, not even a child that its leader forgot."""
    program, process, child = start(PARENT)
    assert program.is_running()
    program.stop()
    assert not program.is_running()
    assert process.wait() == -signal.SIGTERM
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split(")")[1].split()[0] == "Z"


def test_stop_ends_what_ignores_it(start, processes, monkeypatch):
    """A program that does not end on SIGTERM within the patience is killed."""
    monkeypatch.setattr(processes, "PATIENCE_S", 0.1)
    monkeypatch.setattr(processes, "_REST_S", 0.1)
    program, process, _ = start(STUBBORN)
    program.stop()
    assert process.wait() == -signal.SIGKILL


def test_stop_leaves_strangers_alone(start, processes, tmp_path, monkeypatch):
    """A pid that belongs to another process by now is not signalled."""
    _, stranger, _ = start(PARENT)
    signals = []
    monkeypatch.setattr(processes, "_signal", lambda *arguments: signals.append(arguments))
    (tmp_path / "old.pid").write_text(f"{stranger.pid} 1")
    program = processes.Program("old")
    assert not program.is_running()
    program.stop()
    assert signals == []


def test_stop_twice_is_no_error(start):
    """`make down` may be said again."""
    program, _, _ = start(PARENT)
    program.stop()
    program.stop()
    assert not program.is_running()


def test_programs_get_no_proxy(start, monkeypatch):
    """A proxy that was set for the installation is not asked for 127.0.0.1."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    code = "import os; print([k for k in os.environ if 'PROXY' in k.upper()])"
    _, _, line = start(code)
    assert line == "[]"
