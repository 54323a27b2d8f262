"""Every operation as clients ask it, and the table in docs/reference/api.md that says so.

A row of the table is made of what its test ran, and compared. With FLUORO_WRITE_TABLE=1 (without
xdist) the tests write their rows instead.
"""

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from asking import INSIGHTS, Asking
from aws_cli import Cli
from fluoro.server.operations import OPERATIONS
from fluoro_up import Fluoro, fluoro_up
from service_model import (
    MODEL,
    PATHS,
    body,
    cases,
    faults_of,
    members_of,
    place,
    structures_of,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
IS_WRITING = bool(os.environ.get("FLUORO_WRITE_TABLE"))
NAMES = [operation.name for operation in OPERATIONS]
CASES = list(cases())
REFUSED = "InvalidRequestException"
REFUSED_STATUS = 255, 254
"""The CLI's for an error of the service; version 1 and version 2."""
UNPAGED = frozenset({"NextToken"})
"""What the answer to a question about little has not."""

NEEDED: dict[str, dict[str, str]] = {
    "GetSamplingRules": {
        "SamplingRuleRecords[]": "CreatedAt ModifiedAt",
        "SamplingRuleRecords[].SamplingRule": "RuleName RuleARN ResourceARN Priority FixedRate"
        " ReservoirSize ServiceName ServiceType Host HTTPMethod URLPath Version Attributes",
    },
    "GetSamplingTargets": {
        "SamplingTargetDocuments[]": "RuleName FixedRate ReservoirQuota ReservoirQuotaTTL Interval",
        "UnprocessedStatistics[]": "RuleName ErrorCode Message",
        "UnprocessedBoostStatistics[]": "RuleName ErrorCode Message",
    },
    "GetServiceGraph": {
        "Services[]": "ReferenceId Name Names Edges",
        "Services[].Edges[]": "ReferenceId SummaryStatistics ResponseTimeHistogram Aliases",
        "Services[].ResponseTimeHistogram[]": "Value Count",
    },
    "GetTraceGraph": {
        "Services[]": "ReferenceId Name Names Edges",
        "Services[].Edges[]": "ReferenceId SummaryStatistics ResponseTimeHistogram Aliases",
    },
    "GetTraceSummaries": {
        "TraceSummaries[]": "Id Duration Http Annotations Users ServiceIds EntryPoint HasFault"
        " HasError HasThrottle FaultRootCauses ErrorRootCauses ResponseTimeRootCauses",
        "TraceSummaries[].Annotations{}[]": "AnnotationValue ServiceIds",
        "TraceSummaries[].FaultRootCauses[].Services[]": "Name Names Type EntityPath",
        "TraceSummaries[].ErrorRootCauses[].Services[]": "Name Names Type EntityPath",
        "TraceSummaries[].ResponseTimeRootCauses[].Services[]": "Name Names Type EntityPath",
    },
    "GetTimeSeriesServiceStatistics": {
        "TimeSeriesServiceStatistics[]": "Timestamp ServiceSummaryStatistics"
        " ServiceForecastStatistics ResponseTimeHistogram",
    },
    "BatchGetTraces": {
        "Traces[]": "Id Duration LimitExceeded Segments",
        "Traces[].Segments[]": "Id Document",
    },
    "PutTraceSegments": {"UnprocessedTraceSegments[]": "ErrorCode Message"},
    "ListRetrievedTraces": {"Traces[].Spans[]": "Id Document"},
    "GetRetrievedTracesGraph": {"Services[]": "Service Links"},
}
"""Members that SDKs (of the two sampling calls) and Grafana fail without, in each structure."""


class Asked:
    """One server with data, and the ways to ask it."""

    def __init__(self, fluoro: Fluoro, folder: Path) -> None:
        self.server = fluoro.server
        self.asking = Asking(fluoro.xray)
        self.cli = Cli(fluoro.server, folder)
        self.answered = b""
        fluoro.xray.meta.events.register("after-call.xray.*", self._keep)
        self.asking.prepare()

    def _keep(self, http_response: Any, **_: Any) -> None:
        """Keep the body that boto3 reads."""
        self.answered = http_response.content

    def post(self, operation: str, members: Any) -> tuple[int, str | None, str]:
        """Status, name of the error and body of a bare request."""
        text = json.dumps(members).encode()
        request = urllib.request.Request(f"{self.server}{PATHS[operation]}", text)  # noqa: S310  our own
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  the same
                return answer.status, None, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["x-amzn-ErrorType"], error.read().decode()


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server of its own."""
    folder = tmp_path_factory.mktemp("asked")
    with fluoro_up(folder) as fluoro:
        yield Asked(fluoro, folder)


@pytest.mark.parametrize("operation", NAMES)
def test_row(asked: Asked, operation: str):
    """The table says what boto3, the limits of the model and the AWS CLI come to."""
    try:
        cells = [
            f"`{operation}`",
            through_boto3(asked, operation),
            at_and_beyond_limits(asked, operation),
            through_cli(asked, operation),
        ]
    finally:
        asked.asking.tidy()
    row = f"| {' | '.join(cells)} |"
    if IS_WRITING:
        pattern = rf"^\| `{operation}` \| (?!`/).*$"
        PAGE.write_text(re.sub(pattern, lambda _: row, PAGE.read_text(), flags=re.MULTILINE))
    assert f"\n{row}\n" in PAGE.read_text()


def through_boto3(asked: Asked, operation: str) -> str:
    """The answer is of the modelled shape and has what clients need; how much of the shape."""
    members = asked.asking.members(operation, "boto3")
    if operation in INSIGHTS:
        with pytest.raises(botocore.exceptions.ClientError) as refusal:
            asked.asking.ask(operation, members)
        return f"`{refusal.value.response['Error']['Code']}`"
    parsed = asked.asking.ask(operation, members)
    shape = MODEL.operation_model(operation).output_shape
    answer = json.loads(asked.answered)
    assert not [*faults_of(shape, answer)]
    assert parsed.keys() - {"ResponseMetadata"} == answer.keys() == shape.members.keys() - UNPAGED
    structures = [*structures_of(shape, answer)]
    for path, names in NEEDED.get(operation, {}).items():
        found = [each for where, each in structures if where == path]
        assert found, path
        assert all(set(names.split()) <= each.keys() for each in found), path
    has = {f"{path}.{name}".lstrip(".") for path, each in structures for name in each}
    all_there_are = members_of(shape)
    return f"{len(has)} of {len(all_there_are)}" if all_there_are else "none to have"


def at_and_beyond_limits(asked: Asked, operation: str) -> str:
    """What is at the edge of a limit is let through, what is beyond is refused; how many."""
    found = [case for case in CASES if case.operation == operation]
    for case in found:
        status, error, _ = asked.post(operation, body(case, case.beyond))
        assert (status, error) == (400, REFUSED), case
        if case.edge is not None:
            status, _, text = asked.post(operation, body(case, case.edge))
            assert status < 500, case
            assert f"Value at '{place(case)}'" not in text, case
    return f"{len(found)} hold" if found else "none to hold"


def through_cli(asked: Asked, operation: str) -> str:
    """It ends well and prints members that the model has."""
    finished = asked.cli.run(operation, asked.asking.members(operation, "cli"))
    if operation in INSIGHTS:
        assert finished.returncode in REFUSED_STATUS
        assert REFUSED in finished.stderr
        return f"`{REFUSED}`"
    assert finished.returncode == 0, finished.stderr
    printed = json.loads(finished.stdout or "{}")  # the CLI prints nothing for `{}`
    assert printed.keys() <= MODEL.operation_model(operation).output_shape.members.keys()
    return "answers"


def test_what_is_put_is_read(asked: Asked):
    """A segment that the CLI put is in the trace that it reads."""
    put = asked.cli.run("PutTraceSegments", asked.asking.members("PutTraceSegments", "cli"))
    assert len(json.loads(put.stdout)["UnprocessedTraceSegments"]) == 1
    read = asked.cli.run("BatchGetTraces", {"TraceIds": [asked.asking.trace]})
    (trace,) = json.loads(read.stdout)["Traces"]
    assert trace["Id"] == asked.asking.trace
    assert json.loads(trace["Segments"][0]["Document"])["name"] == "web"
