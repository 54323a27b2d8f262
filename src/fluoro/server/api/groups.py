"""CreateGroup, UpdateGroup, DeleteGroup, GetGroup and GetGroups.

Source: spec of groups, section 1; botocore's service model.
"""

import base64
import secrets

import msgspec

from fluoro.errors import FilterTypeError, InputError, ResourceChangedError
from fluoro.filters.groups import names_group
from fluoro.filters.parser import parse
from fluoro.model.tenant import Tenant
from fluoro.server import groups, tags
from fluoro.server.backend import Backend
from fluoro.server.groups import DEFAULT, KIND, Group, Kept
from fluoro.server.requests import invalid
from fluoro.wire import xray_groups as wire
from fluoro.wire.xray_api import Empty

MOST_GROUPS = 25
"""With Default."""

_SUFFIX_BYTES = 32


def create_group(
    backend: Backend, tenant: Tenant, request: wire.CreateGroupRequest
) -> wire.GroupResult:
    """Name the traces that a filter expression holds for, past ones too; up to 25 with Default.

    Raises:
        InputError: The name is taken, the filter is empty or wrong, there are 25 groups,
            or it is to notify without insights.
        TooManyTagsError: It has more than 50 tags.
    """
    name = request.group_name
    kept = groups.kept_groups(backend.storage, tenant)
    if name in kept:
        raise _taken(name)
    if len(kept) >= MOST_GROUPS:
        raise InputError(f"There can be at most {MOST_GROUPS} groups.")
    suffix = base64.b32encode(secrets.token_bytes(_SUFFIX_BYTES)).decode().rstrip("=")
    group = _with(
        Group(name, f"{groups.arn_of(tenant, name)}/{suffix}"),
        request.filter_expression or "",
        request.insights_configuration,
    )
    given = tags.read(group.arn, request.tags or [])
    try:
        _write(backend, tenant, group, after=0)
    except ResourceChangedError as error:
        raise _taken(name) from error
    tags.replace(backend.storage, tenant, group.arn, given)
    return wire.GroupResult(_shape(group))


def update_group(
    backend: Backend, tenant: Tenant, request: wire.UpdateGroupRequest
) -> wire.GroupResult:
    """Change the filter, or what is looked out for; what is absent stays.

    Raises:
        InputError: There is no such group, it is Default, or it cannot be so.
        ResourceChangedError: Somebody else changed it at the same time.
    """
    kept = _one(backend, tenant, request.group_name, request.group_arn)
    _not_default(kept, "updated")
    before = kept.group.filter_expression or ""
    text = before if request.filter_expression is None else request.filter_expression
    group = _with(kept.group, text, request.insights_configuration)
    _write(backend, tenant, group, kept.revision)
    return wire.GroupResult(_shape(group))


def delete_group(backend: Backend, tenant: Tenant, request: wire.NamedGroupRequest) -> Empty:
    """Delete a group by name or ARN; its traces stay.

    Raises:
        InputError: There is no such group, or it is Default.
        ResourceChangedError: Somebody else changed it at the same time.
    """
    kept = _one(backend, tenant, request.group_name, request.group_arn)
    _not_default(kept, "deleted")
    backend.storage.write_resource(tenant, KIND, kept.group.name, None, kept.revision)
    tags.replace(backend.storage, tenant, kept.group.arn, {})
    return Empty()


def get_group(
    backend: Backend, tenant: Tenant, request: wire.NamedGroupRequest
) -> wire.GroupResult:
    """One group by name or ARN.

    Raises:
        InputError: There is no such group.
    """
    return wire.GroupResult(
        _shape(_one(backend, tenant, request.group_name, request.group_arn).group)
    )


def get_groups(
    backend: Backend, tenant: Tenant, request: wire.GetGroupsRequest
) -> wire.GetGroupsResult:
    """All groups on one page, Default first, the others by name.

    Raises:
        InputError: A token is given.
    """
    if request.next_token is not None:
        raise InputError("Next Token not supported")
    kept = groups.kept_groups(backend.storage, tenant)
    return wire.GetGroupsResult([_shape(each.group) for each in kept.values()])


def _one(backend: Backend, tenant: Tenant, name: str | None, arn: str | None) -> Kept:
    """The group that a request names in one of the two ways."""
    if (name is None) is (arn is None):
        raise InputError("Either GroupName or GroupARN must be given, and not both.")
    return groups.find(backend.storage, tenant, name, arn)


def _not_default(kept: Kept, what: str) -> None:
    if kept.group.name == DEFAULT:
        raise InputError(f"The group {DEFAULT} cannot be {what}.")


def _with(group: Group, text: str, insights: wire.InsightsConfiguration | None) -> Group:
    """A group with another filter and, when there are any, other settings."""
    expression = parse(text)
    if expression is None:
        raise InputError("Filter Expression is empty")
    if names_group(expression):
        raise FilterTypeError("The filter of a group cannot name a group", 0)
    group = msgspec.structs.replace(group, filter_expression=text)
    if insights is None:
        return group
    if insights.notifications_enabled and not insights.insights_enabled:
        raise invalid(
            "InsightsConfiguration.NotificationsEnabled",
            "Member must not be true when InsightsEnabled is not",
        )
    return msgspec.structs.replace(
        group,
        insights_enabled=bool(insights.insights_enabled),
        notifications_enabled=bool(insights.notifications_enabled),
    )


def _write(backend: Backend, tenant: Tenant, group: Group, after: int) -> None:
    body = msgspec.json.encode(group).decode()
    backend.storage.write_resource(tenant, KIND, group.name, body, after)


def _taken(name: str) -> InputError:
    return InputError(f"A group named {name} already exists.")


def _shape(group: Group) -> wire.Group:
    return wire.Group(
        group.name,
        group.arn,
        group.filter_expression,
        wire.InsightsConfiguration(group.insights_enabled, group.notifications_enabled),
    )
