"""Groups: filter expressions under a name, and the traces that they hold for.

A group's present filter decides at the time of the question, over the past too; AWS decides when a
trace comes. Source: spec of groups, section 1; of the service graph, section 7.
"""

from collections.abc import Mapping

import msgspec

from fluoro.errors import InputError
from fluoro.filters.groups import expand_groups
from fluoro.filters.parser import parse
from fluoro.filters.tree import Constant, Expression
from fluoro.model.tenant import Tenant
from fluoro.store.storage import Search, Storage

KIND = "group"
"""Of the resources."""

DEFAULT = "Default"
"""The group of all traces, which is always there."""

MOST_TRACES = 50_000
"""Of a group, that one answer is counted from."""

_PLACE = ":group/"


class Group(msgspec.Struct, frozen=True):
    """A group as it is kept. Without a filter it holds all traces: only Default has none."""

    name: str
    arn: str
    filter_expression: str | None = None
    insights_enabled: bool = False
    notifications_enabled: bool = False


class Kept(msgspec.Struct, frozen=True):
    """A group in the store, and its revision there: 0 for Default, which is not kept."""

    group: Group
    revision: int = 0


_GROUP = msgspec.json.Decoder(Group)


def kept_groups(storage: Storage, tenant: Tenant) -> Mapping[str, Kept]:
    """All groups by name, Default first."""
    kept = {
        resource.name: Kept(_GROUP.decode(resource.body), resource.revision)
        for resource in storage.resources(tenant, KIND)
    }
    return {DEFAULT: Kept(Group(DEFAULT, arn_of(tenant, DEFAULT))), **kept}


def arn_of(tenant: Tenant, name: str) -> str:
    """The ARN of a group, but for what tells it from one of that name before."""
    return f"arn:aws:xray:{tenant.region}:{tenant.account}{_PLACE}{name}"


def find(storage: Storage, tenant: Tenant, name: str | None, arn: str | None) -> Kept:
    """The group that a name and an ARN, or one of them, are of.

    Raises:
        InputError: There is none.
    """
    for kept in kept_groups(storage, tenant).values():
        if name in (None, kept.group.name) and (arn is None or _is_of(arn, kept.group)):
            return kept
    raise InputError("Group not found.")


def read_filter(storage: Storage, tenant: Tenant, text: str) -> Expression | None:
    """A filter expression with its groups put in; None without one.

    Raises:
        FilterSyntaxError: It is none.
        FilterTypeError: It names a group that names a group.
    """
    expression = parse(text)

    def filter_of(name: str) -> Expression | None:
        for kept in kept_groups(storage, tenant).values():
            if name == kept.group.name or _is_of(name, kept.group):
                return _filter(kept.group) or Constant(value=True)
        return None

    return None if expression is None else expand_groups(expression, filter_of)


def traces_of(
    storage: Storage,
    tenant: Tenant,
    name: str | None,
    arn: str | None,
    window: tuple[int, int],
) -> list[str] | None:
    """The traces of a group that count in a window (epoch microseconds); None for all there are.

    Raises:
        InputError: There is no such group, or it has more than 50,000 of them.
    """
    if arn is None and name in {None, DEFAULT}:
        return None
    group = find(storage, tenant, name, arn).group
    expression = _filter(group)
    if expression is None:
        return None
    began_us = storage.began_us(tenant, *window)
    if began_us is None:
        return []
    found: set[str] = set()
    for some in storage.matching(tenant, Search(began_us, window[1], expression)):
        found.update(some)
        if len(found) > MOST_TRACES:
            raise InputError(
                f"The group {group.name} has more than {MOST_TRACES} traces in this range:"
                " ask for a shorter one"
            )
    return sorted(found)


def _filter(group: Group) -> Expression | None:
    return parse(group.filter_expression or "")


def _is_of(arn: str, group: Group) -> bool:
    """Whether an ARN is a group's; AWS's own tools add an ending to that of Default."""
    return arn == group.arn or (group.name == DEFAULT and arn.startswith(f"{group.arn}/"))
