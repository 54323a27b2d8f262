"""The insight operations through boto3 as it ships."""

import time

import botocore.exceptions
import pytest

ID = "12345678-1234-4234-8234-1234567890ab"


def test_get_insight_summaries(fluoro):
    """No insights; the answer parses."""
    now = time.time()
    answer = fluoro.xray.get_insight_summaries(
        GroupName="Default", StartTime=now - 3600, EndTime=now, States=["ACTIVE"], MaxResults=100
    )
    assert answer["InsightSummaries"] == []
    assert "NextToken" not in answer


@pytest.mark.parametrize("name", ["get_insight", "get_insight_events", "get_insight_impact_graph"])
def test_unknown_insights(fluoro, name):
    """The modelled error, as boto3's own class."""
    now = time.time()
    window = {"StartTime": now - 3600, "EndTime": now} if name.endswith("graph") else {}
    with pytest.raises(fluoro.xray.exceptions.InvalidRequestException) as error:
        getattr(fluoro.xray, name)(InsightId=ID, **window)
    assert error.value.response["Error"]["Message"] == "Insight not found."
    assert isinstance(error.value, botocore.exceptions.ClientError)
