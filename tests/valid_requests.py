"""One valid request of every operation, for tests; clocks stand at `NOW_S`."""

from sampling_rules import new_rule

TRACE = "1-6553f100-00000000000000000000000a"
INSIGHT = "12345678-1234-4234-8234-1234567890ab"
RULE_ARN = "arn:aws:xray:us-east-1:000000000000:sampling-rule/Default"
NOW_S = 1_700_000_000
VALID = {
    "PutTraceSegments": {"TraceSegmentDocuments": ["{}"]},
    "BatchGetTraces": {"TraceIds": [TRACE]},
    "GetTraceSummaries": {"StartTime": 1, "EndTime": 2},
    "GetServiceGraph": {"StartTime": 1, "EndTime": 2},
    "GetTimeSeriesServiceStatistics": {"StartTime": 1, "EndTime": 100},
    "GetTraceGraph": {"TraceIds": [TRACE]},
    "GetSamplingRules": {},
    "CreateSamplingRule": {"SamplingRule": new_rule()},
    "UpdateSamplingRule": {"SamplingRuleUpdate": {"RuleName": "Default"}},
    "DeleteSamplingRule": {"RuleName": "r"},
    "GetSamplingTargets": {"SamplingStatisticsDocuments": []},
    "GetSamplingStatisticSummaries": {},
    "PutTelemetryRecords": {"TelemetryRecords": [{"Timestamp": 1}]},
    "CreateGroup": {"GroupName": "g", "FilterExpression": "fault"},
    "UpdateGroup": {"GroupName": "g", "FilterExpression": "fault"},
    "DeleteGroup": {"GroupName": "g"},
    "GetGroup": {"GroupName": "Default"},
    "GetGroups": {},
    "TagResource": {"ResourceARN": RULE_ARN, "Tags": [{"Key": "team", "Value": "a"}]},
    "UntagResource": {"ResourceARN": RULE_ARN, "TagKeys": ["team"]},
    "ListTagsForResource": {"ResourceARN": RULE_ARN},
    "GetInsight": {"InsightId": INSIGHT},
    "GetInsightSummaries": {"StartTime": NOW_S, "EndTime": NOW_S},
    "GetInsightEvents": {"InsightId": INSIGHT},
    "GetInsightImpactGraph": {"InsightId": INSIGHT, "StartTime": NOW_S, "EndTime": NOW_S},
    "StartTraceRetrieval": {"TraceIds": [TRACE], "StartTime": 1, "EndTime": 2},
    "ListRetrievedTraces": {"RetrievalToken": "x"},
    "GetRetrievedTracesGraph": {"RetrievalToken": "x"},
    "CancelTraceRetrieval": {"RetrievalToken": "x"},
    "GetEncryptionConfig": {},
    "PutEncryptionConfig": {"Type": "NONE"},
    "GetTraceSegmentDestination": {},
    "UpdateTraceSegmentDestination": {},
    "GetIndexingRules": {},
    "UpdateIndexingRule": {
        "Name": "Default",
        "Rule": {"Probabilistic": {"DesiredSamplingPercentage": 1}},
    },
    "PutResourcePolicy": {"PolicyName": "p", "PolicyDocument": "{}"},
    "ListResourcePolicies": {},
    "DeleteResourcePolicy": {"PolicyName": "p"},
}
