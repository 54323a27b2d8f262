"""The installed `fluoro agent` in front of the installed `fluoro server`."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fluoro_up import until

pytestmark = pytest.mark.process

FLUORO = str(Path(sys.executable).with_name("fluoro"))
STOP_S = 60
TRACE = "1-65536700-000000000000000000000001"


class Program:
    """One `fluoro` command and the line that says where it listens."""

    def __init__(self, log, *arguments):
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [FLUORO, *arguments, "--json"], stdout=subprocess.PIPE, stderr=errors
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.process.stdout.close()
        assert line, f"it ended at its start:\n{log.read_text()}"
        self.addresses = json.loads(line)

    def stop(self, number=signal.SIGTERM):
        """Its exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_S)


@pytest.fixture
def start(tmp_path):
    """Start a command; what still runs at the end is killed."""
    programs = []

    def start(name, *arguments):
        programs.append(Program(tmp_path / f"{name}.log", *arguments))
        return programs[-1]

    yield start
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


@pytest.fixture
def start_server(start, tmp_path):
    def start_server(address="127.0.0.1:0"):
        return start(
            "server",
            "server",
            f"--data={tmp_path / 'data'}",
            f"--address={address}",
            "--admin-address=127.0.0.1:0",
        )

    return start_server


@pytest.fixture
def start_agent(start):
    def start_agent(server, *arguments):
        free = ["--udp-address=127.0.0.1:0", "--tcp-address=127.0.0.1:0"]
        free.append("--admin-address=127.0.0.1:0")
        return start("agent", "agent", f"--upstream={server}", *free, *arguments)

    return start_agent


def send(agent, first, count):
    """So many segments of one trace, by UDP."""
    host, _, port = agent.addresses["agent"].rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(first, first + count):
            document = {
                "trace_id": TRACE,
                "id": f"{number:016x}",
                "name": "shop",
                "start_time": 1_700_000_000.0,
                "end_time": 1_700_000_001.0,
            }
            datagram = '{"format":"json","version":1}\n' + json.dumps(document)
            sender.sendto(datagram.encode(), (host, int(port)))


def found(server):
    """Ids of the trace's segments; none while the server does not answer."""
    address = server.addresses["server"].removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(address, timeout=10)) as connection:
        connection.request("POST", "/Traces", json.dumps({"TraceIds": [TRACE]}))
        traces = json.loads(connection.getresponse().read())["Traces"]
    return {segment["Id"] for trace in traces for segment in trace["Segments"]}


def metric(agent, name):
    address = agent.addresses["agent_admin"]
    with contextlib.closing(http.client.HTTPConnection(address, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
    values = [line.rpartition(" ")[2] for line in lines if line.startswith(f"fluoro_agent_{name}")]
    return sum(map(float, values))


def ids(count):
    return {f"{number:016x}" for number in range(1, count + 1)}


def test_what_was_sent_before_sigterm_is_found(start_server, start_agent):
    """The agent empties its socket and its buffer, and ends with status 0."""
    server = start_server()
    agent = start_agent(server.addresses["server"], "--batch-interval-ms=60000")
    send(agent, 1, 300)
    assert agent.stop() == os.EX_OK
    assert found(server) == ids(300)


def test_what_was_sent_while_the_server_was_away_is_found(start_server, start_agent):
    """The server is killed and comes back at its address: no segment of the meantime is missing."""
    server = start_server()
    address = server.addresses["server"].removeprefix("http://")
    agent = start_agent(server.addresses["server"])
    send(agent, 1, 100)
    until(lambda: metric(agent, "documents_forwarded_total") == 100, "the first segments")
    server.stop(signal.SIGKILL)
    send(agent, 101, 100)
    until(lambda: metric(agent, 'requests_total{outcome="unreachable"}') > 0, "a try in vain")
    assert metric(agent, "documents_buffered") == 100
    server = start_server(address)
    until(lambda: found(server) == ids(200), "all segments", limit_s=60)
    assert metric(agent, "documents_dropped_total") == 0
    assert agent.stop() == os.EX_OK


def test_an_sdk_gets_the_servers_rules_through_the_agent(start_server, start_agent):
    """The answer at the TCP door is the server's, byte for byte."""
    server = start_server()
    agent = start_agent(server.addresses["server"])
    answers = []
    for address in (server.addresses["server"].removeprefix("http://"), agent.addresses["agent"]):
        with contextlib.closing(http.client.HTTPConnection(address, timeout=10)) as connection:
            connection.request("POST", "/GetSamplingRules")
            answer = connection.getresponse()
            answers.append((answer.status, answer.getheader("Content-Type"), answer.read()))
    assert answers[0] == answers[1]
    assert b'"RuleName":"Default"' in answers[1][2]


def test_without_a_server_it_ends_at_the_deadline(start_agent, tmp_path):
    """It ends with status 0 all the same, and says how much was lost."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        agent = start_agent(address, "--flush-deadline-s=0.2")
        send(agent, 1, 50)
        began = time.monotonic()
        assert agent.stop() == os.EX_OK
    assert time.monotonic() - began < STOP_S
    lines = [json.loads(line) for line in (tmp_path / "agent.log").read_text().splitlines()]
    assert lines[-1]["event"] == "agent_stopped"
    assert (lines[-1]["received"], lines[-1]["dropped"]) == (50, 50)


@pytest.mark.parametrize("setting", ["udp_address", "tcp_address", "admin_address"])
def test_a_port_in_use_is_status_2(setting):
    """One sentence names the address, the setting and what to do."""
    kind = socket.SOCK_DGRAM if setting == "udp_address" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        flags = {"udp_address": "127.0.0.1:0", "tcp_address": "127.0.0.1:0"}
        flags |= {"admin_address": "127.0.0.1:0", setting: address}
        ended = subprocess.run(
            [FLUORO, "agent", *(f"--{name.replace('_', '-')}={at}" for name, at in flags.items())],
            capture_output=True,
            text=True,
            timeout=STOP_S,
            check=False,
        )
    assert ended.returncode == 2
    assert f"{address} cannot be used" in ended.stderr
    assert setting in ended.stderr.replace("-", "_")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_the_agent_loads_nothing_heavy():
    """A DaemonSet's memory is paid on each node: no store, no protobuf, no second HTTP stack."""
    code = "import sys, fluoro.agent.program; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    loaded = {name.partition(".")[0] for name in printed.decode().split()}
    heavy = {"chdb", "clickhouse_connect", "google", "botocore", "numpy", "cyclopts", "requests"}
    assert loaded & heavy == set()
    assert not {name for name in printed.decode().split() if name.startswith("fluoro.store")}
