"""What one row of `spans` says of a test: SQL text, with values as bound parameters only.

A row has two answers. `necessary` holds whenever the test holds for the span, `sufficient` only
when it does; mostly they are the same text. What reads other rows is put together in `compile`.
"""

import re
from typing import Any, NamedTuple

from fluoro.filters.tree import WORKLOADS, Entity, Operator, Test, Value
from fluoro.model import outcome
from fluoro.store import semantics

ALWAYS, NEVER = "1", "0"

FINISHED = f"bitAnd(flags, {outcome.IN_PROGRESS}) = 0"
ROOT = "is_segment AND parent_id = 0"
CALL = "NOT is_segment AND namespace IN ('aws', 'remote')"

_TROUBLE = outcome.ERROR | outcome.FAULT | outcome.THROTTLE
_LARGEST_INTEGER = 2**53
"""Up to here an integer is written alike by every program."""

_BITS = {
    "ok": f"bitAnd(flags, {_TROUBLE}) = 0",
    "error": f"bitAnd(flags, {outcome.ERROR}) != 0",
    "throttle": f"bitAnd(flags, {outcome.THROTTLE}) != 0",
    "fault": f"bitAnd(flags, {outcome.FAULT}) != 0",
}
_TEXTS = {
    "http.url": "url",
    "http.method": "method",
    "http.useragent": "user_agent",
    "http.clientip": "client_ip",
    "user": "user",
    "availabilityzone": "availability_zone",
    "instance.id": "instance_id",
    "resource.arn": "resource_arn",
    "operation": "if(namespace = 'aws', operation, '')",
    "sql": "if(namespace = 'aws', '', operation)",
    "name": "node_name",
    "type": "node_type",
    "account.id": "node_account",
}
"""Expressions of texts; an empty text is no value."""

_NUMBER_SIGNS: dict[Operator, str] = {
    "=": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_TEXT_TESTS: dict[Operator, str] = {
    "=": "{value} = {literal}",
    "!=": "{value} != {literal}",
    "contains": "position({value}, {literal}) > 0",
    "beginswith": "startsWith({value}, {literal})",
    "endswith": "endsWith({value}, {literal})",
    "matches": "match({value}, {literal})",
}
_SPELLED: dict[Value, bool] = {"true": True, "false": False}
_HASHES = "arrayMap((k, v) -> cityHash64(k, v), `ann.key`, `ann.text`)"
"""The expression of the index `kv`, word by word."""


class Bound:
    """Parameters of one statement."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def text(self, value: str) -> str:
        """The place of a text."""
        return self._bind(value, "String")

    def number(self, value: float) -> str:
        """The place of a number."""
        return self._bind(value, "Float64")

    def integer(self, value: int) -> str:
        """The place of a time in microseconds."""
        return self._bind(value, "Int64")

    def _bind(self, value: object, type_: str) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"{{{name}:{type_}}}"


class OnRow(NamedTuple):
    """The two answers of a row."""

    necessary: str
    sufficient: str
    pruned: str = ""
    """The necessary one, said so that an index leaves out most of the table; empty without one."""


def exact(text: str) -> OnRow:
    """A condition that the row alone decides."""
    return OnRow(text, text)


def all_of(texts: list[str]) -> str:
    """Each holds."""
    parts = [text for text in dict.fromkeys(texts) if text != ALWAYS]
    if NEVER in parts:
        return NEVER
    return " AND ".join(f"({part})" for part in parts) or ALWAYS


def any_of(texts: list[str]) -> str:
    """Some holds."""
    parts = [text for text in dict.fromkeys(texts) if text != NEVER]
    if ALWAYS in parts:
        return ALWAYS
    return " OR ".join(f"({part})" for part in parts) or NEVER


def negated(text: str) -> str:
    """It does not hold."""
    return {ALWAYS: NEVER, NEVER: ALWAYS}.get(text, f"NOT ({text})")


def accepted(test: Test) -> frozenset[bool]:
    """The values of a boolean field that a test takes."""
    if test.operator is None:
        return frozenset({True})
    spelled = (_SPELLED.get(each, each) for each in test.values)
    return _taken(test.operator, {each for each in spelled if isinstance(each, bool)})


def _taken(operator: Operator, literals: set[bool]) -> frozenset[bool]:
    """The booleans that fit some of the literals."""
    match operator:
        case "=":
            return frozenset(literals)
        case "!=":
            return frozenset(not each for each in literals)
        case _:
            return frozenset()


def boolean(condition: str, test: Test) -> str:
    """A test of what every row has."""
    return _one_of(condition, accepted(test))


def _one_of(condition: str, taken: frozenset[bool]) -> str:
    if len(taken) != 1:
        return ALWAYS if taken else NEVER
    return condition if True in taken else negated(condition)


def number(value: str, test: Test, bound: Bound) -> str:
    """A test of a number that is there."""
    if test.operator is None:
        return ALWAYS
    sign = _NUMBER_SIGNS.get(test.operator)
    if sign is None:
        return NEVER
    return any_of([f"{value} {sign} {bound.number(each)}" for each in numbers(test)])


def numbers(test: Test) -> list[float]:
    """The literals that a number can be compared with."""
    return [
        float(each)
        for each in test.values
        if isinstance(each, int | float) and not isinstance(each, bool)
    ]


def text(value: str, test: Test, bound: Bound) -> str:
    """A test of a text; an empty one is no value."""
    there = f"{value} != ''"
    if test.operator is None:
        return there
    is_there_anyway = test.operator == "=" and all(test.values)
    return all_of([ALWAYS if is_there_anyway else there, _texts(value, test, bound)])


def _texts(value: str, test: Test, bound: Bound) -> str:
    """A text against the literals that are texts."""
    form = _TEXT_TESTS.get(test.operator) if test.operator else None
    if form is None:
        return NEVER
    literals = [each for each in test.values if isinstance(each, str)]
    return any_of([form.format(value=value, literal=bound.text(each)) for each in literals])


def own(test: Test, bound: Bound) -> OnRow | None:
    """A test of the outcome, HTTP or the response time of a span; None for other fields."""
    keyword = test.field.keyword
    if keyword in _BITS:
        return exact(boolean(_BITS[keyword], test))
    if keyword == "http.status":
        return exact(all_of(["status != 0", number("status", test, bound)]))
    if keyword == "responsetime":
        return exact(all_of([FINISHED, number("dur_us / 1e6", test, bound)]))
    if keyword.startswith("http."):
        return exact(text(_TEXTS[keyword], test, bound))
    return None


def of_any(test: Test, bound: Bound) -> OnRow:
    """A test of what any span may have: texts, annotations, members of its source."""
    match test.field.keyword:
        case "annotation" | "source.annotation" | "destination.annotation":
            return annotation(test, bound)
        case "k8s":
            return exact(_member(test.field.key, test, bound))
        case "workload":
            return exact(any_of([_member(name, test, bound) for name in WORKLOADS]))
        case keyword:
            return exact(text(_TEXTS[keyword], test, bound))


def annotation(test: Test, bound: Bound) -> OnRow:
    """A test of an annotation, whose literals choose the type of value they are compared with.

    A key may stand twice among those of a row, when the document had it twice; then the last one
    counts, and the row alone says only that the test may hold.
    """
    key = bound.text(test.field.key)
    if test.operator is None:
        return exact(f"has(`ann.key`, {key})")
    booleans = {each for each in test.values if isinstance(each, bool)}
    kinds = (
        (semantics.TEXT, "`ann.text`", _texts("v", test, bound)),
        (semantics.NUMBER, "`ann.number`", number("v", test, bound)),
        (semantics.BOOLEAN, "`ann.number`", _one_of("v != 0", _taken(test.operator, booleans))),
    )
    found = any_of(
        [
            f"arrayExists((k, t, v) -> k = {key} AND t = {kind} AND ({condition}),"
            f" `ann.key`, `ann.type`, {values})"
            for kind, values, condition in kinds
            if condition != NEVER
        ]
    )
    hashes = _hashes(test, key, bound) if test.operator == "=" and found != NEVER else ()
    pruned = any_of([f"has({_HASHES}, {each})" for each in hashes])
    return OnRow(
        necessary=found,
        sufficient=all_of([f"countEqual(`ann.key`, {key}) = 1", found]),
        pruned=all_of([pruned, found]) if hashes else "",
    )


def _hashes(test: Test, key: str, bound: Bound) -> list[str]:
    """What the index knows of an annotation with each literal; none when it may not know one.

    The index has the text of a value: -0 and 0 differ there, and so may large integers.
    """
    found = []
    for literal in test.values:
        match literal:
            case bool():
                spelled = bound.text("true" if literal else "false")
            case str():
                spelled = bound.text(literal)
            case _ if 0 < abs(literal) <= _LARGEST_INTEGER:
                spelled = f"toString({bound.number(literal)})"
            case _:
                return []
        found.append(f"cityHash64({key}, {spelled})")
    return found


def _member(name: str, test: Test, bound: Bound) -> str:
    """A test of a member of the row's source."""
    return text(f"JSONExtractString(source, {bound.text(name)})", test, bound)


def metadata(test: Test, bound: Bound) -> str:
    """Whether a document may hold metadata that fits: the plain words of the test are in it.

    Unless it spells characters in hex, as JSON may do with any.
    """
    literals = [_words(each) for each in test.values if isinstance(each, str)]
    are_texts = test.operator in _HOLDING and len(literals) == len(test.values)
    words = all_of([_holds(word, bound) for word in ("metadata", *_words(test.field.key))])
    values = any_of([all_of([_holds(word, bound) for word in each]) for each in literals])
    return any_of([all_of([words, values if are_texts else ALWAYS]), _holds("\\u", bound)])


_HOLDING = frozenset[Operator | None]({"=", "contains", "beginswith", "endswith"})
"""Operators whose text stands in the value."""

_WORD = re.compile("[A-Za-z0-9_-]+")
"""Characters that JSON writes as they are, or in hex."""


def _words(value: str) -> list[str]:
    return _WORD.findall(value)


def _holds(word: str, bound: Bound) -> str:
    return f"position(document, {bound.text(word)}) > 0"


def means(entity: Entity, bound: Bound) -> str:
    """Whether the row's node is one that is asked for."""
    given = (
        ("node_name", entity.name),
        ("node_type", entity.type),
        ("node_account", entity.account),
    )
    return all_of([f"{column} = {bound.text(part)}" for column, part in given if part is not None])
