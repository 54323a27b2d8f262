"""Shapes of groups and of tags. Source: botocore's service model of X-Ray."""

from typing import Annotated

from msgspec import Meta

from fluoro.wire.xray_api import Shape, Tag
from fluoro.wire.xray_members import FilterExpression, GroupArn, GroupName

Tags = Annotated[list[Tag], Meta(max_length=200)]

_Arn = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1011,
        examples=["arn:aws:xray:us-east-1:000000000000:sampling-rule/Default"],
    ),
]
_TagKey = Annotated[str, Meta(min_length=1, max_length=128)]


# --- groups ---


class InsightsConfiguration(Shape, frozen=True, omit_defaults=False):
    """What is to be looked out for in a group."""

    insights_enabled: bool | None = False
    notifications_enabled: bool | None = False


class Group(Shape, frozen=True, omit_defaults=False):
    """A name for the traces that a filter expression holds for; Default has none and holds all."""

    group_name: str
    group_arn: str
    filter_expression: str | None
    insights_configuration: InsightsConfiguration = InsightsConfiguration()


class GroupResult(Shape, frozen=True):
    """One group."""

    group: Group


class CreateGroupRequest(Shape, frozen=True):
    """A group that is to be."""

    group_name: Annotated[GroupName, Meta(pattern=r"^[A-Za-z0-9_-]+\Z")]
    filter_expression: FilterExpression | None = None
    insights_configuration: InsightsConfiguration | None = None
    tags: Tags | None = None


class UpdateGroupRequest(Shape, frozen=True):
    """What is to change of a group; absent members stay."""

    group_name: GroupName | None = None
    group_arn: GroupArn | None = None
    filter_expression: FilterExpression | None = None
    insights_configuration: InsightsConfiguration | None = None


class NamedGroupRequest(Shape, frozen=True):
    """A group by name or by ARN: what GetGroup and DeleteGroup take."""

    group_name: GroupName | None = None
    group_arn: GroupArn | None = None


class GetGroupsRequest(Shape, frozen=True):
    """A token, which no answer ever had."""

    next_token: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class GetGroupsResult(Shape, frozen=True):
    """All groups."""

    groups: list[Group]


# --- tags ---


class TagResourceRequest(Shape, frozen=True):
    """Tags to add to a group or a sampling rule, or to change."""

    resource_arn: _Arn
    tags: Tags


class UntagResourceRequest(Shape, frozen=True):
    """Keys of tags to take away."""

    resource_arn: _Arn
    tag_keys: Annotated[list[_TagKey], Meta(max_length=200)]


class ListTagsForResourceRequest(Shape, frozen=True):
    """Whose tags; the token is ignored."""

    resource_arn: _Arn
    next_token: str | None = None


class ListTagsForResourceResult(Shape, frozen=True):
    """All tags, by key."""

    tags: list[Tag]
