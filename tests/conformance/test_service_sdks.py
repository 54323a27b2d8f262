"""Services with the official X-Ray SDKs for Node, Go and Java, alone and called by each other."""

import contextlib
import functools
import http.client
import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from fluoro_up import Fluoro, edges, until
from sdk_programs import RULE_KEY, SENT_BY, command

SERVICES = [pytest.param("node", marks=pytest.mark.node), "go", "java"]
EXCEPTIONS = {
    "node": "TypeError",
    "go": "errors.errorString",
    "java": "java.lang.IllegalArgumentException",
}


@contextlib.contextmanager
def started(fluoro: Fluoro, sdk: str, folder: Path) -> Iterator[str]:
    """`host:port` of the service with the SDK, which writes its files to `folder`."""
    environment = {**os.environ, "AWS_XRAY_DAEMON_ADDRESS": fluoro.agent}
    with (
        (folder / f"{sdk}.log").open("wb") as log,
        subprocess.Popen(
            command(sdk, "service"),
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the service ended at its start:\n{Path(log.name).read_text()}"
        yield f"127.0.0.1:{json.loads(line)['port']}"
        process.terminate()


@pytest.fixture(scope="module")
def address(
    fluoro: Fluoro, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], str]]:
    """Of an SDK's service, which is started when it is asked for first."""
    folder = tmp_path_factory.mktemp("services")
    with contextlib.ExitStack() as stack:
        yield functools.cache(lambda sdk: stack.enter_context(started(fluoro, sdk, folder)))


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
        [*command("python", "program"), "caller", url],
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


@pytest.mark.parametrize("sdk", SERVICES)
def test_the_callee_is_in_the_callers_trace(
    fluoro: Fluoro, address: Callable[[str], str], sdk: str
):
    """The service's segment is in the caller's trace, below the call that made it, and whole."""
    called = call_from_python(fluoro, f"http://{address(sdk)}/items/7")
    assert called["status"] == 200
    found = documents(fluoro, called["trace"], "python-front", f"{sdk}-stock")
    (call,) = found["python-front"]["subsegments"]
    segment = found[f"{sdk}-stock"]
    assert segment["parent_id"] == call["id"]
    assert segment["start_time"] <= segment["end_time"]
    assert segment["aws"]["xray"]["sdk"] == SENT_BY[sdk]
    assert segment["http"]["request"]["method"] == "GET"
    assert segment["http"]["response"]["status"] == 200
    assert segment["annotations"] == {"item": 7}
    assert segment["metadata"]["default"]["shelf"] == {"row": 4, "labels": ["blue", "größe"]}
    (outer,) = segment["subsegments"]
    (inner,) = outer["subsegments"]
    assert (outer["name"], inner["name"]) == ("look up", "read")
    assert inner["annotations"] == {"depth": 2}


@pytest.mark.parametrize("sdk", SERVICES)
def test_an_exception_makes_a_fault(fluoro: Fluoro, address: Callable[[str], str], sdk: str):
    """An exception in the service is read back as a fault with its type and message."""
    called = call_from_python(fluoro, f"http://{address(sdk)}/broken")
    assert called["status"] == 500
    document = documents(fluoro, called["trace"], f"{sdk}-stock")[f"{sdk}-stock"]
    assert document["fault"] is True
    (exception,) = document["cause"]["exceptions"]
    assert (exception["type"], exception["message"]) == (EXCEPTIONS[sdk], "no such shelf")


@pytest.mark.parametrize("sdk", SERVICES)
def test_the_default_rule_samples(fluoro: Fluoro, address: Callable[[str], str], sdk: str):
    """Asked by nobody who is traced, the SDK samples by the rule that it got through the agent."""
    asked: set[str] = set()

    def rule() -> str | None:
        asked.add(get(address(sdk), "/items/9")["trace"])
        for trace in asked & fluoro.summaries().keys():
            for document in fluoro.documents(trace):
                if RULE_KEY[sdk] in document["aws"]["xray"]:
                    return document["aws"]["xray"][RULE_KEY[sdk]]
        return None

    assert until(rule, "a segment that a rule chose") == "Default"


@pytest.fixture(scope="module")
def chain(fluoro: Fluoro, address: Callable[[str], str]) -> str:
    """A trace in which the Python program calls Java, which calls Go, which calls Node."""
    url = f"http://{address('node')}/items/8"
    for sdk in ("go", "java"):
        url = f"http://{address(sdk)}/front?url={quote(url, safe='')}"
    called = call_from_python(fluoro, url)
    assert called["status"] == 200
    return called["trace"]


def test_each_callee_is_below_the_call(fluoro: Fluoro, chain: str):
    """Whichever SDKs call each other, the header joins the callee to the call that made it."""
    names = ("python-front", "java-stock", "go-stock", "node-stock")
    found = documents(fluoro, chain, *names)
    for caller, callee in itertools.pairwise(names):
        (call,) = found[caller]["subsegments"]
        assert call["namespace"] == "remote"
        assert found[callee]["parent_id"] == call["id"]


def test_edges_join_the_chain(fluoro: Fluoro, chain: str):
    """The map of such a trace is the client and the four services, one after the other."""

    def joined() -> set[Any]:
        # The documents of an insert that is not acknowledged yet can be read before its rows.
        with contextlib.suppress(fluoro.xray.exceptions.InvalidRequestException):
            return edges(fluoro.xray.get_trace_graph(TraceIds=[chain])["Services"])
        return set()

    expected = {
        (("python-front", "client"), ("python-front", None)),
        (("python-front", None), ("java-stock", None)),
        (("java-stock", None), ("go-stock", None)),
        (("go-stock", None), ("node-stock", None)),
    }
    until(lambda: joined() == expected, "the four edges")
