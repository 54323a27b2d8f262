"""No room left on the disk: senders are told, the server lives, what it acknowledged stays."""

import contextlib
import ctypes
import json
import os
import random
import resource
import time
from http import HTTPStatus
from pathlib import Path

import pytest

from running_server import running_server, until
from store.building import trace_id

pytestmark = pytest.mark.process

VOLUME_BYTES = 192 * 1024 * 1024
LEFT_BYTES = 3 * 1024 * 1024
"""What a full volume has left: some requests still fit."""
FILE_BYTES = 256 * 1024
"""The longest file on a full disk, where no volume can be mounted."""
BLOCK = 1024 * 1024
FAILURES = 4
"""Requests that are refused each time before there is room again."""
MOST_REQUESTS = 100
DOCUMENTS = 10
NOISE_BYTES = 30_000
"""Noise of each document of a request, as twice as many digits: it hardly compresses."""


class SmallVolume:
    """A file system of its own in memory, filled by a file beside the store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, _server):
        with self._ballast.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while ballast.write(bytes(BLOCK)):
                pass
        size = self._ballast.stat().st_size
        os.truncate(self._ballast, max(0, size - LEFT_BYTES))

    def free(self, _server):
        self._ballast.unlink()


class ShortFiles:
    """A limit to the length of each file that the server's process writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, server):
        self._limit(server, FILE_BYTES)

    def free(self, server):
        self._limit(server, resource.RLIM_INFINITY)

    def _limit(self, server, size):
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))


@contextlib.contextmanager
def mounted(folder):
    """A small volume; the test is skipped where nobody may mount one."""
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={VOLUME_BYTES}".encode()
    if libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, options):
        pytest.skip(f"no volume can be mounted here: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        if libc.umount2(bytes(folder), 0):
            raise OSError(ctypes.get_errno(), "umount", str(folder))


@pytest.fixture(params=[SmallVolume, ShortFiles])
def disk(request, tmp_path):
    """Something that can be filled."""
    folder = tmp_path / "volume"
    if request.param is SmallVolume:
        with mounted(folder):
            yield SmallVolume(folder)
    else:
        folder.mkdir()
        yield ShortFiles(folder)


class Sender:
    """Sends one trace after another and remembers what came of each."""

    def __init__(self) -> None:
        self._chance = random.Random(3)
        self._start = time.time()
        self.acknowledged: dict[int, list[str]] = {}
        self.refused: dict[int, list[str]] = {}

    def send(self, server):
        """Send a new trace; whether it was acknowledged."""
        number = len(self.acknowledged) + len(self.refused) + 1
        texts = [
            json.dumps(
                {
                    "trace_id": trace_id(number),
                    "id": f"{number:08x}{place:08x}",
                    "name": "web",
                    "start_time": self._start,
                    "end_time": self._start + 1,
                    "metadata": {"noise": {"hex": self._chance.randbytes(NOISE_BYTES).hex()}},
                }
            )
            for place in range(DOCUMENTS)
        ]
        return self._send(server, number, texts)

    def send_again(self, server):
        """Send all that was refused; there must be room for it."""
        for number, texts in [*self.refused.items()]:
            assert self._send(server, number, texts)
            del self.refused[number]

    def _send(self, server, number, texts):
        status, answer = server.post("TraceSegments", {"TraceSegmentDocuments": texts})
        if status == HTTPStatus.OK:
            assert answer["UnprocessedTraceSegments"] == []
            self.acknowledged[number] = texts
            return True
        assert status == HTTPStatus.SERVICE_UNAVAILABLE, answer
        assert answer["__type"] == "ServiceUnavailableException"
        assert answer["message"] == "The store does not answer; try again."
        self.refused[number] = texts
        return False

    def send_until_refused(self, server):
        """Send until there was no room several times; then read what was acknowledged."""
        before = len(self.refused)
        for _ in range(MOST_REQUESTS):
            if len(self.refused) - before == FAILURES:
                break
            self.send(server)
        assert len(self.refused) - before == FAILURES, "the disk never was full"
        self.check(server)

    def check(self, server):
        """Each trace that was acknowledged is there, as it was sent and once."""
        for number, texts in self.acknowledged.items():
            status, answer = server.post("Traces", {"TraceIds": [trace_id(number)]})
            assert status == HTTPStatus.OK, answer
            (trace,) = answer["Traces"]
            found = sorted((each["Id"], each["Document"]) for each in trace["Segments"])
            assert [json.loads(text) for _, text in found] == [*map(json.loads, texts)]


def test_full_disk(disk):
    """Twice full, once freed while the server runs and once killed in between."""
    sender = Sender()
    with running_server(disk.folder, "", "") as server:
        assert sender.send(server)
        disk.fill(server)
        sender.send_until_refused(server)
        disk.free(server)
        until(lambda: sender.send(server), "a document that is taken again")
        sender.send_again(server)
        disk.fill(server)
        sender.send_until_refused(server)
        assert server.process.poll() is None
        server.process.kill()
        server.process.wait()
        if isinstance(disk, SmallVolume):
            disk.free(server)
    with running_server(disk.folder, "", "") as server:
        sender.check(server)
        sender.send_again(server)
        sender.check(server)
        status, ids = server.summaries(time.time() - 3600, time.time() + 60)
        assert (status, ids) == (HTTPStatus.OK, {*map(trace_id, sender.acknowledged)})
