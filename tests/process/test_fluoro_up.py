"""The installed `fluoro` as processes: how it starts, stops, fails, and leaves nothing behind."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

FLUORO = str(Path(sys.executable).with_name("fluoro"))
FREE = "127.0.0.1:0"
LIMIT_S = 60


class Program:
    """A `fluoro` command of its own, its output and its log."""

    def __init__(self, folder, *arguments):
        self.log = folder / f"log-{time.monotonic_ns()}"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [FLUORO, *arguments], stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.addresses = {}

    def wait_for_addresses(self):
        """Read the one line of `--json`."""
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.addresses = json.loads(line)
        return self

    def children(self):
        """Pids of its living children."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def post(self, path, body):
        """A call of the X-Ray API."""
        request = urllib.request.Request(  # noqa: S310  our own http://
            self.addresses["server"] + path, json.dumps(body).encode()
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  the same
            return json.load(answer)

    def stop(self, number=signal.SIGTERM):
        """Send a signal; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT_S)


@pytest.fixture
def start(tmp_path):
    """Start `fluoro` with arguments; whatever still runs at the end is killed."""
    programs = []

    def start(*arguments):
        programs.append(Program(tmp_path, *map(str, arguments)))
        return programs[-1]

    yield start
    for program in programs:
        if program.process.poll() is None:
            for pid in (*program.children(), program.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        program.process.wait()
        program.process.stdout.close()


@pytest.fixture
def up(start):
    """Start `fluoro up` on a folder and free ports, and wait until all answer."""

    def up(folder, *arguments):
        addresses = ("--agent-address", FREE, "--server-address", FREE)
        program = start("up", "--json", "--data", folder, *addresses, *arguments)
        return program.wait_for_addresses()

    return up


def is_alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def until(claim, what):
    deadline = time.monotonic() + LIMIT_S
    while not claim():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def get(address, path):
    """Status of a GET."""
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def document(number):
    now = time.time()
    return json.dumps(
        {
            "id": f"{number:016x}",
            "trace_id": f"1-{int(now):08x}-{number:024x}",
            "name": "web",
            "start_time": now,
            "end_time": now,
        }
    )


def test_two_side_by_side(up, tmp_path):
    """Ports 0 are free ones, UDP and TCP of an agent the same; neither sees the other's traces."""
    first, second = up(tmp_path / "a"), up(tmp_path / "b")
    addresses = [
        value.removeprefix("http://")
        for program in (first, second)
        for name, value in program.addresses.items()
        if name != "data"
    ]
    assert len(set(addresses)) == 8
    assert first.addresses["data"] == str(tmp_path / "a")
    header = '{"format":"json","version":1}\n'
    text = document(1)
    host, _, port = first.addresses["agent"].rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as service:
        service.sendto((header + text).encode(), (host, int(port)))
    ids = {"TraceIds": [json.loads(text)["trace_id"]]}
    until(lambda: first.post("/Traces", ids)["Traces"], "the segment came through the agent")
    assert second.post("/Traces", ids)["Traces"] == []
    for program in (first, second):
        for name in ("agent_admin", "server_admin"):
            assert get(program.addresses[name], "/readyz") == 200
            assert get(program.addresses[name], "/metrics") == 200
    connection = http.client.HTTPConnection(first.addresses["agent"], timeout=10)
    connection.request("POST", "/GetSamplingRules", "{}")
    assert b'"Default"' in connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_as_asked(up, tmp_path, number):
    """Status 0, agent before server, no child left, and what was sent is there after a restart."""
    program = up(tmp_path / "data")
    children = program.children()
    assert len(children) == 2
    texts = [document(1)]
    program.post("/TraceSegments", {"TraceSegmentDocuments": texts})
    assert program.stop(number) == 0
    assert not any(map(is_alive, children))
    log = program.log.read_text()
    assert 0 < log.index("agent_stopped") < log.index("server_stopped")
    again = up(tmp_path / "data")
    ids = {"TraceIds": [json.loads(texts[0])["trace_id"]]}
    assert len(again.post("/Traces", ids)["Traces"]) == 1


def test_children_end_with_the_parent(up, tmp_path):
    """Even kill -9 leaves no process."""
    program = up(tmp_path / "data")
    children = program.children()
    program.stop(signal.SIGKILL)
    until(lambda: not any(map(is_alive, children)), "the children ended")


@pytest.mark.parametrize("place", [0, 1], ids=["server", "agent"])
def test_a_child_that_ends(up, tmp_path, place):
    """Ends all, with status 1."""
    program = up(tmp_path / "data")
    children = program.children()
    os.kill(children[place], signal.SIGKILL)
    assert program.process.wait(LIMIT_S) == 1
    assert not any(map(is_alive, children))


def refusal(program):
    """The one sentence of a command that ended with status 2."""
    assert program.process.wait(LIMIT_S) == 2
    assert program.process.stdout.read() == ""
    (sentence,) = program.log.read_text().splitlines()
    assert sentence.startswith("fluoro: ")
    return sentence


def server(folder, address=FREE, admin_address=FREE):
    return ("server", "--data", folder, "--address", address, "--admin-address", admin_address)


@pytest.mark.parametrize("flag", ["--address", "--admin-address"])
def test_a_port_in_use(start, tmp_path, flag):
    """The sentence names flag and address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        place = flag.removeprefix("--").replace("-", "_")
        sentence = refusal(start(*server(tmp_path / "data", **{place: address})))
    assert f"{flag}: {address} cannot be used (Address already in use)" in sentence


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_of_the_agent_in_use(start, kind):
    """The same for both doors of the agent."""
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        flags = ("--udp-address", address, "--tcp-address", address, "--admin-address", FREE)
        assert f"{address} cannot be used" in refusal(start("agent", *flags))


def test_a_folder_that_cannot_be_written(start, tmp_path):
    """A file in its place, say."""
    (tmp_path / "file").write_text("")
    sentence = refusal(start(*server(tmp_path / "file" / "data")))
    assert f"--data: the folder {tmp_path / 'file' / 'data'} cannot be written" in sentence


def test_a_second_server_on_a_folder(start, tmp_path):
    """Refused while the first one goes on."""
    first = start(*server(tmp_path / "data"), "--json").wait_for_addresses()
    assert "another Fluoro server uses the folder" in refusal(start(*server(tmp_path / "data")))
    assert get(first.addresses["server_admin"], "/readyz") == 200
    assert first.stop() == 0


def test_a_newer_store(start, tmp_path):
    """Refused with both versions, and nothing is changed in it."""
    newer = """
import sys
from pathlib import Path
from fluoro.store.migrations import migrate
from fluoro.store.pool import Limits, Pool

pool = Pool.open(Path(sys.argv[1]), Limits())
migrate(pool)
pool.writer.command("INSERT INTO schema_versions VALUES (99, now('UTC'))")
pool.close()
"""
    subprocess.run([sys.executable, "-c", newer, tmp_path / "data"], check=True)
    assert "schema version 99" in refusal(start(*server(tmp_path / "data")))


def test_a_server_for_all_without_keys(start, tmp_path):
    """Refused unless told; then the log says what that means."""
    assert "--insecure" in refusal(start(*server(tmp_path / "data", "0.0.0.0:0")))
    program = start(*server(tmp_path / "data", "0.0.0.0:0"), "--insecure", "--json")
    assert program.wait_for_addresses().stop() == 0
    lines = map(json.loads, program.log.read_text().splitlines())
    (warning,) = [line for line in lines if line["event"] == "server_unprotected"]
    assert warning["level"] == "warning"
    assert "whoever reaches the address may read and write every trace" in warning["reason"]


def test_a_failed_start_leaves_no_process(start, tmp_path):
    """When the second child cannot start, the first one is stopped; the status is the child's."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("agent:\n  senders: 0\n")
    addresses = ("--agent-address", FREE, "--server-address", FREE)
    program = start("up", "--data", tmp_path / "data", *addresses, "--config", bad)
    children = set()
    while program.process.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            children |= set(program.children())
        time.sleep(0.01)
    assert program.process.returncode == 2
    assert children
    assert not any(map(is_alive, children))
    assert "--senders: 0 is too small" in program.log.read_text()


def test_new_work_is_refused_while_stopping(start, tmp_path):
    """An open connection is answered 503 or closed; nothing that was taken is lost."""
    program = start(*server(tmp_path / "data"), "--json").wait_for_addresses()
    host = program.addresses["server"].removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    taken = []
    for number in range(1, 10_000):
        text = document(number)
        body = json.dumps({"TraceSegmentDocuments": [text]})
        try:
            connection.request("POST", "/TraceSegments", body)
            if number == 2:
                program.process.send_signal(signal.SIGTERM)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            break
        if status != 200:
            assert status == 503
            break
        taken.append(json.loads(text)["trace_id"])
    connection.close()
    assert program.process.wait(LIMIT_S) == 0
    again = start(*server(tmp_path / "data"), "--json").wait_for_addresses()
    for trace_id in taken:
        assert len(again.post("/Traces", {"TraceIds": [trace_id]})["Traces"]) == 1
    assert again.stop() == 0


def test_a_slow_request_is_closed(start, tmp_path):
    """Who never finishes a request does not hold a connection for ever."""
    program = start(*server(tmp_path / "data"), "--json").wait_for_addresses()
    host, _, port = program.addresses["server"].removeprefix("http://").rpartition(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT_S) as slow:
        slow.sendall(b"POST /TraceSegments HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        assert slow.recv(1) == b""


def test_the_human_output(start, tmp_path):
    """The URL to open, the agent's address for SDKs, and how to stop."""
    addresses = ("--agent-address", FREE, "--server-address", FREE)
    program = start("up", "--data", tmp_path / "data", *addresses)
    lines = [program.process.stdout.readline() for _ in range(4)]
    text = "".join(lines)
    assert "http://127.0.0.1:" in text
    assert "AWS_XRAY_DAEMON_ADDRESS=127.0.0.1:" in text
    assert "Ctrl-C" in text
    assert program.stop() == 0
