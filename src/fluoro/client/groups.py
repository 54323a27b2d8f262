"""Groups as tables."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from fluoro.client.answers import Group, Insights
from fluoro.client.screen import QUIET, details, prose, table, words

_ALL = "all traces"


def groups_table(groups: Sequence[Group], width: int) -> Table:
    """A row for each group."""
    rows = [
        (
            Text(each.group_name, style="bold"),
            Text(each.filter_expression) if each.filter_expression else Text(_ALL, style=QUIET),
            insights(each.insights_configuration),
        )
        for each in groups
    ]
    columns = [words("group"), prose("filter expression", at_least=20), words("insights")]
    return table(columns, rows, width)


def group_details(group: Group) -> Table:
    """All of one group."""
    return details(
        [
            ("name", group.group_name),
            ("filter expression", group.filter_expression or _ALL),
            ("insights", insights(group.insights_configuration)),
            ("ARN", group.group_arn),
        ]
    )


def insights(configuration: Insights) -> str:
    """What is looked out for."""
    if not configuration.insights_enabled:
        return "off"
    return "on, with notifications" if configuration.notifications_enabled else "on"
