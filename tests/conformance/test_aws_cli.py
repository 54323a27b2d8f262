"""Every operation through the AWS CLI as it ships: it ends well and prints what can be parsed.

A new operation is asked with what its shape requires; what that cannot tell stands in `GIVEN`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

from fluoro.server.operations import OPERATIONS
from fluoro_up import Fluoro, fluoro_up

LIMIT_S = 60
REFUSED = 255, 254
"""The CLI's status for an error of the service; version 1 and version 2."""
NAMES = frozenset(operation.name for operation in OPERATIONS)
INSIGHTS = frozenset({"GetInsight", "GetInsightEvents", "GetInsightImpactGraph"})
"""There are no insights, so the true answer is that this one is not found."""
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "xray:*", "Resource": "*"}],
}


class Cli:
    """The AWS CLI with one server as its endpoint."""

    def __init__(self, fluoro: Fluoro, folder: Path) -> None:
        self._endpoint = fluoro.server
        self._folder = folder
        self._model = botocore.session.get_session().get_service_model("xray")
        self._now = int(time.time())
        self.trace = f"1-{self._now:08x}-{'c' * 24}"

    def ask(self, operation: str, named: str | None = None) -> dict[str, Any]:
        """The parsed answer to `operation`; what it makes has the name `named`."""
        finished = self.run(operation, named)
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout or "{}")  # the CLI prints nothing for `{}`

    def run(self, operation: str, named: str | None = None) -> "subprocess.CompletedProcess[str]":
        """How the CLI ended, after what the operation needs was made."""
        shape = self._model.operation_model(operation).input_shape
        members = self._value(shape, "") if shape else {}
        if given := GIVEN.get(operation):
            members |= given(self, named or operation)
        command = [sys.executable, "-m", "awscli", "xray", xform_name(operation, "-")]
        command += [f"--endpoint-url={self._endpoint}", "--region=us-east-1", "--output=json"]
        for name, value in members.items():
            text = value if isinstance(value, str) else json.dumps(value)
            command.append(f"--{xform_name(name, '-')}={text}")
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": str(self._folder / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self._folder / "credentials"),
        }
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )

    def _value(self, shape: Shape, name: str) -> Any:
        """Something that the model allows; a structure has only what it requires."""
        if isinstance(shape, StructureShape):
            return {each: self._value(shape.members[each], each) for each in shape.required_members}
        if isinstance(shape, ListShape):
            return [self._value(shape.member, name)]
        if shape.type_name == "timestamp":
            return self._now - 60 * (name == "StartTime")
        if shape.type_name == "string":
            return next(iter(shape.enum), {"TraceIds": self.trace}.get(name, name))
        return {"boolean": True}.get(shape.type_name, 1)


def segment(cli: Cli, _named: str) -> dict[str, Any]:
    """A segment that began now."""
    now = time.time()
    document = {
        "trace_id": cli.trace,
        "id": "1" * 16,
        "name": "cli",
        "start_time": now,
        "end_time": now + 0.1,
    }
    return {"TraceSegmentDocuments": [json.dumps(document)]}


def a_trace(cli: Cli, _named: str) -> dict[str, Any]:
    """A trace that was put for this."""
    cli.ask("PutTraceSegments")
    return {"TraceIds": [cli.trace]}


def report(_cli: Cli, _named: str) -> dict[str, Any]:
    """One client's report on the rule that is always there."""
    counts = {"RequestCount": 3, "SampledCount": 1, "BorrowCount": 1}
    client = {"RuleName": "Default", "ClientID": "c" * 24, "Timestamp": time.time()}
    return {"SamplingStatisticsDocuments": [client | counts]}


def insight(_cli: Cli, _named: str) -> dict[str, Any]:
    """An id as X-Ray makes them."""
    return {"InsightId": "12345678-1234-4234-8234-1234567890ab"}


def retrieval(cli: Cli, _named: str) -> dict[str, Any]:
    """The token of a retrieval that was begun for this."""
    return {"RetrievalToken": cli.ask("StartTraceRetrieval")["RetrievalToken"]}


def indexing(_cli: Cli, _named: str) -> dict[str, Any]:
    """The only rule that there is."""
    return {"Name": "Default", "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 5}}}


def policy(_cli: Cli, named: str) -> dict[str, Any]:
    """A policy that locks nobody out."""
    return {"PolicyName": named, "PolicyDocument": json.dumps(POLICY)}


def policy_of(cli: Cli, named: str) -> dict[str, Any]:
    """The name of a policy that was put for this."""
    cli.ask("PutResourcePolicy", named)
    return {"PolicyName": named}


def rule(_cli: Cli, named: str) -> dict[str, Any]:
    """A rule that is for every request."""
    matchers = ("ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath", "ResourceARN")
    numbers = {"Priority": 9000, "FixedRate": 0.5, "ReservoirSize": 1, "Version": 1}
    return {"SamplingRule": {"RuleName": named} | numbers | dict.fromkeys(matchers, "*")}


def rule_of(cli: Cli, named: str) -> dict[str, Any]:
    """The name of a rule that was made for this."""
    cli.ask("CreateSamplingRule", named)
    return {"RuleName": named}


def change_of(cli: Cli, named: str) -> dict[str, Any]:
    """A change of a rule that was made for this."""
    return {"SamplingRuleUpdate": rule_of(cli, named) | {"FixedRate": 0.25}}


def group(_cli: Cli, named: str) -> dict[str, Any]:
    """A group of what failed."""
    return {"GroupName": named, "FilterExpression": "fault"}


def group_of(cli: Cli, named: str) -> dict[str, Any]:
    """The name of a group that was made for this."""
    return {"GroupName": cli.ask("CreateGroup", named)["Group"]["GroupName"]}


def tagged(cli: Cli, named: str) -> dict[str, Any]:
    """The ARN of a group that was made for this."""
    return {"ResourceARN": cli.ask("CreateGroup", named)["Group"]["GroupARN"]}


GIVEN: dict[str, Callable[[Cli, str], dict[str, Any]]] = {
    "PutTraceSegments": segment,
    "GetTraceGraph": a_trace,
    "GetSamplingTargets": report,
    "GetInsight": insight,
    "GetInsightEvents": insight,
    "GetInsightImpactGraph": insight,
    "ListRetrievedTraces": retrieval,
    "GetRetrievedTracesGraph": retrieval,
    "CancelTraceRetrieval": retrieval,
    "UpdateIndexingRule": indexing,
    "PutEncryptionConfig": lambda _cli, _named: {"Type": "NONE"},
    "UpdateTraceSegmentDestination": lambda _cli, _named: {"Destination": "XRay"},
    "PutResourcePolicy": policy,
    "DeleteResourcePolicy": policy_of,
    "CreateSamplingRule": rule,
    "UpdateSamplingRule": change_of,
    "DeleteSamplingRule": rule_of,
    "CreateGroup": group,
    "UpdateGroup": lambda cli, named: group_of(cli, named) | {"FilterExpression": "error"},
    "DeleteGroup": group_of,
    "GetGroup": group_of,
    "TagResource": tagged,
    "UntagResource": tagged,
    "ListTagsForResource": tagged,
}
"""What an operation is asked for beyond the model, by its name."""


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The CLI without anybody's settings, on a server of its own."""
    folder = tmp_path_factory.mktemp("cli")
    with fluoro_up(folder) as fluoro:
        yield Cli(fluoro, folder)


@pytest.mark.parametrize("operation", sorted(NAMES - INSIGHTS))
def test_ends_well(cli: Cli, operation: str):
    """The CLI knows the operation, takes the answer, and prints members that the model has."""
    answer = cli.ask(operation)
    shape = cli._model.operation_model(operation).output_shape
    assert answer.keys() <= shape.members.keys()


@pytest.mark.parametrize("operation", sorted(NAMES & INSIGHTS))
def test_no_insight(cli: Cli, operation: str):
    """The CLI shows the modelled error."""
    finished = cli.run(operation)
    assert finished.returncode in REFUSED
    assert "InvalidRequestException" in finished.stderr


def test_what_is_put_is_read(cli: Cli):
    """A segment that the CLI put is in the trace that it reads."""
    assert cli.ask("PutTraceSegments")["UnprocessedTraceSegments"] == []
    (trace,) = cli.ask("BatchGetTraces")["Traces"]
    assert trace["Id"] == cli.trace
    assert json.loads(trace["Segments"][0]["Document"])["name"] == "cli"
