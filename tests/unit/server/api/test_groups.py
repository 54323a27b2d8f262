"""Groups: made, changed, deleted, listed."""

import re

import pytest

from fluoro.server import groups

ARN = "arn:aws:xray:us-east-1:000000000000:group/"
OFF = {"InsightsEnabled": False, "NotificationsEnabled": False}
DEFAULT = {
    "GroupName": "Default",
    "GroupARN": f"{ARN}Default",
    "FilterExpression": None,
    "InsightsConfiguration": OFF,
}
NOW_S = 1_700_000_000
WINDOW = {"StartTime": NOW_S - 60, "EndTime": NOW_S + 60}


def make(server, name="slow", text="duration > 1", **members):
    """Make a group; the answer."""
    body = {"GroupName": name, "FilterExpression": text} | members
    return server.call("/CreateGroup", body)


def made(server, name="slow", text="duration > 1", **members):
    """Make a group; the group."""
    answer = make(server, name, text, **members)
    assert answer.status_code == 200, answer.text
    return answer.json()["Group"]


def listed(server):
    """All groups, in the order they come in."""
    found = server.call("/Groups").json()
    assert found.keys() == {"Groups"}
    return found["Groups"]


def refused(answer):
    """The text of a refusal."""
    expected = (400, "InvalidRequestException")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == expected
    return answer.json()["message"]


def nodes(server, **members):
    """Names of the nodes of a graph."""
    answer = server.call("/ServiceGraph", WINDOW | members)
    assert answer.status_code == 200, answer.text
    return {node["Name"] for node in answer.json()["Services"] if node.get("Type") != "client"}


@pytest.fixture
def two(server, document):
    """A trace of `web`, which failed, and one of `api`, each one second long."""
    server.put(
        document(1, name="web", trace_id="1-6553f100-00000000000000000000000a", fault=True),
        document(2, name="api", trace_id="1-6553f100-00000000000000000000000b"),
    )
    return server


def test_default_is_always_there(server):
    """Without a filter: it holds everything."""
    assert listed(server) == [DEFAULT]
    for body in ({"GroupName": "Default"}, {"GroupARN": f"{ARN}Default"}):
        assert server.call("/GetGroup", body).json() == {"Group": DEFAULT}


def test_a_group_comes_back_as_it_was_made(server):
    """By name, by ARN, and in the list behind Default."""
    group = made(server, InsightsConfiguration={"InsightsEnabled": True})
    assert re.fullmatch(f"{ARN}slow/[A-Z2-7]{{52}}", group["GroupARN"])
    assert group == {
        "GroupName": "slow",
        "GroupARN": group["GroupARN"],
        "FilterExpression": "duration > 1",
        "InsightsConfiguration": {"InsightsEnabled": True, "NotificationsEnabled": False},
    }
    for body in ({"GroupName": "slow"}, {"GroupARN": group["GroupARN"]}):
        assert server.call("/GetGroup", body).json() == {"Group": group}
    assert listed(server) == [DEFAULT, group]


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"GroupName": "Default"}, "A group named Default already exists."),
        ({"GroupName": "a b"}, "'groupName'"),
        ({"GroupName": "x" * 33}, "'groupName'"),
        ({"FilterExpression": ""}, "Filter Expression is empty"),
        ({"FilterExpression": " \t"}, "Filter Expression is empty"),
        ({"FilterExpression": None}, "Filter Expression is empty"),
        ({"FilterExpression": "duration >"}, "expected"),
        ({"FilterExpression": 'group.name = "slow"'}, "cannot name a group"),
        ({"InsightsConfiguration": {"NotificationsEnabled": True}}, "notificationsEnabled"),
    ],
)
def test_what_is_no_group(server, members, text):
    """Refused, and nothing is kept."""
    body = {"GroupName": "g", "FilterExpression": "fault"} | members
    assert text in refused(server.call("/CreateGroup", body))
    assert listed(server) == [DEFAULT]


def test_the_26th_group_is_refused(server):
    """Counted with Default."""
    for number in range(24):
        made(server, f"g{number}")
    assert "at most 25" in refused(make(server, "one-more"))


def test_a_name_is_taken_once(server):
    """A second group of the name is refused, and the first one stays."""
    first = made(server)
    assert "already exists" in refused(make(server, text="fault"))
    assert listed(server) == [DEFAULT, first]


def test_a_change_keeps_what_is_absent(server):
    """The filter, or the settings, or both."""
    group = made(server, InsightsConfiguration={"InsightsEnabled": True})
    answer = server.call("/UpdateGroup", {"GroupName": "slow", "FilterExpression": "fault"})
    assert answer.json()["Group"] == group | {"FilterExpression": "fault"}
    body = {"GroupARN": group["GroupARN"], "InsightsConfiguration": {"InsightsEnabled": False}}
    answer = server.call("/UpdateGroup", body)
    changed = group | {"FilterExpression": "fault", "InsightsConfiguration": OFF}
    assert answer.json()["Group"] == changed
    assert listed(server) == [DEFAULT, changed]


def test_a_group_made_again_has_another_arn(server):
    """So what named the old one does not mean the new one."""
    old = made(server)
    assert server.call("/DeleteGroup", {"GroupARN": old["GroupARN"]}).json() == {}
    assert listed(server) == [DEFAULT]
    assert made(server)["GroupARN"] != old["GroupARN"]
    assert refused(server.call("/GetGroup", {"GroupARN": old["GroupARN"]})) == "Group not found."


@pytest.mark.parametrize("path", ["/GetGroup", "/UpdateGroup", "/DeleteGroup"])
def test_one_group_is_named_in_one_way(server, path):
    """Neither name nor ARN, or both, is refused; so is a group that is not there."""
    filter_ = {"FilterExpression": "fault"}
    for named in ({}, {"GroupName": "Default", "GroupARN": f"{ARN}Default"}):
        assert refused(server.call(path, filter_ | named)).startswith("Either GroupName")
    assert refused(server.call(path, filter_ | {"GroupName": "x"})) == "Group not found."


@pytest.mark.parametrize("path", ["/UpdateGroup", "/DeleteGroup"])
def test_default_stays_as_it_is(server, path):
    """It is neither changed nor deleted."""
    body = {"GroupName": "Default", "FilterExpression": "fault"}
    assert refused(server.call(path, body)).startswith("The group Default cannot be")


def test_a_token_is_refused(server):
    """No answer ever had one."""
    assert refused(server.call("/Groups", {"NextToken": "x"})) == "Next Token not supported"


def test_a_groups_graph_is_that_of_its_traces(two):
    """Also of those that came before the group, and by the filter of now."""
    group = made(two, "failed", "fault")
    assert nodes(two) == {"web", "api"}
    assert nodes(two, GroupName="failed") == {"web"}
    assert nodes(two, GroupARN=group["GroupARN"], GroupName="failed") == {"web"}
    two.call("/UpdateGroup", {"GroupName": "failed", "FilterExpression": "!fault"})
    assert nodes(two, GroupName="failed") == {"api"}
    two.call("/DeleteGroup", {"GroupName": "failed"})
    answer = two.call("/ServiceGraph", WINDOW | {"GroupName": "failed"})
    assert refused(answer) == "Group not found."


def test_a_group_without_traces(two):
    """No node, and no point of a series."""
    made(two)
    assert nodes(two, GroupName="slow") == set()
    series = two.call("/TimeSeriesServiceStatistics", WINDOW | {"GroupName": "slow"}).json()
    points = series["TimeSeriesServiceStatistics"]
    assert not any("EdgeSummaryStatistics" in point for point in points)


def test_a_groups_series_counts_its_traces(two):
    """Of all requests of clients those of the group."""
    made(two, "failed", "fault")

    def requests(**members):
        body = {"StartTime": NOW_S - 60, "EndTime": NOW_S + 120} | members
        answer = two.call("/TimeSeriesServiceStatistics", body).json()
        return sum(
            point["EdgeSummaryStatistics"]["TotalCount"]
            for point in answer["TimeSeriesServiceStatistics"]
            if "EdgeSummaryStatistics" in point
        )

    assert (requests(), requests(GroupName="failed")) == (2, 1)


def test_a_group_stands_for_its_filter(two):
    """In filter expressions, by name and by ARN."""
    group = made(two, "failed", "fault")
    for text in ('group.name = "failed"', f'group.arn = "{group["GroupARN"]}"'):
        answer = two.call("/TraceSummaries", WINDOW | {"FilterExpression": text}).json()
        (summary,) = answer["TraceSummaries"]
        assert summary["HasFault"]


def test_too_many_traces_are_refused(two, monkeypatch):
    """Not left out in silence."""
    monkeypatch.setattr(groups, "MOST_TRACES", 1)
    made(two, "all", "duration >= 0")
    answer = two.call("/ServiceGraph", WINDOW | {"GroupName": "all"})
    assert "more than 1 traces in this range" in refused(answer)
