"""Tags of groups and sampling rules, by the ARN of each. Source: spec of groups, section 1."""

import contextlib
import re
from collections.abc import Iterable, Mapping

import msgspec

from fluoro.errors import InputError, ResourceChangedError, ThrottledError, TooManyTagsError
from fluoro.model.tenant import Tenant
from fluoro.server.requests import invalid
from fluoro.store.storage import Storage
from fluoro.wire.xray_api import Tag

MOST_TAGS = 50
"""Of one resource."""

_KIND = "tags"
_ATTEMPTS = 10
_RESERVED = "aws:"
_ALLOWED = re.compile(r"[\w +\-=.:/@]*")
"""Letters and digits of any script, spaces, and a few signs."""

_TAGS = msgspec.json.Decoder(dict[str, str])


def read(arn: str, given: Iterable[Tag]) -> dict[str, str]:
    """The tags of a request, by key.

    Raises:
        InputError: A key is there twice, begins with `aws:`, or has a character it cannot have.
        TooManyTagsError: There are more than 50.
    """
    found: dict[str, str] = {}
    for number, tag in enumerate(given):
        if tag.key.lower().startswith(_RESERVED):
            raise invalid(f"Tags[{number}].Key", f"Member must not begin with {_RESERVED}")
        for member, text in (("Key", tag.key), ("Value", tag.value)):
            if not _ALLOWED.fullmatch(text):
                raise invalid(
                    f"Tags[{number}].{member}",
                    "Member must have letters, digits, spaces and + - = . _ : / @ only",
                )
        if tag.key in found:
            raise InputError(f"The tag key {tag.key} is there twice.")
        found[tag.key] = tag.value
    _check(arn, found)
    return found


def tags_of(storage: Storage, tenant: Tenant, arn: str) -> Mapping[str, str]:
    """The tags of a resource, by key."""
    return _kept(storage, tenant, arn)[1]


def merge(
    storage: Storage,
    tenant: Tenant,
    arn: str,
    added: Mapping[str, str],
    removed: Iterable[str] = (),
) -> None:
    """Add tags or change them, and take others away.

    Raises:
        TooManyTagsError: The resource would have more than 50.
        ThrottledError: Too many change them at the same time.
    """
    for _ in range(_ATTEMPTS):
        revision, before = _kept(storage, tenant, arn)
        tags = {key: value for key, value in before.items() if key not in set(removed)}
        tags.update(added)
        _check(arn, tags)
        with contextlib.suppress(ResourceChangedError):
            _write(storage, tenant, arn, tags, revision)
            return
    raise ThrottledError(f"the tags of {arn} are being changed by many; try again")


def replace(storage: Storage, tenant: Tenant, arn: str, tags: Mapping[str, str]) -> None:
    """The tags of a resource that is new, or, with none, that is no more."""
    revision, _ = _kept(storage, tenant, arn)
    _write(storage, tenant, arn, tags, revision)


def _kept(storage: Storage, tenant: Tenant, arn: str) -> tuple[int, Mapping[str, str]]:
    """The revision in the store, 0 when there is none, and the tags."""
    for resource in storage.resources(tenant, _KIND):
        if resource.name == arn:
            return resource.revision, _TAGS.decode(resource.body)
    return 0, {}


def _write(
    storage: Storage, tenant: Tenant, arn: str, tags: Mapping[str, str], revision: int
) -> None:
    if tags:
        storage.write_resource(tenant, _KIND, arn, msgspec.json.encode(tags).decode(), revision)
    elif revision:
        storage.write_resource(tenant, _KIND, arn, None, revision)


def _check(arn: str, tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        raise TooManyTagsError(f"A resource can have at most {MOST_TAGS} tags.", arn)
