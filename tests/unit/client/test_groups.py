from inline_snapshot import snapshot

from fluoro.client.answers import Group, Insights
from fluoro.client.groups import group_details, groups_table

GROUPS = [
    Group("Default", "arn:aws:xray:eu-west-1:111122223333:group/Default"),
    Group("slow", "arn:…/slow", "duration > 1", Insights(insights_enabled=True)),
    Group("loud", "arn:…/loud", "fault", Insights(True, True)),  # noqa: FBT003  its members
]


def test_the_list(text):
    """Default holds everything."""
    assert text(groups_table(GROUPS, 80), 80) == snapshot("""\

group    filter expression  insights
Default  all traces         off
slow     duration > 1       on
loud     fault              on, with notifications
""")


def test_one(text):
    """With its ARN."""
    assert text(group_details(GROUPS[2]), 80) == snapshot("""\

name               loud
filter expression  fault
insights           on, with notifications
ARN                arn:…/loud
""")
