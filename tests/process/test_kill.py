"""What the server acknowledged survives `kill -9`, and nothing comes back twice."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

import pytest

pytestmark = pytest.mark.process

KILLS = 20
DOCUMENTS_PER_SECOND = 2000
DOCUMENTS_PER_REQUEST = 100
SENDERS = 8
START_LIMIT_S = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


class Server:
    """A `fluoro server` on one folder that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.admin_port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            str(Path(sys.executable).with_name("fluoro")),
            "server",
            f"--address=127.0.0.1:{self.port}",
            f"--admin-address=127.0.0.1:{self.admin_port}",
            f"--data={self.folder}",
        ]
        with (self.folder.parent / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the server ended at its start"
            connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=2)
            with contextlib.suppress(OSError), contextlib.closing(connection):
                connection.request("GET", "/readyz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return
            time.sleep(0.05)
        pytest.fail(f"the server was not ready within {START_LIMIT_S} s")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=60)

    def post(self, path: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def request_of(number: int, start: float) -> tuple[str, list[str], list[str]]:
    """One trace of many segments: its id, the ids of its segments, and their documents."""
    trace_id = f"1-{int(start):08x}-{number:024x}"
    ids = [f"{number:08x}{position + 1:08x}" for position in range(DOCUMENTS_PER_REQUEST)]
    documents = [
        json.dumps(
            {
                "id": id_,
                "trace_id": trace_id,
                "name": f"service-{position % 7}",
                "start_time": start,
                "end_time": start + 0.01,
                "annotations": {"position": position},
                "subsegments": [
                    {
                        "id": f"{number:08x}{position + 0x10001:08x}",
                        "name": "work",
                        "start_time": start,
                        "end_time": start + 0.005,
                    }
                ],
            }
        )
        for position, id_ in enumerate(ids)
    ]
    return trace_id, ids, documents


class Load:
    """Sends traces at a steady rate from several threads and remembers which were acknowledged."""

    def __init__(self, server: Server, first: int) -> None:
        self.server = server
        self.acknowledged: dict[str, list[str]] = {}
        self._number = first
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for_an_answer(self) -> None:
        """Return once something was acknowledged, so that each kill has something to lose."""
        deadline = time.monotonic() + START_LIMIT_S
        while not self.acknowledged:
            assert time.monotonic() < deadline, "nothing was acknowledged"
            time.sleep(0.01)

    @property
    def next_number(self) -> int:
        return self._number

    def _send(self) -> None:
        pause_s = SENDERS * DOCUMENTS_PER_REQUEST / DOCUMENTS_PER_SECOND
        while not self._stop.is_set():
            began = time.monotonic()
            with self._lock:
                number = self._number
                self._number += 1
            trace_id, ids, documents = request_of(number, time.time())
            try:
                status, answer = self.server.post(
                    "/TraceSegments", {"TraceSegmentDocuments": documents, "Sources": []}
                )
            except (OSError, http.client.HTTPException, ValueError):
                return  # killed in the middle: not acknowledged
            if status == http.HTTPStatus.OK:
                assert answer["UnprocessedTraceSegments"] == []
                self.acknowledged[trace_id] = ids
            self._stop.wait(max(0.0, pause_s - (time.monotonic() - began)))


def segment_ids(server: Server, trace_ids: list[str]) -> dict[str, list[str]]:
    """Ids of the segments that BatchGetTraces gives for each trace."""
    found: dict[str, list[str]] = {}
    for first in range(0, len(trace_ids), 5):
        status, answer = server.post("/Traces", {"TraceIds": trace_ids[first : first + 5]})
        assert status == http.HTTPStatus.OK, answer
        for trace in answer["Traces"]:  # type: ignore[attr-defined]
            found[trace["Id"]] = [segment["Id"] for segment in trace["Segments"]]
    return found


def test_acknowledged_documents_survive_kill_9(tmp_path: Path) -> None:
    """Killed 20 times under load, the server gives back each acknowledged document once."""
    server = Server(tmp_path / "data")
    moments = random.Random(20)
    acknowledged: dict[str, list[str]] = {}
    number = 1
    try:
        for _ in range(KILLS):
            server.start()
            with Load(server, number) as load:
                load.wait_for_an_answer()
                time.sleep(moments.uniform(0.0, 1.0))
                server.kill()
            number = load.next_number
            acknowledged |= load.acknowledged
        server.start()
        found = segment_ids(server, list(acknowledged))
        missing = [id_ for id_ in acknowledged if id_ not in found]
        assert missing == []
        assert {id_: sorted(found[id_]) for id_ in acknowledged} == acknowledged
        assert server.stop() == os.EX_OK
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
