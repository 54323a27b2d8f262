"""Every keyword that a test may begin with: its type, and where it may stand.

Source: X-Ray developer guide, "Using filter expressions"; spec of filter expressions, section 3.
"""

from typing import Literal

import msgspec

Type = Literal["boolean", "number", "string", "any"]

Scope = Literal[
    "trace",
    "service",
    "edge",
    "rootcause service",
    "rootcause entity",
    "rootcause entity of responsetime",
    "rootcause exception",
]
"""Outside of all braces, or inside those of `service()`, `edge()` and a part of `rootcause`."""

_TRACE: frozenset[Scope] = frozenset({"trace"})
_SERVICE: frozenset[Scope] = frozenset({"service"})
_EDGE: frozenset[Scope] = frozenset({"edge"})
_CAUSE_SERVICE: frozenset[Scope] = frozenset({"rootcause service"})
_COVERED: frozenset[Scope] = frozenset({"rootcause entity of responsetime"})
_CAUSE_ENTITY: frozenset[Scope] = _COVERED | {"rootcause entity"}
_CAUSE_EXCEPTION: frozenset[Scope] = frozenset({"rootcause exception"})
_EVERYWHERE = _TRACE | _SERVICE | _EDGE
_CAUSES = _CAUSE_SERVICE | _CAUSE_ENTITY | _CAUSE_EXCEPTION


class Keyword(msgspec.Struct, frozen=True):
    """What is known of a keyword.

    `any` is the type of annotations: whatever was sent. An extension is not X-Ray's.
    """

    type: Type
    scopes: frozenset[Scope]
    is_extension: bool = False


KEYWORDS: dict[str, Keyword] = {
    "ok": Keyword("boolean", _EVERYWHERE),
    "error": Keyword("boolean", _EVERYWHERE),
    "throttle": Keyword("boolean", _EVERYWHERE),
    "fault": Keyword("boolean", _EVERYWHERE),
    "partial": Keyword("boolean", _TRACE | _SERVICE),
    "inferred": Keyword("boolean", _TRACE | _SERVICE | _CAUSE_SERVICE),
    "root": Keyword("boolean", _SERVICE),
    "first": Keyword("boolean", _CAUSES),
    "last": Keyword("boolean", _CAUSES),
    "remote": Keyword("boolean", _CAUSE_ENTITY),
    "responsetime": Keyword("number", _EVERYWHERE),
    "duration": Keyword("number", _TRACE | _SERVICE),
    "http.status": Keyword("number", _EVERYWHERE),
    "index": Keyword("number", _CAUSES),
    "coverage": Keyword("number", _COVERED),
    "http.url": Keyword("string", _EVERYWHERE),
    "http.method": Keyword("string", _EVERYWHERE),
    "http.useragent": Keyword("string", _EVERYWHERE),
    "http.clientip": Keyword("string", _EVERYWHERE),
    "user": Keyword("string", _TRACE | _SERVICE),
    "name": Keyword("string", _SERVICE | _CAUSES),
    "type": Keyword("string", _SERVICE | _CAUSE_SERVICE),
    "account.id": Keyword("string", _TRACE | _SERVICE),
    "message": Keyword("string", _CAUSE_EXCEPTION),
    "availabilityzone": Keyword("string", _TRACE | _SERVICE),
    "instance.id": Keyword("string", _TRACE | _SERVICE),
    "resource.arn": Keyword("string", _TRACE | _SERVICE),
    "annotation": Keyword("any", _EVERYWHERE),
    "source.annotation": Keyword("any", _EDGE),
    "destination.annotation": Keyword("any", _EDGE),
    "metadata": Keyword("any", _EVERYWHERE, is_extension=True),
    "sql": Keyword("string", _EVERYWHERE, is_extension=True),
    "operation": Keyword("string", _EVERYWHERE, is_extension=True),
    "workload": Keyword("string", _EVERYWHERE, is_extension=True),
    "k8s": Keyword("string", _EVERYWHERE, is_extension=True),
}
"""By the keyword of `tree.Field`; `k8s` stands for every word that begins with `k8s.`."""

SHORT_FORMS = {"pod": "k8s.pod.name", "namespace": "k8s.namespace.name"}
"""Words that are read as a `k8s` name: extensions too."""

WITH_KEYS = ("source.annotation", "destination.annotation", "annotation", "metadata")
"""Keywords that go on with a key: `.key` or `[key]`."""
