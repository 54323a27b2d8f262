"""The insight operations: there are none yet, and requests are checked all the same."""

import pytest

NOW_S = 1_700_000_000
DAY_S = 86_400
ID = "12345678-1234-4234-8234-1234567890ab"
WINDOW = {"StartTime": NOW_S - 3600, "EndTime": NOW_S}


def message(answer):
    """The text of a refusal."""
    assert answer.status_code == 400
    assert answer.headers["x-amzn-ErrorType"] == "InvalidRequestException"
    return answer.json()["message"]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"GroupName": "Default"},
        {"GroupARN": "arn:aws:xray:us-east-1:000000000000:group/Default"},
        {"States": []},
        {"States": ["CLOSED"], "MaxResults": 100},
        {"StartTime": NOW_S - 30 * DAY_S},
    ],
)
def test_there_are_no_insights(server, members):
    """An empty list, never a token."""
    answer = server.call("/InsightSummaries", WINDOW | members)
    assert (answer.status_code, answer.json()) == (200, {"InsightSummaries": []})


@pytest.mark.parametrize("path", ["/Insight", "/InsightEvents", "/InsightImpactGraph"])
def test_every_insight_is_unknown(server, path):
    """An id that nothing has."""
    assert message(server.call(path, WINDOW | {"InsightId": ID})) == "Insight not found."


@pytest.mark.parametrize("path", ["/Insight", "/InsightEvents", "/InsightImpactGraph"])
@pytest.mark.parametrize("id_", ["", "x", ID + "0", " " + ID, ID + "\n", ID.replace("-4", "-6")])
def test_what_is_no_id(server, path, id_):
    """The pattern holds for the whole of it."""
    assert "'insightId'" in message(server.call(path, WINDOW | {"InsightId": id_}))


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"States": ["ACTIVE", "CLOSED"]}, "'states'"),
        ({"States": ["OPEN"]}, "'states["),
        ({"MaxResults": 0}, "'maxResults'"),
        ({"MaxResults": 101}, "'maxResults'"),
        ({"GroupName": ""}, "'groupName'"),
        ({"GroupName": "x" * 33}, "'groupName'"),
        ({"GroupARN": ""}, "'groupARN'"),
        ({"GroupARN": "x" * 401}, "'groupARN'"),
        ({"NextToken": ""}, "'nextToken'"),
        ({"NextToken": "x" * 2001}, "'nextToken'"),
        ({"NextToken": "x"}, "Invalid token x"),
        ({"GroupName": "other"}, "Group not found."),
        ({"StartTime": NOW_S - 31 * DAY_S}, "'startTime'"),
        ({"EndTime": 1}, "End time cannot be earlier than start time"),
    ],
)
def test_summaries_that_are_refused(server, members, text):
    """Every bound of the model, and what the documentation says of the window."""
    assert text in message(server.call("/InsightSummaries", WINDOW | members))


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"MaxResults": 0}, "'maxResults'"),
        ({"MaxResults": 51}, "'maxResults'"),
        ({"MaxResults": 50}, "Insight not found."),
        ({"NextToken": ""}, "'nextToken'"),
        ({"NextToken": "x"}, "Invalid token x"),
    ],
)
def test_events_that_are_refused(server, members, text):
    """Every bound of the model."""
    assert text in message(server.call("/InsightEvents", {"InsightId": ID} | members))


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"StartTime": NOW_S - 6 * 3600}, "Insight not found."),
        ({"StartTime": NOW_S - 6 * 3600 - 1}, "'endTime'"),
        ({"StartTime": 1, "EndTime": 2}, "'startTime'"),
        ({"EndTime": 1}, "End time cannot be earlier than start time"),
        ({"NextToken": "x" * 2001}, "'nextToken'"),
        ({"NextToken": "x"}, "Invalid token x"),
    ],
)
def test_impact_graphs_that_are_refused(server, members, text):
    """At most six hours of the last thirty days."""
    body = WINDOW | {"InsightId": ID} | members
    assert text in message(server.call("/InsightImpactGraph", body))
