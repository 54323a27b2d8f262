"""A `fluoro server` of its own, as a process on free ports, that can be killed."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_STOP_LIMIT_S = 60


class RunningServer:
    """Where one server listens, and the log that it writes."""

    def __init__(self, process: "subprocess.Popen[bytes]", addresses: dict[str, str], log: Path):
        self.process = process
        self.address = addresses["server"].removeprefix("http://")
        self.admin_address = addresses["server_admin"]
        self.log = log

    def post(self, operation: str, members: dict[str, object]) -> tuple[int, dict[str, object]]:
        """Status and body of an operation of the X-Ray API, named by its path."""
        return _ask(self.address, "POST", f"/{operation}", json.dumps(members))

    def is_ready(self) -> bool:
        """What a load balancer is told."""
        status, _ = _ask(self.admin_address, "GET", "/readyz", None)
        return status == http.client.OK

    def put(self, *documents: dict[str, object]) -> int:
        """Status of PutTraceSegments; each of the documents must be admitted."""
        texts = [json.dumps(document) for document in documents]
        status, answer = self.post("TraceSegments", {"TraceSegmentDocuments": texts})
        if status == http.client.OK:
            assert answer["UnprocessedTraceSegments"] == []
        return status

    def summaries(self, start: float, end: float) -> tuple[int, set[str] | str]:
        """Status of GetTraceSummaries, with the ids of its first page or the message."""
        status, answer = self.post("TraceSummaries", {"StartTime": start, "EndTime": end})
        if status == http.client.OK:
            return status, {summary["Id"] for summary in answer["TraceSummaries"]}
        return status, answer["message"]


@contextlib.contextmanager
def running_server(folder: Path, store: str, password: str) -> Iterator[RunningServer]:
    """Run the installed `fluoro server` on a ClickHouse; its log lies in `folder`."""
    command = [str(Path(sys.executable).with_name("fluoro")), "server", "--json"]
    command += ["--address=127.0.0.1:0", "--admin-address=127.0.0.1:0", f"--store={store}"]
    command += ["--flush-interval-ms=20", f"--data={folder / 'data'}"]
    folder.mkdir(exist_ok=True)
    log = folder / "server.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ | {"FLUORO_SERVER_STORE_PASSWORD": password},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"`fluoro server` ended at its start:\n{log.read_text()}"
            yield RunningServer(process, json.loads(line), log)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _ask(address: str, method: str, path: str, body: str | None) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(address, timeout=120)
    with contextlib.closing(connection):
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else {}


def until(look: Callable[[], bool], what: str, limit_s: float = 60) -> None:
    """Return once `look` says so."""
    deadline = time.monotonic() + limit_s
    while not look():
        assert time.monotonic() < deadline, f"waited {limit_s} s in vain for {what}"
        time.sleep(0.05)
