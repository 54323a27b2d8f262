"""`fluoro groups …`: the groups of an account."""

from typing import Annotated

from cyclopts import Parameter

from fluoro.cli.asking import Flags, Output, Source, opened, screen, show, show_json
from fluoro.client.answers import Groups, OneGroup, read
from fluoro.client.api import Answer
from fluoro.client.groups import group_details, groups_table
from fluoro.wire.xray_groups import (
    CreateGroupRequest,
    GetGroupsRequest,
    InsightsConfiguration,
    NamedGroupRequest,
    UpdateGroupRequest,
)

_Name = Annotated[str, Parameter(name="NAME")]
_LOCAL = Source()


def list_(*, source: Flags = _LOCAL, output: Output = "table") -> None:
    """Show all groups.

    Args:
        source: Its flags.
        output: A table, or JSON as GetGroups answers.
    """
    with opened(source) as api:
        answer = api.ask("GetGroups", GetGroupsRequest())
    if output == "json":
        show_json(screen(), answer)
    else:
        console = screen()
        show(console, groups_table(read(answer, Groups).groups, console.width))


def show_(name: _Name, /, *, source: Flags = _LOCAL, output: Output = "table") -> None:
    """Show one group.

    Args:
        name: Of the group.
        source: Its flags.
        output: A table, or JSON as GetGroup answers.
    """
    with opened(source) as api:
        _say(api.ask("GetGroup", NamedGroupRequest(name)), output)


def create(  # noqa: PLR0913  its flags
    name: _Name,
    /,
    *,
    filter_expression: str,
    insights_enabled: bool = False,
    notifications_enabled: bool = False,
    source: Flags = _LOCAL,
    output: Output = "table",
) -> None:
    """Make a group of the traces that a filter expression holds for, past ones too.

    Args:
        name: Of the group: letters, digits, - and _.
        filter_expression: Which traces, as in 'service("checkout")'.
        insights_enabled: Look out for anomalies in it.
        notifications_enabled: Tell of them.
        source: Its flags.
        output: A table, or JSON as CreateGroup answers.
    """
    insights = InsightsConfiguration(insights_enabled, notifications_enabled)
    with opened(source) as api:
        _say(api.ask("CreateGroup", CreateGroupRequest(name, filter_expression, insights)), output)


def update(  # noqa: PLR0913  its flags
    name: _Name,
    /,
    *,
    filter_expression: str | None = None,
    insights_enabled: bool | None = None,
    notifications_enabled: bool | None = None,
    source: Flags = _LOCAL,
    output: Output = "table",
) -> None:
    """Change a group; what is not said stays.

    Args:
        name: Of the group.
        filter_expression: Which traces.
        insights_enabled: Look out for anomalies in it.
        notifications_enabled: Tell of them.
        source: Its flags.
        output: A table, or JSON as UpdateGroup answers.
    """
    with opened(source) as api:
        before = read(api.ask("GetGroup", NamedGroupRequest(name)), OneGroup).group
        had = before.insights_configuration
        insights = InsightsConfiguration(
            had.insights_enabled if insights_enabled is None else insights_enabled,
            had.notifications_enabled if notifications_enabled is None else notifications_enabled,
        )
        request = UpdateGroupRequest(
            name,
            filter_expression=before.filter_expression or None
            if filter_expression is None
            else filter_expression,
            insights_configuration=insights,
        )
        _say(api.ask("UpdateGroup", request), output)


def delete(name: _Name, /, *, source: Flags = _LOCAL, output: Output = "table") -> None:
    """Delete a group; its traces stay.

    Args:
        name: Of the group.
        source: Its flags.
        output: A sentence, or JSON as DeleteGroup answers.
    """
    with opened(source) as api:
        answer = api.ask("DeleteGroup", NamedGroupRequest(name))
    if output == "json":
        show_json(screen(), answer)
    else:
        show(screen(), f"group {name} is deleted")


def _say(answer: Answer, output: Output) -> None:
    if output == "json":
        show_json(screen(), answer)
    else:
        show(screen(), group_details(read(answer, OneGroup).group))
