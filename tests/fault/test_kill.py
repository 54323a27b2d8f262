"""What the server acknowledged survives `kill -9`, and nothing comes back twice.

A request whose answer the kill took is sent again, as the agent does, so that some come twice.
"""

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import msgspec
import pytest

from fluoro.model.tenant import LOCAL
from fluoro.store.clickhouse import ClickHouseStorage
from fluoro.store.counting import Window, count, graph_of
from store.clickhouse_nodes import lasting_ports

pytestmark = pytest.mark.process

KILLS = 50
MOST_S = 0.6
"""Time under load before a kill, counted from the first answer."""
AGO_S = 600
"""Begin of every document: its minute is over, so that the job counts it ahead."""
SERVICES = 7
DOCUMENTS_PER_SECOND = 2000
DOCUMENTS_PER_REQUEST = 100
SENDERS = 8
PADDING, PADDED_OF = 3_000, 8
START_LIMIT_S = 60


class Server:
    """A `fluoro server` on one folder that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.admin_port = lasting_ports(["127.0.0.1"], 2)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            str(Path(sys.executable).with_name("fluoro")),
            "server",
            f"--address=127.0.0.1:{self.port}",
            f"--admin-address=127.0.0.1:{self.admin_port}",
            f"--data={self.folder}",
            "--edges-interval-s=1",  # so that some kills come in the middle of a pass
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


class Sent(msgspec.Struct, frozen=True):
    """A request: one trace of many segments."""

    trace_id: str
    ids: list[str]
    documents: list[str]


def request_of(number: int, start: float) -> Sent:
    """A request whose segments each call one thing that no segment answers.

    Some are long, so that a flush with one of them is left to the views, and others are not.
    """
    padding = "x" * PADDING if number % PADDED_OF == 0 else ""
    trace_id = f"1-{int(start):08x}-{number:024x}"
    ids = [f"{number:08x}{position + 1:08x}" for position in range(DOCUMENTS_PER_REQUEST)]
    documents = [
        json.dumps(
            {
                "id": id_,
                "trace_id": trace_id,
                "name": f"service-{position % SERVICES}",
                "start_time": start,
                "end_time": start + 0.01,
                "annotations": {"position": position},
                "metadata": {"default": {"padding": padding}},
                "subsegments": [
                    {
                        "id": f"{number:08x}{position + 0x10001:08x}",
                        "name": "db",
                        "namespace": "remote",
                        "start_time": start,
                        "end_time": start + 0.005,
                    }
                ],
            }
        )
        for position, id_ in enumerate(ids)
    ]
    return Sent(trace_id, ids, documents)


class Load:
    """Sends traces at a steady rate from several threads and remembers which were acknowledged.

    Attributes:
        acknowledged: Ids of the segments of each trace.
        unanswered: Requests that a kill left without an answer.
        next_number: Of the first trace that was not sent.
    """

    def __init__(self, server: Server, first: int, again: Iterable[Sent]) -> None:
        self.server = server
        self.acknowledged: dict[str, list[str]] = {}
        self.unanswered: list[Sent] = []
        self.next_number = first
        self._again = deque(again)
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
        self.unanswered += self._again

    def wait_for_an_answer(self) -> None:
        """Return once something was acknowledged, so that each kill has something to lose."""
        deadline = time.monotonic() + START_LIMIT_S
        while not self.acknowledged:
            assert time.monotonic() < deadline, "nothing was acknowledged"
            time.sleep(0.01)

    def _next(self) -> Sent:
        with self._lock:
            if self._again:
                return self._again.popleft()
            self.next_number += 1
            return request_of(self.next_number - 1, time.time() - AGO_S)

    def _send(self) -> None:
        pause_s = SENDERS * DOCUMENTS_PER_REQUEST / DOCUMENTS_PER_SECOND
        while not self._stop.is_set():
            began = time.monotonic()
            sent = self._next()
            try:
                put(self.server, sent)
            except (OSError, http.client.HTTPException, ValueError):
                self.unanswered.append(sent)  # killed in the middle
                return
            self.acknowledged[sent.trace_id] = sent.ids
            self._stop.wait(max(0.0, pause_s - (time.monotonic() - began)))


def put(server: Server, sent: Sent) -> None:
    """Return once a request is acknowledged."""
    body = {"TraceSegmentDocuments": sent.documents, "Sources": []}
    status, answer = server.post("/TraceSegments", body)
    assert status == http.HTTPStatus.OK, answer
    assert answer["UnprocessedTraceSegments"] == []


def segment_ids(server: Server, trace_ids: list[str]) -> dict[str, list[str]]:
    """Ids of the segments that were sent, as BatchGetTraces gives them for each trace."""
    found: dict[str, list[str]] = {}
    for first in range(0, len(trace_ids), 5):
        status, answer = server.post("/Traces", {"TraceIds": trace_ids[first : first + 5]})
        assert status == http.HTTPStatus.OK, answer
        for trace in answer["Traces"]:  # type: ignore[attr-defined]
            found[trace["Id"]] = sorted(
                segment["Id"]
                for segment in trace["Segments"]
                if not json.loads(segment["Document"]).get("inferred")
            )
    return found


def check_map(folder: Path, traces: int, start_us: int) -> None:
    """The map that is counted ahead is the raw one, and has each document once."""
    storage = ClickHouseStorage.open(folder)
    try:
        while storage.upkeep.update_edges():
            pass
        minute_us = 60_000_000
        window = start_us // minute_us * minute_us, int(time.time() * 1e6)
        raw = graph_of(count(storage._pool, Window(LOCAL, *window), by_minute=False))
        ((ahead,),) = storage._pool.query("SELECT count() FROM edges WHERE seconds = 60")
        assert ahead
        assert storage.graph(LOCAL, *window) == raw
        calls = {
            edge.source.name: edge.statistics.ok for edge in raw.edges if edge.target.name == "db"
        }
        assert calls == {
            f"service-{rest}": traces * len(range(rest, DOCUMENTS_PER_REQUEST, SERVICES))
            for rest in range(SERVICES)
        }
        assert storage.count_traces(LOCAL, *window) == traces
    finally:
        storage.close()


@pytest.mark.usefixtures("counted_at_once")
def test_acknowledged_documents_survive_kill_9(tmp_path: Path) -> None:
    """Killed 50 times under load, the server gives back each acknowledged document once."""
    server = Server(tmp_path / "data")
    moments = random.Random(20)
    began_us = int((time.time() - AGO_S) * 1e6)
    acknowledged: dict[str, list[str]] = {}
    unanswered: list[Sent] = []
    number, sent_again = 1, 0
    try:
        for _ in range(KILLS):
            server.start()
            with Load(server, number, unanswered) as load:
                load.wait_for_an_answer()
                time.sleep(moments.uniform(0.0, MOST_S))
                server.kill()
            number, unanswered = load.next_number, load.unanswered
            sent_again += len(unanswered)
            acknowledged |= load.acknowledged
        server.start()
        found = segment_ids(server, list(acknowledged))
        missing = [id_ for id_ in acknowledged if id_ not in found]
        assert missing == []
        assert found == acknowledged
        assert sent_again, "no kill came in the middle of a request"
        for sent in unanswered:
            put(server, sent)
        assert server.stop() == os.EX_OK
        check_map(server.folder, number - 1, began_us)
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
