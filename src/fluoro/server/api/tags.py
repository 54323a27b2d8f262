"""TagResource, UntagResource and ListTagsForResource: tags of groups and of sampling rules.

Source: spec of groups, section 1; botocore's service model.
"""

from fluoro.errors import NotFoundError
from fluoro.model.tenant import Tenant
from fluoro.server import tags
from fluoro.server.api.sampling_rules import kept_rules
from fluoro.server.backend import Backend
from fluoro.server.groups import kept_groups
from fluoro.wire.xray_api import Empty, Tag
from fluoro.wire.xray_groups import (
    ListTagsForResourceRequest,
    ListTagsForResourceResult,
    TagResourceRequest,
    UntagResourceRequest,
)


def tag_resource(backend: Backend, tenant: Tenant, request: TagResourceRequest) -> Empty:
    """Add tags to a group or a sampling rule, up to 50, or change those of the same keys.

    Raises:
        NotFoundError: There is no group or rule of this ARN.
        InputError: A tag cannot be so.
        TooManyTagsError: There would be more than 50.
    """
    _check(backend, tenant, request.resource_arn)
    added = tags.read(request.resource_arn, request.tags)
    tags.merge(backend.storage, tenant, request.resource_arn, added)
    return Empty()


def untag_resource(backend: Backend, tenant: Tenant, request: UntagResourceRequest) -> Empty:
    """Take tags away; those that are not there are no error.

    Raises:
        NotFoundError: There is no group or rule of this ARN.
    """
    _check(backend, tenant, request.resource_arn)
    tags.merge(backend.storage, tenant, request.resource_arn, {}, request.tag_keys)
    return Empty()


def list_tags_for_resource(
    backend: Backend, tenant: Tenant, request: ListTagsForResourceRequest
) -> ListTagsForResourceResult:
    """All tags of a group or a sampling rule by key, on one page whatever the token.

    Raises:
        NotFoundError: There is no group or rule of this ARN.
    """
    _check(backend, tenant, request.resource_arn)
    found = tags.tags_of(backend.storage, tenant, request.resource_arn)
    return ListTagsForResourceResult([Tag(key, found[key]) for key in sorted(found)])


def _check(backend: Backend, tenant: Tenant, arn: str) -> None:
    """Return when an ARN is of a group or of a sampling rule that is there."""
    rules = (kept.record.sampling_rule.rule_arn for kept in kept_rules(backend, tenant).values())
    groups = (kept.group.arn for kept in kept_groups(backend.storage, tenant).values())
    if arn not in {*rules, *groups}:
        raise NotFoundError(f"Resource {arn} not found", resource=arn)
