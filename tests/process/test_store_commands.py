"""`fluoro store` as it is installed: on a folder, and through the server that holds it."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

FLUORO = Path(sys.executable).with_name("fluoro")
LIMIT_S = 120


class Server:
    """A `fluoro server` on a folder."""

    def __init__(self, folder):
        self.folder = folder

    def start(self):
        command = [FLUORO, "server", "--json", f"--data={self.folder}", "--address=127.0.0.1:0"]
        command += ["--admin-address=127.0.0.1:0", "--flush-interval-ms=20"]
        log = self.folder.parent / "server.log"
        with log.open("ab") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        line = self.process.stdout.readline()
        assert line, log.read_text()
        addresses = json.loads(line)
        self.address = addresses["server"].removeprefix("http://")
        self.admin_address = addresses["server_admin"]

    def stop(self):
        self.process.terminate()
        with self.process:
            return self.process.wait(LIMIT_S)

    def post(self, path, body):
        status, text = ask(self.address, "POST", path, json.dumps(body))
        return status, json.loads(text)

    def metrics(self):
        _, text = ask(self.admin_address, "GET", "/metrics", None)
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(number) for name, _, number in lines}


def ask(address, method, path, body):
    with contextlib.closing(http.client.HTTPConnection(address, timeout=LIMIT_S)) as connection:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def store(*arguments, status=0):
    """Output of a command that ends with a status; its complaint when that is none."""
    done = subprocess.run(
        [FLUORO, "store", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert done.returncode == status, done.stderr
    return done.stderr if status == 2 else done.stdout


def trace(number):
    return f"1-{int(time.time()):08x}-{number:024x}"


def put(server, *traces, **members):
    """One segment of each trace, acknowledged."""
    now = time.time()
    documents = [
        json.dumps(
            {
                "trace_id": each,
                "id": f"{place:016x}",
                "name": "web",
                "start_time": now - 1,
                "end_time": now,
                **members,
            }
        )
        for place, each in enumerate(traces, start=1)
    ]
    status, answer = server.post("/TraceSegments", {"TraceSegmentDocuments": documents})
    assert (status, answer["UnprocessedTraceSegments"]) == (200, [])


def known(server, *traces):
    """Those of the traces that the server has."""
    status, answer = server.post("/Traces", {"TraceIds": list(traces)})
    assert status == 200
    return {each["Id"] for each in answer["Traces"]}


@pytest.fixture
def servers(tmp_path):
    """Starts servers on folders, and stops them however the test ends."""
    started = []

    def start(folder):
        server = Server(folder)
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.poll() is None:
            server.stop()


def test_a_running_server_is_asked_by_its_admin_address(servers, tmp_path):
    """Deletion, statistics, check and backup; what it deleted is refused, in its numbers too."""
    server = servers(tmp_path / "data")
    admin = f"--server-admin={server.admin_address}"
    one, two, three = (trace(number) for number in (1, 2, 3))
    put(server, one, two)
    put(server, three, user="ada")
    assert store("delete", admin, f"--trace={one}") == "deleted 1 traces\n"
    assert store("delete", admin, "--user=ada") == "deleted 1 traces\n"
    assert known(server, one, two, three) == {two}
    put(server, one, three)
    assert known(server, one, two, three) == {two}
    metrics = server.metrics()
    assert metrics['fluoro_server_documents_rejected_total{reason="Deleted"}'] == 2
    assert metrics["fluoro_server_documents_received_total"] == 5
    assert metrics["fluoro_server_documents_stored_total"] == 3
    assert metrics["fluoro_store_traces_deleted_total"] == 2
    statistics = json.loads(store("stats", admin, "--json"))
    assert statistics["tombstones"] == 2
    assert "ok   schema version" in store("check", admin)
    copy = tmp_path / "copy"
    assert store("backup", admin, f"--to={copy}") == f"backed up to {copy}\n"
    assert "is there already" in store("backup", admin, f"--to={copy}", status=2)
    put(server, trace(4))
    store("restore", f"--from={copy}", f"--data={tmp_path / 'new'}")
    second = servers(tmp_path / "new")
    assert known(second, one, two, three, trace(4)) == {two}
    put(second, one)
    assert known(second, one) == set()


def test_the_folder_of_a_stopped_server(servers, tmp_path):
    """The same commands; the next server answers by what they did."""
    data = tmp_path / "data"
    server = servers(data)
    one, two = trace(1), trace(2)
    put(server, one, two)
    assert server.stop() == 0
    folder = f"--data={data}"
    rows = [line.split() for line in store("stats", folder).splitlines()]
    assert rows[0] == ["table", "day", "of", "receipt", "rows", "bytes", "parts"]
    assert [row[2] for row in rows if row[:1] == ["documents"]] == ["2"]
    assert "ok   2 documents on " in store("check", folder)
    assert store("delete", folder, f"--trace={one}") == "deleted 1 traces\n"
    assert store("backup", folder, f"--to={tmp_path / 'copy'}").startswith("backed up")
    server.start()
    assert known(server, one, two) == {two}
    put(server, one)
    assert known(server, one) == set()


def test_a_folder_in_use_is_left_alone_in_one_sentence(servers, tmp_path):
    """With what to do instead."""
    server = servers(tmp_path / "data")
    for command in (["stats"], ["check"], ["delete", "--user=a"], ["backup", f"--to={tmp_path}/x"]):
        complaint = store(*command, f"--data={tmp_path / 'data'}", status=2)
        assert complaint.startswith("fluoro: --data: another Fluoro server uses the folder")
        assert "--server-admin" in complaint
        assert complaint.count("\n") == 1
    put(server, trace(1))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["stats"], "--data: there is no store in "),
        (
            ["delete", "--trace=x", "--server-admin=127.0.0.1:1"],
            "--server-admin: no server answers",
        ),
        (["restore", "--from=/nowhere"], "--from: /nowhere is no backup"),
        (["stats", "--server-admin=8081"], "write host:port"),
    ],
)
def test_what_cannot_be_done_says_so(tmp_path, arguments, complaint):
    """One sentence that names the flag, status 2."""
    said = store(*arguments, f"--data={tmp_path / 'data'}", status=2)
    assert complaint in said
    assert said.count("\n") == 1


def test_a_broken_store_ends_the_check_with_status_1(servers, tmp_path):
    """For a cron job."""
    server = servers(tmp_path / "data")
    put(server, trace(1))
    server.stop()
    files = (tmp_path / "data" / "store").glob("store/*/*/*/data.bin")
    file = max(files, key=lambda each: each.stat().st_size)
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 0xFF
    file.write_bytes(changed)
    said = store("check", f"--data={tmp_path / 'data'}", status=1)
    assert "BAD  1 of 1 parts of " in said
    assert "BAD  not compared, since parts cannot be read" in said
