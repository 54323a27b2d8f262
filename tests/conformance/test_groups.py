"""Groups and tags through boto3 as it ships, on a server with its store."""

import datetime as dt
import json
import time

import pytest


def test_a_group_from_its_making_to_its_end(fluoro):
    """Made, tagged, asked for in every read that takes a group, changed, deleted."""
    xray = fluoro.xray
    now_s = time.time()
    trace_id = f"1-{int(now_s):08x}-{'0' * 21}abc"
    document = {
        "trace_id": trace_id,
        "id": "00000000000000ab",
        "name": "grouped",
        "start_time": now_s - 0.5,
        "end_time": now_s - 0.25,
        "fault": True,
    }
    xray.put_trace_segments(TraceSegmentDocuments=[json.dumps(document)])
    made = xray.create_group(
        GroupName="failures",
        FilterExpression='service("grouped") AND fault',
        Tags=[{"Key": "team", "Value": "a"}],
    )["Group"]
    arn = made["GroupARN"]
    assert xray.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    pages = xray.get_paginator("get_groups").paginate()
    assert [each["GroupName"] for page in pages for each in page["Groups"]] == [
        "Default",
        "failures",
    ]
    start = dt.datetime.fromtimestamp(now_s - 300, dt.UTC)
    end = dt.datetime.fromtimestamp(now_s + 300, dt.UTC)
    window = {"StartTime": start, "EndTime": end}
    services = xray.get_service_graph(**window, GroupName="failures")["Services"]
    assert {each["Name"] for each in services} == {"grouped"}
    found = xray.get_trace_summaries(**window, FilterExpression='group.name = "failures"')
    assert [each["Id"] for each in found["TraceSummaries"]] == [trace_id]
    series = xray.get_time_series_service_statistics(
        **window, GroupARN=arn, EntitySelectorExpression='service("grouped")'
    )["TimeSeriesServiceStatistics"]
    counts = [point.get("ServiceSummaryStatistics", {}).get("TotalCount", 0) for point in series]
    assert sum(counts) == 1
    assert xray.get_insight_summaries(**window, GroupName="failures")["InsightSummaries"] == []
    changed = xray.update_group(GroupARN=arn, FilterExpression="!fault")["Group"]
    assert changed["FilterExpression"] == "!fault"
    services = xray.get_service_graph(**window, GroupName="failures")["Services"]
    assert "grouped" not in {each["Name"] for each in services}
    xray.delete_group(GroupName="failures")
    with pytest.raises(xray.exceptions.InvalidRequestException, match="Group not found"):
        xray.get_group(GroupName="failures")
    with pytest.raises(xray.exceptions.ResourceNotFoundException) as refused:
        xray.list_tags_for_resource(ResourceARN=arn)
    assert refused.value.response["ResourceName"] == arn
