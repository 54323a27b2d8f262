"""A `fluoro up` of its own for tests that look from outside, and reads of it through boto3."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import boto3
import pytest

STOP_LIMIT_S = 60
READ_LIMIT_S = 20
LOOK_BACK_S = 600

Found = TypeVar("Found")


class Fluoro:
    """Where one `fluoro up` listens, and what it answers."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.agent = addresses["agent"]
        self.server = addresses["server"]
        self.xray = boto3.client(
            "xray",
            endpoint_url=self.server,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  nobody checks it without keys
        )

    def summaries(self) -> dict[str, dict[str, Any]]:
        """The summaries of the last minutes by trace id."""
        now = time.time()
        pages = self.xray.get_paginator("get_trace_summaries").paginate(
            StartTime=now - LOOK_BACK_S, EndTime=now + 1
        )
        return {summary["Id"]: summary for page in pages for summary in page["TraceSummaries"]}

    def graph(self) -> list[dict[str, Any]]:
        """The nodes of the service graph of the last minutes."""
        now = time.time()
        answer = self.xray.get_service_graph(StartTime=now - LOOK_BACK_S, EndTime=now + 1)
        nodes: list[dict[str, Any]] = answer["Services"]
        return nodes

    def traces(self, *ids: str) -> list[list[dict[str, Any]]]:
        """The documents of up to five traces, inferred ones included."""
        return [
            [json.loads(segment["Document"]) for segment in trace["Segments"]]
            for trace in self.xray.batch_get_traces(TraceIds=list(ids))["Traces"]
        ]

    def documents(self, trace: str) -> list[dict[str, Any]]:
        """The documents of one trace; none when it is not known yet."""
        return [document for documents in self.traces(trace) for document in documents]


def edges(nodes: list[dict[str, Any]]) -> set[tuple[tuple[str, str | None], ...]]:
    """The edges of a graph, each as (name, type) of the caller and (name, type) of the callee."""
    names = {node["ReferenceId"]: (node["Name"], node.get("Type")) for node in nodes}
    return {
        (names[node["ReferenceId"]], names[edge["ReferenceId"]])
        for node in nodes
        for edge in node["Edges"]
    }


def until(look: Callable[[], Found | None], what: str, limit_s: float = READ_LIMIT_S) -> Found:
    """What `look` finds, asked again until it finds something; `what` is missed in the message."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"waited {limit_s} s in vain for {what}")


@contextlib.contextmanager
def fluoro_up(folder: Path) -> Iterator[Fluoro]:
    """Run the installed `fluoro up` on free ports with its store in `folder`."""
    command = [str(Path(sys.executable).with_name("fluoro")), "up", "--json"]
    command += [f"--data={folder / 'data'}", "--agent-address=127.0.0.1:0"]
    command += ["--server-address=127.0.0.1:0"]
    log = folder / "fluoro.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"`fluoro up` ended at its start:\n{log.read_text()}"
            fluoro = Fluoro(json.loads(line))
            yield fluoro
            fluoro.xray.close()
        finally:
            process.terminate()
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
