"""GetTimeSeriesServiceStatistics."""

import pytest

NOW_S = 1_700_000_000  # 20 s after a full minute, 200 s after a multiple of 300
PATH = "/TimeSeriesServiceStatistics"
ROUND_S = NOW_S - 20


@pytest.fixture
def ask(server):
    """Buckets of an hour around everything, and what else a request says."""

    def ask(**members):
        body = {"StartTime": ROUND_S - 1800, "EndTime": ROUND_S + 1800} | members
        answer = server.call(PATH, body)
        assert answer.status_code == 200, answer.text
        return answer.json()["TimeSeriesServiceStatistics"]

    return ask


@pytest.fixture
def shop(server, document, trace_id):
    """Root web in two minutes and the next but one; the first one fails, and calls api."""
    call = {
        "id": f"{9:016x}",
        "name": "api",
        "namespace": "remote",
        "start_time": NOW_S + 0.1,
        "end_time": NOW_S + 0.4,
    }
    server.put(
        document(1, trace_id(1), fault=True, subsegments=[call]),
        document(2, trace_id(2), start=1.0),
        document(3, trace_id(3), start=130.0, seconds=2.0),
    )
    return server


def counts(bucket, kind="Edge"):
    summary = bucket[f"{kind}SummaryStatistics"]
    return summary["OkCount"], summary["FaultStatistics"]["TotalCount"], summary["TotalCount"]


def test_without_a_selector_each_root_counts_once(shop, ask):
    """The sum of all edges from clients, by the minute in which they ended, newest first."""
    found = ask()
    assert [each["Timestamp"] for each in found] == [ROUND_S + 180, ROUND_S + 60]
    assert [counts(each) for each in found] == [(1, 0, 1), (1, 1, 2)]
    assert all("ServiceSummaryStatistics" not in each for each in found)
    assert found[0]["EdgeSummaryStatistics"]["TotalResponseTime"] == 2.0


def test_the_histogram_holds_what_is_counted(shop, ask):
    """Values in seconds with counts."""
    for bucket in ask():
        entries = bucket["ResponseTimeHistogram"]
        total = bucket["EdgeSummaryStatistics"]["TotalCount"]
        assert sum(entry["Count"] for entry in entries) == total


def test_five_minutes_end_at_their_multiples(shop, ask):
    """Minutes are added up."""
    found = ask(Period=300)
    assert [each["Timestamp"] % 300 for each in found] == [0] * len(found)
    assert sum(counts(each)[2] for each in found) == 3


@pytest.mark.parametrize(
    ("selector", "kind", "expected"),
    [
        ('service("web")', "Service", [(1, 0, 1), (1, 1, 2)]),
        ('service(id(name: "web", type: ""))', "Service", [(1, 0, 1), (1, 1, 2)]),
        ("service()", "Service", [(1, 0, 1), (2, 1, 3)]),
        ('edge("web", "web")', "Edge", [(1, 0, 1), (1, 1, 2)]),
        ('edge(id(name: "web", type: "client"), "web")', "Edge", [(1, 0, 1), (1, 1, 2)]),
        ("edge(,)", "Edge", [(1, 0, 1), (2, 1, 3)]),
    ],
)
def test_a_selector_chooses_nodes_or_edges(shop, ask, selector, kind, expected):
    """Services have service statistics, edges edge statistics."""
    assert [counts(each, kind) for each in ask(EntitySelectorExpression=selector)] == expected


def test_a_minute_without_any_of_the_selected_is_there_and_empty(shop, ask):
    """Something else ended in it."""
    last, first = ask(EntitySelectorExpression='edge("web", "api")')
    assert counts(first) == (1, 0, 1)
    assert last == {"Timestamp": ROUND_S + 180, "ServiceForecastStatistics": {}}


def test_a_bucket_belongs_to_the_range_its_end_is_in(shop, ask):
    """The range's begin belongs to it, its end does not."""
    assert len(ask(StartTime=ROUND_S + 60, EndTime=ROUND_S + 180)) == 1
    assert len(ask(StartTime=ROUND_S + 60, EndTime=ROUND_S + 181)) == 2
    assert len(ask(StartTime=ROUND_S + 61, EndTime=ROUND_S + 180)) == 0


def test_long_ranges_come_in_pages(shop):
    """Every bucket once, newest first; an empty page may come in between."""
    body = {"StartTime": ROUND_S - 3 * 86_400, "EndTime": ROUND_S + 3 * 86_400}
    found, pages = [], 0
    while True:
        page = shop.call(PATH, body).json()
        found += [each["Timestamp"] for each in page["TimeSeriesServiceStatistics"]]
        pages += 1
        if "NextToken" not in page:
            break
        body["NextToken"] = page["NextToken"]
    assert found == [ROUND_S + 180, ROUND_S + 60]
    assert pages > 1
    refused = shop.call(PATH, body | {"Period": 300})
    assert refused.json()["message"] == f"Invalid token {body['NextToken']}"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Period": 120}, "Time period must be one of [60, 300]"),
        ({"NextToken": "x"}, "Invalid token x"),
        ({"GroupName": "other"}, "Group not found."),
        ({"EndTime": 1}, "End time cannot be earlier than start time"),
        (
            {"EntitySelectorExpression": 'service("a{") {fault}'},
            "Error Location: line 1, position 15 : Invalid input symbol: '{'",
        ),
        (
            {"EntitySelectorExpression": " fault"},
            "Error Location: line 1, position 2 : Invalid input symbol: 'fault'",
        ),
        (
            {"EntitySelectorExpression": 'service("' + "x" * 500 + '")'},
            "Entity selector exceeds 500 characters",
        ),
    ],
)
def test_what_is_refused(server, members, message):
    """In AWS's words where they are known."""
    body = {"StartTime": ROUND_S, "EndTime": ROUND_S + 60} | members
    answer = server.call(PATH, body)
    assert answer.status_code == 400
    assert answer.json()["message"] == message
