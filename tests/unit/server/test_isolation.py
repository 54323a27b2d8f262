"""Accounts and regions by operations: what one tenant has, no other one sees or changes."""

import json
from typing import NamedTuple

import pytest

from fluoro.model.keys import AccessKey
from fluoro.server.operations import OPERATIONS
from fluoro.wire import sigv4
from sampling_rules import new_rule
from valid_requests import INSIGHT, NOW_S, TRACE, VALID

PATHS = {operation.name: operation.path for operation in OPERATIONS}
KEYS = [
    AccessKey(id=name, secret=f"secret-of-{name}-long", account=account, role="admin")
    for name, account in [("OWNER", "1" * 12), ("OTHER", "2" * 12)]
]
SECRETS = {key.id: key.secret for key in KEYS}
TOKEN = "put the owner's here"  # noqa: S105  a place in the requests below
GROUP = "arn:aws:xray:us-east-1:111111111111:group/g/put-the-owner-s-here"

WINDOW = {"StartTime": NOW_S - 60, "EndTime": NOW_S + 600}
REPORT = {
    "SamplingStatisticsDocuments": [
        {
            "RuleName": "r",
            "ClientID": "c" * 24,
            "Timestamp": NOW_S,
            "RequestCount": 5,
            "SampledCount": 2,
        }
    ]
}
SEGMENT = {
    "id": "000000000000000a",
    "trace_id": TRACE,
    "name": "web",
    "start_time": NOW_S,
    "end_time": NOW_S + 1,
}

HAS = [
    ("PutTraceSegments", {"TraceSegmentDocuments": [json.dumps(SEGMENT)]}),
    (
        "CreateGroup",
        {"GroupName": "g", "FilterExpression": "ok", "Tags": [{"Key": "k", "Value": "v"}]},
    ),
    ("CreateSamplingRule", {"SamplingRule": new_rule()}),
    ("GetSamplingTargets", REPORT),
    ("PutResourcePolicy", {"PolicyName": "p", "PolicyDocument": "{}"}),
    ("PutEncryptionConfig", {"Type": "KMS", "KeyId": "alias/owner"}),
    ("UpdateTraceSegmentDestination", {"Destination": "CloudWatchLogs"}),
    ("UpdateIndexingRule", VALID["UpdateIndexingRule"]),
]
"""What the owner does first, besides StartTraceRetrieval."""

READS = {
    "BatchGetTraces": VALID["BatchGetTraces"],
    "GetTraceSummaries": WINDOW,
    "GetServiceGraph": WINDOW,
    "GetTimeSeriesServiceStatistics": WINDOW,
    "GetTraceGraph": VALID["GetTraceGraph"],
    "GetSamplingRules": {},
    "GetSamplingTargets": REPORT,
    "GetSamplingStatisticSummaries": {},
    "GetGroup": {"GroupName": "g"},
    "GetGroups": {},
    "ListTagsForResource": {"ResourceARN": GROUP},
    "GetInsightSummaries": WINDOW | {"GroupName": "g"},
    "ListRetrievedTraces": {"RetrievalToken": TOKEN},
    "GetRetrievedTracesGraph": {"RetrievalToken": TOKEN},
    "GetEncryptionConfig": {},
    "GetTraceSegmentDestination": {},
    "GetIndexingRules": {},
    "ListResourcePolicies": {},
}
"""Questions whose answer is the owner's alone."""

CHANGES = {
    "PutTraceSegments": {"TraceSegmentDocuments": [json.dumps(SEGMENT | {"name": "api"})]},
    "PutTelemetryRecords": VALID["PutTelemetryRecords"],
    "UpdateSamplingRule": {"SamplingRuleUpdate": {"RuleName": "r", "FixedRate": 0.7}},
    "DeleteSamplingRule": {"RuleName": "r"},
    "CreateSamplingRule": {"SamplingRule": new_rule(Priority=1)},
    "UpdateGroup": {"GroupName": "g", "FilterExpression": "throttle"},
    "DeleteGroup": {"GroupARN": GROUP},
    "CreateGroup": {"GroupName": "g", "FilterExpression": "fault"},
    "TagResource": {"ResourceARN": GROUP, "Tags": [{"Key": "k", "Value": "w"}]},
    "UntagResource": {"ResourceARN": GROUP, "TagKeys": ["k"]},
    "StartTraceRetrieval": {"TraceIds": [TRACE], **WINDOW},
    "CancelTraceRetrieval": {"RetrievalToken": TOKEN},
    "PutEncryptionConfig": {"Type": "NONE"},
    "UpdateTraceSegmentDestination": {"Destination": "XRay"},
    "UpdateIndexingRule": {
        "Name": "Default",
        "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 99}},
    },
    "DeleteResourcePolicy": {"PolicyName": "p"},
    "PutResourcePolicy": {"PolicyName": "p", "PolicyDocument": '{"Statement": []}'},
}
"""What others do to things of the owner's name."""

NOTHING_YET = {"GetInsight", "GetInsightEvents", "GetInsightImpactGraph"}
"""Nobody has any insights."""


class Tenant(NamedTuple):
    """Who asks."""

    key: str
    region: str


OWNER = Tenant("OWNER", "us-east-1")
OTHERS = [Tenant("OTHER", "us-east-1"), Tenant("OWNER", "eu-west-1"), Tenant("OTHER", "eu-west-1")]


class World:
    """A server, and what the owner's things are called."""

    def __init__(self, server):
        self.server = server
        self.names = {}

    def ask(self, tenant, operation, members):
        """Status and JSON of an answer."""
        text = json.dumps(members)
        for place, name in self.names.items():
            text = text.replace(place, name)
        body, path = text.encode(), PATHS[operation]
        credentials = sigv4.Credentials(tenant.key, SECRETS[tenant.key], tenant.region)
        head = sigv4.Head("POST", path, "", [("host", "testserver")])
        headers = sigv4.sign(head, body, credentials, self.server.now_s)
        answer = self.server.call(path, body, **headers)
        return answer.status_code, answer.json()

    def reads(self, tenant):
        """The answers to every question."""
        return {name: self.ask(tenant, name, members) for name, members in READS.items()}

    def furnish(self):
        """Let the owner have one of everything."""
        for operation, members in HAS:
            status, answer = self.ask(OWNER, operation, members)
            assert status == 200, answer
        _, group = self.ask(OWNER, "GetGroup", {"GroupName": "g"})
        _, retrieval = self.ask(OWNER, "StartTraceRetrieval", CHANGES["StartTraceRetrieval"])
        self.names = {GROUP: group["Group"]["GroupARN"], TOKEN: retrieval["RetrievalToken"]}
        self.server.now_s += 10  # statistics are of the last full ten seconds


@pytest.fixture
def world(make):
    """A server where one tenant has one of everything."""
    made = World(make(keys=KEYS))
    made.furnish()
    return made


@pytest.fixture
def empty(make, world):
    """One of the same time and names, where nobody has anything."""
    made = World(make(keys=KEYS))
    made.names, made.server.now_s = world.names, world.server.now_s
    return made


def test_every_operation_is_looked_at():
    """A new one is a read or a change, and says so above."""
    assert READS.keys() | CHANGES.keys() | NOTHING_YET == PATHS.keys()


def test_the_owner_sees_its_own(world, empty):
    """Each answer differs from that of an empty server, so it has something to hide."""
    found, nothing = world.reads(OWNER), empty.reads(OWNER)
    assert {status for status, _ in found.values()} == {200}
    assert [name for name in READS if found[name] == nothing[name]] == []


@pytest.mark.parametrize("tenant", OTHERS, ids="-".join)
def test_nothing_leaks(world, empty, tenant):
    """Another account, another region: each answer is that of an empty server, word by word."""
    assert world.reads(tenant) == empty.reads(tenant)


@pytest.mark.parametrize("tenant", OTHERS, ids="-".join)
def test_nothing_is_changed_from_elsewhere(world, tenant):
    """Whatever another tenant does to the same names."""
    world.reads(OWNER)  # the first report of a client makes its later shares others
    before = world.reads(OWNER)
    for operation, members in CHANGES.items():
        status, answer = world.ask(tenant, operation, members)
        assert status in {200, 400, 404}, answer
    assert world.reads(OWNER) == before


@pytest.mark.parametrize("operation", ["GetInsight", "GetInsightEvents", "GetInsightImpactGraph"])
def test_nobody_has_insights_yet(world, operation):
    """The owner's answer is that of others."""
    members = VALID[operation] | {"InsightId": INSIGHT}
    answers = [world.ask(tenant, operation, members) for tenant in (OWNER, *OTHERS)]
    assert all(answer == answers[0] for answer in answers)
