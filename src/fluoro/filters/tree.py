"""The tree of a filter expression. `offset` is the 0-based place of a part in the text.

What X-Ray does not have is marked *extension*. Source: spec of filter expressions, sections 1 to 6.
"""

from typing import Literal

import msgspec

Value = float | str | bool

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "beginswith", "endswith", "matches"]
"""`matches` is an extension: RE2's syntax, found anywhere in the text, `.` is any character."""

RootCauseKind = Literal["fault", "error", "responsetime"]
RootCausePart = Literal["service", "entity", "exception"]

WORKLOADS = (
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.job.name",
    "k8s.cronjob.name",
)
"""Members of a span's `source` that `workload` means: any of them."""


class Field(msgspec.Struct, frozen=True):
    """What is asked for.

    The keyword is in lower case, whatever was written: `http.url`, `annotation`,
    `source.annotation`, ... A key goes with the three annotation keywords and with two extensions:
    `metadata` (a key, or a path of keys below a namespace; empty for all of the metadata) and `k8s`
    (the whole name of a member of `source`, `k8s.pod.name`; the words `pod` and `namespace` are
    read as such). The other extensions are `sql`, `operation` and `workload`.
    """

    keyword: str
    key: str = ""


class Test(msgspec.Struct, frozen=True):
    """A field against literals: true when some value of it and some literal fit.

    Without an operator there are no values: a boolean keyword is its own value, any other asks
    whether it has one. Several values are an extension: `in (a, b)` is `=` with each of them. A
    literal of a type that never fits is legal and matches nothing, whatever the operator.
    """

    field: Field
    operator: Operator | None
    values: tuple[Value, ...]
    offset: int


class Not(msgspec.Struct, frozen=True):
    """The term does not hold."""

    term: "Expression"


class And(msgspec.Struct, frozen=True):
    """All of the terms hold: two at least; the parser puts no And among them."""

    terms: tuple["Expression", ...]


class Or(msgspec.Struct, frozen=True):
    """Some of the terms holds: two at least; the parser puts no Or among them."""

    terms: tuple["Expression", ...]


class Constant(msgspec.Struct, frozen=True):
    """Always true or always false: what a group may stand for. The parser makes none."""

    value: bool


class Entity(msgspec.Struct, frozen=True):
    """Which nodes an argument of `service()` or `edge()` means: all parts that are given fit.

    None is not given; an empty type means nodes without one.
    """

    name: str | None = None
    type: str | None = None
    account: str | None = None
    is_plain: bool = False
    """It was a string, the name; as the source of an edge it means the client of that name too."""


class ServiceTest(msgspec.Struct, frozen=True):
    """`service(entity) {body}`: some segment, real or inferred, of such a node fits the body.

    Without a body: there is such a node. The client is one only when its type is asked for.
    """

    entity: Entity
    body: "Expression | None"
    offset: int


class EdgeTest(msgspec.Struct, frozen=True):
    """`edge(source, target) {body}`: some call between such nodes fits the body."""

    source: Entity
    target: Entity
    body: "Expression | None"
    offset: int


class RootCauseTest(msgspec.Struct, frozen=True):
    """`rootcause.kind.part {body}`: some such element of some root cause fits the body."""

    kind: RootCauseKind
    part: RootCausePart
    body: "Expression | None"
    offset: int


class ExceptionPattern(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """An exception of a root cause; in all patterns what is not given fits anything."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    message: str | msgspec.UnsetType = msgspec.UNSET


class EntityPattern(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """An entity of a root cause; `coverage` exists in those of the response time only."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    remote: bool | msgspec.UnsetType = msgspec.UNSET
    coverage: float | msgspec.UnsetType = msgspec.UNSET
    exceptions: tuple[ExceptionPattern, ...] | msgspec.UnsetType = msgspec.UNSET


class ServicePattern(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """A service of a root cause; null is the same as an empty text."""

    name: str | msgspec.UnsetType | None = msgspec.UNSET
    names: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    type: str | msgspec.UnsetType | None = msgspec.UNSET
    account_id: str | msgspec.UnsetType | None = msgspec.UNSET
    inferred: bool | msgspec.UnsetType = msgspec.UNSET
    entity_path: tuple[EntityPattern, ...] | msgspec.UnsetType = msgspec.UNSET


class CausePattern(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """One root cause: as many services, each fitting its pattern, in order."""

    services: tuple[ServicePattern, ...] | msgspec.UnsetType = msgspec.UNSET
    client_impacting: bool | msgspec.UnsetType = msgspec.UNSET


class RootCausePattern(msgspec.Struct, frozen=True):
    """`rootcause.kind.json = #[...]`: some root cause, of any kind when None, fits some pattern."""

    kind: RootCauseKind | None
    patterns: tuple[CausePattern, ...]
    offset: int


class GroupTest(msgspec.Struct, frozen=True):
    """`group.name = "..."`: stands for the filter of a group until `groups.expand_groups`."""

    field: Literal["name", "arn"]
    operator: Literal["=", "!="]
    value: str
    offset: int


Expression = (
    Test
    | Not
    | And
    | Or
    | Constant
    | ServiceTest
    | EdgeTest
    | RootCauseTest
    | RootCausePattern
    | GroupTest
)


def needs_metadata(expression: Expression | None) -> bool:
    """Whether the meaning depends on metadata, which only the documents of a trace hold."""
    match expression:
        case Test(field):
            return field.keyword == "metadata"
        case Not(term):
            return needs_metadata(term)
        case And(terms) | Or(terms):
            return any(needs_metadata(term) for term in terms)
        case ServiceTest() | EdgeTest():
            return needs_metadata(expression.body)
        case _:
            return False
