"""What `rootcause` finds: elements of root causes, and whole ones by a pattern.

Source: spec of filter expressions, section 5.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from fluoro.filters.fields import Values
from fluoro.filters.tree import (
    CausePattern,
    EntityPattern,
    ExceptionPattern,
    Field,
    RootCauseKind,
    RootCausePart,
    RootCausePattern,
    ServicePattern,
)
from fluoro.traces.root_causes import (
    Cause,
    CauseEntity,
    CauseException,
    CauseService,
    RootCauses,
)

_Element = CauseService | CauseEntity | CauseException
_Wanted = TypeVar("_Wanted")
_Found = TypeVar("_Found")


def elements(
    causes: RootCauses, kind: RootCauseKind, part: RootCausePart
) -> Iterator[Callable[[Field], Values]]:
    """The services, entities or exceptions of each root cause; for each the values of its fields.

    Entities and exceptions are counted along the whole root cause, over all its services.
    """
    for cause in _of_kind(causes, kind):
        found = _PARTS[part](cause)
        for index, element in enumerate(found):
            yield partial(_values, element, index, len(found))


def fits(causes: RootCauses, pattern: RootCausePattern) -> bool:
    """Whether some root cause fits some of the patterns."""
    kinds: Sequence[RootCauseKind] = ("fault", "error", "responsetime")
    return any(
        _cause_fits(wanted, cause)
        for kind in (kinds if pattern.kind is None else (pattern.kind,))
        for cause in _of_kind(causes, kind)
        for wanted in pattern.patterns
    )


def _of_kind(causes: RootCauses, kind: RootCauseKind) -> Sequence[Cause]:
    match kind:
        case "fault":
            return causes.fault
        case "error":
            return causes.error
        case _:
            return causes.response_time


def _services(cause: Cause) -> Sequence[_Element]:
    return cause.services


def _entities(cause: Cause) -> Sequence[_Element]:
    return [entity for service in cause.services for entity in service.entities]


def _exceptions(cause: Cause) -> Sequence[_Element]:
    return [
        exception
        for service in cause.services
        for entity in service.entities
        for exception in entity.exceptions
    ]


_PARTS: dict[RootCausePart, Callable[[Cause], Sequence[_Element]]] = {
    "service": _services,
    "entity": _entities,
    "exception": _exceptions,
}


_MEMBERS = {"inferred": "is_inferred", "remote": "is_remote"}
"""Members of the elements that are named otherwise than the keyword."""


def _values(element: _Element, index: int, count: int, field: Field) -> Values:
    match field.keyword:
        case "index":
            return (float(index),)
        case "first":
            return (index == 0,)
        case "last":
            return (index == count - 1,)
        case keyword:
            value: str | bool | float | None = getattr(element, _MEMBERS.get(keyword, keyword))
            return () if value is None or value == "" else (value,)


def _cause_fits(wanted: CausePattern, cause: Cause) -> bool:
    return _equal(wanted.client_impacting, cause.is_client_impacting) and _each(
        wanted.services, cause.services, _service_fits
    )


def _service_fits(wanted: ServicePattern, service: CauseService) -> bool:
    return (
        _equal(wanted.name, service.name)
        and _equal(wanted.names, (service.name,))
        and _equal(wanted.type, service.type)
        and _equal(wanted.account_id, service.account)
        and _equal(wanted.inferred, service.is_inferred)
        and _each(wanted.entity_path, service.entities, _entity_fits)
    )


def _entity_fits(wanted: EntityPattern, entity: CauseEntity) -> bool:
    return (
        _equal(wanted.name, entity.name)
        and _equal(wanted.remote, entity.is_remote)
        and _equal(wanted.coverage, entity.coverage)
        and _each(wanted.exceptions, entity.exceptions, _exception_fits)
    )


def _exception_fits(wanted: ExceptionPattern, exception: CauseException) -> bool:
    return _equal(wanted.name, exception.name) and _equal(wanted.message, exception.message)


def _equal(wanted: object, found: object) -> bool:
    """What is not given fits; null is an empty text."""
    return wanted is msgspec.UNSET or ("" if wanted is None else wanted) == found


def _each(
    wanted: Sequence[_Wanted] | msgspec.UnsetType,
    found: Sequence[_Found],
    fit: Callable[[_Wanted, _Found], bool],
) -> bool:
    """Lists fit item by item, and only lists of one length."""
    if isinstance(wanted, msgspec.UnsetType):
        return True
    return len(wanted) == len(found) and all(map(fit, wanted, found))
