"""The official X-Ray SDK for Node sends through the agent, joined with a caller in Python."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fluoro_up import Fluoro, edges, until
from node_packages import node_with_packages

pytestmark = pytest.mark.node
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def service(fluoro: Fluoro) -> Iterator[str]:
    """`host:port` of an Express service with the SDK."""
    node = node_with_packages(HERE / "node")
    environment = {**os.environ, "AWS_XRAY_DAEMON_ADDRESS": fluoro.agent}
    with subprocess.Popen(
        [node, str(HERE / "node" / "service.js")], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the service ended at its start"
        yield f"127.0.0.1:{json.loads(line)['port']}"
        process.terminate()


def get(service: str, path: str) -> Any:
    """The answer of the service to somebody who is not traced."""
    connection = http.client.HTTPConnection(service, timeout=10)
    connection.request("GET", path)
    body = json.loads(connection.getresponse().read())
    connection.close()
    return body


def call_from_python(fluoro: Fluoro, url: str) -> dict[str, Any]:
    """Let a Python program with its own SDK call `url`; what it printed."""
    finished = subprocess.run(
        [sys.executable, str(HERE / "python" / "program.py"), "caller", url],
        env={**os.environ, "AWS_XRAY_DAEMON_ADDRESS": fluoro.agent},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    return json.loads(finished.stdout)


def documents(fluoro: Fluoro, trace: str, *names: str) -> dict[str, dict[str, Any]]:
    """The documents of a trace by name, once all of `names` are there."""

    def read() -> dict[str, dict[str, Any]] | None:
        found = {document["name"]: document for document in fluoro.documents(trace)}
        return found if found.keys() >= set(names) else None

    return until(read, f"{names} in trace {trace}")


def test_the_callee_is_in_the_callers_trace(fluoro: Fluoro, service: str):
    """The Express segment is in the trace of the Python program, below the call that made it."""
    called = call_from_python(fluoro, f"http://{service}/items/7")
    assert called["status"] == 200
    found = documents(fluoro, called["trace"], "python-front", "node-stock")
    (call,) = found["python-front"]["subsegments"]
    assert found["node-stock"]["parent_id"] == call["id"]
    assert found["node-stock"]["aws"]["xray"]["sdk"] == "X-Ray for Node.js"
    assert found["node-stock"]["annotations"] == {"item": 7}
    assert found["node-stock"]["metadata"]["default"]["shelf"]["labels"] == ["blue", "größe"]


def test_an_edge_joins_caller_and_callee(fluoro: Fluoro, service: str):
    """The map of such a trace is the client, the Python program and the Express service."""
    trace = call_from_python(fluoro, f"http://{service}/items/8")["trace"]

    def joined() -> set[Any]:
        # The documents of an insert that is not acknowledged yet can be read before its rows.
        with contextlib.suppress(fluoro.xray.exceptions.InvalidRequestException):
            return edges(fluoro.xray.get_trace_graph(TraceIds=[trace])["Services"])
        return set()

    expected = {
        (("python-front", "client"), ("python-front", None)),
        (("python-front", None), ("node-stock", None)),
    }
    until(lambda: joined() == expected, "both edges")


def test_an_exception_makes_a_fault(fluoro: Fluoro, service: str):
    """An exception in the Express service is read back as a fault with its type and message."""
    called = call_from_python(fluoro, f"http://{service}/broken")
    assert called["status"] == 500
    document = documents(fluoro, called["trace"], "node-stock")["node-stock"]
    assert document["fault"] is True
    (exception,) = document["cause"]["exceptions"]
    assert (exception["type"], exception["message"]) == ("TypeError", "no such shelf")


def test_the_default_rule_samples(fluoro: Fluoro, service: str):
    """Asked by nobody who is traced, the SDK samples by the rule that it got through the agent."""
    asked: set[str] = set()

    def rule() -> str | None:
        asked.add(get(service, "/items/9")["trace"])
        for trace in asked & fluoro.summaries().keys():
            for document in fluoro.documents(trace):
                if "rule_name" in document["aws"]["xray"]:
                    return document["aws"]["xray"]["rule_name"]
        return None

    assert until(rule, "a segment that a rule chose") == "Default"
