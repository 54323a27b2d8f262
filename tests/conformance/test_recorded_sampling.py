"""Replayed, not run: the sampling calls that SDKs were recorded with, byte for byte to an agent.

.NET has no runtime here, so its recorded requests stand for it: it asks for the rules without a
body and tells times with milliseconds. Source: `tests/wire/*-sampling-http.ndjson`.
"""

import contextlib
import http.client
import json
import socket
from typing import Any

import pytest

from captures import sampling_calls
from fluoro_up import Fluoro

LIMIT_S = 20
CALLS = sampling_calls()
RULE = {
    "RuleName",
    "RuleARN",
    "Priority",
    "FixedRate",
    "ReservoirSize",
    "Host",
    "HTTPMethod",
    "URLPath",
    "ServiceName",
    "ServiceType",
    "ResourceARN",
    "Version",
    "Attributes",
}
TARGET = {"RuleName", "FixedRate", "ReservoirQuota", "ReservoirQuotaTTL", "Interval"}

pytestmark = pytest.mark.replayed


def replay(fluoro: Fluoro, request: bytes) -> dict[str, Any]:
    """The answer to the very bytes."""
    host, _, port = fluoro.agent.rpartition(":")
    with socket.create_connection((host, int(port)), LIMIT_S) as connection:
        connection.sendall(request)
        with contextlib.closing(http.client.HTTPResponse(connection)) as answer:
            answer.begin()
            assert answer.status == http.client.OK
            assert answer.headers["Content-Type"] == "application/json"
            return json.loads(answer.read())


def of(path: str) -> list[Any]:
    """The recorded calls to `path`, each named by its SDK."""
    start = f"POST {path} ".encode()
    return [
        pytest.param(call.request, id=f"{call.file}-{call.seq}")
        for call in CALLS
        if call.request.startswith(start)
    ]


def test_dotnet_sends_no_body():
    """What is replayed for .NET is the call that no other SDK here makes: without a body."""
    first = next(call.request for call in CALLS if call.file.startswith("dotnet"))
    head, _, body = first.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /GetSamplingRules ")
    assert b"\r\nContent-Length: 0" in head
    assert body == b""


@pytest.mark.parametrize("request_bytes", of("/GetSamplingRules"))
def test_rules(fluoro: Fluoro, request_bytes: bytes):
    """Default is one of the rules, with the members that all SDKs want, none null."""
    rules = [one["SamplingRule"] for one in replay(fluoro, request_bytes)["SamplingRuleRecords"]]
    (default,) = (rule for rule in rules if rule["RuleName"] == "Default")
    assert default.keys() == RULE
    assert None not in default.values()


@pytest.mark.parametrize("request_bytes", of("/SamplingTargets"))
def test_targets(fluoro: Fluoro, request_bytes: bytes):
    """Every report has its target, with numbers for times."""
    sent = json.loads(request_bytes.partition(b"\r\n\r\n")[2])["SamplingStatisticsDocuments"]
    answer = replay(fluoro, request_bytes)
    targets = answer["SamplingTargetDocuments"]
    assert [one["RuleName"] for one in targets] == [one["RuleName"] for one in sent]
    assert all(one.keys() == TARGET for one in targets)
    assert all(isinstance(one["ReservoirQuotaTTL"], int | float) for one in targets)
    assert isinstance(answer["LastRuleModification"], int | float)
    assert answer["UnprocessedStatistics"] == []
