"""What every operation is asked of a running server, so that each has something to answer.

A new operation is asked with what its shape requires; what that cannot tell stands in `GIVEN`.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

from service_model import MODEL

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "xray:*", "Resource": "*"}],
}
INSIGHTS = frozenset({"GetInsight", "GetInsightEvents", "GetInsightImpactGraph"})
"""There are no insights, so the true answer is that this one is not found."""
_CLIENT = "c" * 24
_OTHER_TRACE = f"1-00000001-{'d' * 24}"


class Asking:
    """Members of requests to one server; what they need to be there is made through boto3."""

    def __init__(self, xray: Any) -> None:
        self._xray = xray
        self._now = int(time.time())
        self.trace = f"1-{self._now:08x}-{'c' * 24}"

    def prepare(self) -> None:
        """Put a trace that has everything: its error, its fault, links, annotations, a machine."""
        self.ask("PutTraceSegments", {"TraceSegmentDocuments": self.documents()})
        self.ask("GetSamplingTargets", self.members("GetSamplingTargets", ""))

    def documents(self) -> list[str]:
        """Of the trace."""
        return [json.dumps(each) for each in documents(self.trace, self._now - 30)]

    def tidy(self) -> None:
        """Delete what operations made, so that no limit of numbers is reached."""
        for group in self.ask("GetGroups", {})["Groups"]:
            if group["GroupName"] != "Default":
                self.ask("DeleteGroup", {"GroupName": group["GroupName"]})
        for record in self.ask("GetSamplingRules", {})["SamplingRuleRecords"]:
            if (name := record["SamplingRule"]["RuleName"]) != "Default":
                self.ask("DeleteSamplingRule", {"RuleName": name})
        for policy in self.ask("ListResourcePolicies", {})["ResourcePolicies"]:
            self.ask("DeleteResourcePolicy", {"PolicyName": policy["PolicyName"]})

    def ask(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """The answer as boto3 gives it."""
        answer: dict[str, Any] = getattr(self._xray, xform_name(operation))(**members)
        return answer

    def members(self, operation: str, named: str) -> dict[str, Any]:
        """What to send, once what it needs is there; what is made has the name `named`."""
        shape = MODEL.operation_model(operation).input_shape
        found: dict[str, Any] = self._value(shape, "")
        if given := GIVEN.get(operation):
            found |= given(self, named)
        return found

    def _value(self, shape: Shape, name: str) -> Any:
        """Something that the model allows; a structure has only what it requires."""
        if isinstance(shape, StructureShape):
            return {each: self._value(shape.members[each], each) for each in shape.required_members}
        if isinstance(shape, ListShape):
            return [self._value(shape.member, name)]
        if shape.type_name == "timestamp":
            return self._now + 60 - 120 * (name == "StartTime")
        if shape.type_name == "string":
            return next(iter(shape.enum), {"TraceIds": self.trace}.get(name, name))
        return {"boolean": True}.get(shape.type_name, 1)

    def group(self, named: str) -> dict[str, Any]:
        """A group that is made for this."""
        made: dict[str, Any] = self.ask("CreateGroup", self.members("CreateGroup", named))["Group"]
        return made

    def retrieval(self) -> dict[str, Any]:
        """The token of a retrieval that is begun for this."""
        begun = self.ask("StartTraceRetrieval", self.members("StartTraceRetrieval", ""))
        return {"RetrievalToken": begun["RetrievalToken"]}

    def encryption(self) -> dict[str, Any]:
        """What is set for this."""
        return self.ask("PutEncryptionConfig", self.members("PutEncryptionConfig", ""))

    def rule(self, named: str) -> dict[str, Any]:
        """The name of a rule that is made for this."""
        self.ask("CreateSamplingRule", self.members("CreateSamplingRule", named))
        return {"RuleName": named}

    def policy(self, named: str) -> dict[str, Any]:
        """The name of a policy that is put for this."""
        self.ask("PutResourcePolicy", self.members("PutResourcePolicy", named))
        return {"PolicyName": named}

    def report(self) -> dict[str, Any]:
        """One client's report on the rule that is always there, and one on a rule that is not."""
        times = {"Timestamp": self._now}
        counts = {"RequestCount": 3, "SampledCount": 1, "BorrowCount": 1}
        boosts = {
            "ServiceName": "web",
            "AnomalyCount": 1,
            "TotalCount": 3,
            "SampledAnomalyCount": 1,
        }
        names = {"RuleName": "Default"}, {"RuleName": "gone"}
        return {
            "SamplingStatisticsDocuments": [
                name | times | counts | {"ClientID": _CLIENT} for name in names
            ],
            "SamplingBoostStatisticsDocuments": [name | times | boosts for name in names],
        }


def _new_rule(named: str) -> dict[str, Any]:
    matchers = ("ServiceName", "ServiceType", "Host", "HTTPMethod", "URLPath", "ResourceARN")
    numbers = {"Priority": 9000, "FixedRate": 0.5, "ReservoirSize": 1, "Version": 1}
    boost = {"SamplingRateBoost": {"MaxRate": 0.75, "CooldownWindowMinutes": 5}}
    named_so = {"RuleName": named, "Attributes": {"kind": "a*"}}
    return named_so | numbers | boost | dict.fromkeys(matchers, "*")


GIVEN: dict[str, Callable[[Asking, str], dict[str, Any]]] = {
    "PutTraceSegments": lambda asking, _: {"TraceSegmentDocuments": ["{}", *asking.documents()]},
    "GetSamplingRules": lambda asking, named: asking.rule(named) and {},
    "GetSamplingTargets": lambda asking, _: asking.report(),
    "GetTimeSeriesServiceStatistics": lambda *_: {"EntitySelectorExpression": 'service("web")'},
    "GetInsight": lambda *_: {"InsightId": "12345678-1234-4234-8234-1234567890ab"},
    "GetInsightEvents": lambda *_: {"InsightId": "12345678-1234-4234-8234-1234567890ab"},
    "GetInsightImpactGraph": lambda *_: {"InsightId": "12345678-1234-4234-8234-1234567890ab"},
    "ListRetrievedTraces": lambda asking, _: asking.retrieval(),
    "GetRetrievedTracesGraph": lambda asking, _: asking.retrieval(),
    "CancelTraceRetrieval": lambda asking, _: asking.retrieval(),
    "UpdateIndexingRule": lambda *_: {
        "Name": "Default",
        "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 5}},
    },
    "GetEncryptionConfig": lambda asking, _: asking.encryption() and {},
    "PutEncryptionConfig": lambda *_: {"Type": "KMS", "KeyId": "alias/a"},
    "UpdateTraceSegmentDestination": lambda *_: {"Destination": "XRay"},
    "PutResourcePolicy": lambda _, named: {
        "PolicyName": named,
        "PolicyDocument": json.dumps(POLICY),
    },
    "ListResourcePolicies": lambda asking, named: asking.policy(named) and {},
    "DeleteResourcePolicy": lambda asking, named: asking.policy(named),
    "CreateSamplingRule": lambda _, named: {"SamplingRule": _new_rule(named)},
    "UpdateSamplingRule": lambda asking, named: {
        "SamplingRuleUpdate": asking.rule(named) | {"FixedRate": 0.25}
    },
    "DeleteSamplingRule": lambda asking, named: asking.rule(named),
    "CreateGroup": lambda _, named: {
        "GroupName": named,
        "FilterExpression": "fault",
        "Tags": [{"Key": "team", "Value": "a"}],
    },
    "UpdateGroup": lambda asking, named: {
        "GroupName": asking.group(named)["GroupName"],
        "FilterExpression": "error",
    },
    "DeleteGroup": lambda asking, named: {"GroupName": asking.group(named)["GroupName"]},
    "GetGroup": lambda asking, named: {"GroupName": asking.group(named)["GroupName"]},
    "GetGroups": lambda asking, named: asking.group(named) and {},
    "TagResource": lambda asking, named: {"ResourceARN": asking.group(named)["GroupARN"]},
    "UntagResource": lambda asking, named: {"ResourceARN": asking.group(named)["GroupARN"]},
    "ListTagsForResource": lambda asking, named: {"ResourceARN": asking.group(named)["GroupARN"]},
}
"""What an operation is asked for beyond the model, by its name."""


def documents(trace: str, start: float) -> list[dict[str, Any]]:
    """A trace of web, which fails since api does, and of api, whose query is refused."""
    refused = {"id": "e" * 16, "type": "Refused", "message": "no way"}
    query = {
        "id": "000000000000000d",
        "name": "db.example",
        "namespace": "remote",
        "start_time": start + 0.2,
        "end_time": start + 0.8,
        "fault": True,
        "error": True,
        "sql": {"sanitized_query": "SELECT 1"},
        "cause": {"exceptions": [refused]},
    }
    call = {
        "id": "000000000000000b",
        "name": "api.example",
        "namespace": "remote",
        "start_time": start + 0.1,
        "end_time": start + 0.9,
        "fault": True,
        "error": True,
    }
    web = {
        "id": "000000000000000a",
        "name": "web",
        "origin": "AWS::EC2::Instance",
        "resource_arn": "arn:aws:ec2:us-east-1:123456789012:instance/i-1",
        "start_time": start,
        "end_time": start + 1,
        "fault": True,
        "error": True,
        "user": "ada",
        "http": {
            "request": {
                "method": "GET",
                "url": "http://web/",
                "user_agent": "curl",
                "client_ip": "192.0.2.1",
            },
            "response": {"status": 500},
        },
        "aws": {
            "account_id": "123456789012",
            "ec2": {"instance_id": "i-1", "availability_zone": "us-east-1a"},
        },
        "annotations": {"customer": 7, "is_new": True, "kind": "a"},
        "links": [
            {
                "trace_id": _OTHER_TRACE,
                "id": "f" * 16,
                "attributes": {"aws.xray.reserved.reference_type": "parent"},
            }
        ],
        "subsegments": [call],
    }
    api = {
        "id": "000000000000000c",
        "parent_id": "000000000000000b",
        "name": "api",
        "origin": "AWS::ECS::Container",
        "start_time": start + 0.15,
        "end_time": start + 0.9,
        "fault": True,
        "error": True,
        "cause": "e" * 16,
        "subsegments": [query],
    }
    return [{"trace_id": trace} | each for each in (web, api)]
