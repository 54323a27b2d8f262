"""botocore's service model of X-Ray: its constraints, with values at and beyond each; answers."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from fluoro.server.operations import OPERATIONS
from valid_requests import NOW_S, VALID

MODEL = botocore.session.get_session().get_service_model("xray")
PATHS = {operation.name: operation.path for operation in OPERATIONS}
KEY, VALUE = "<key>", "<value>"
Path = tuple[str | int, ...]
"""Names of members; 0 for an item of a list, `KEY` or `VALUE` for one of a map."""

MOST_REPORTS = 26
"""Of 25 rules and Default: one more than the model has, since no SDK splits its report."""


class Case(NamedTuple):
    """A constraint of a member, a value at its edge, and one beyond."""

    operation: str
    path: Path
    constraint: str
    shape: Shape
    edge: Any
    beyond: Any

    def __str__(self) -> str:
        return f"{self.operation}-{'.'.join(map(str, self.path))}-{self.constraint}"


def sample(shape: Shape) -> Any:
    """Something small that the model allows."""
    match shape:
        case StructureShape():
            return {name: sample(shape.members[name]) for name in shape.required_members}
        case ListShape():
            return [sample(shape.member)]
        case MapShape():
            return {"k": sample(shape.value)}
        case StringShape():
            return next(iter(shape.enum), "x" * shape.metadata.get("min", 1))
        case _:
            plain = {"boolean": True, "timestamp": NOW_S, "double": 0.5}
            return plain.get(shape.type_name, 1)


def sized(shape: Shape, size: int) -> Any:
    """A value of this length, or this number."""
    match shape:
        case StringShape():
            return "x" * size
        case ListShape():
            return [sample(shape.member)] * size
        case MapShape():
            return {f"k{number}": sample(shape.value) for number in range(size)}
        case _:
            return size


def constrained(shape: Shape, path: Path = ()) -> Iterator[tuple[Any, Shape]]:
    """All members below a shape, by their paths."""
    yield path, shape
    match shape:
        case StructureShape():
            for name, member in shape.members.items():
                yield from constrained(member, (*path, name))
        case ListShape():
            yield from constrained(shape.member, (*path, 0))
        case MapShape():
            yield from constrained(shape.key, (*path, KEY))
            yield from constrained(shape.value, (*path, VALUE))


def cases() -> Iterator[Case]:
    """Each constraint of each operation's request."""
    for name in sorted(PATHS):
        for path, shape in constrained(MODEL.operation_model(name).input_shape):
            least, most = shape.metadata.get("min"), shape.metadata.get("max")
            if path == ("SamplingStatisticsDocuments",):
                most = MOST_REPORTS
            if most is not None:
                yield Case(name, path, "max", shape, sized(shape, most), sized(shape, most + 1))
            if least is not None and (least or not isinstance(shape, StringShape | ListShape)):
                yield Case(name, path, "min", shape, sized(shape, least), sized(shape, least - 1))
            if isinstance(shape, StringShape) and shape.enum:
                for value in shape.enum:
                    yield Case(name, path, f"enum {value}", shape, value, value.lower() + "_")
            if "pattern" in shape.metadata:
                yield Case(name, path, "pattern", shape, None, "no such text!")


def put(body: Any, shape: Shape, path: Path, value: Any) -> Any:
    """A body with another value at a path; what lies on the way is made."""
    if not path:
        return value
    first, *rest = path
    match shape:
        case StructureShape():
            body = dict(body or sample(shape))
            body[first] = put(body.get(first), shape.members[first], tuple(rest), value)
            return body
        case ListShape():
            return [put(body[0] if body else None, shape.member, tuple(rest), value)]
        case MapShape():
            return {value: sample(shape.value)} if first == KEY else {"k": value}
    raise AssertionError(path)


def body(case: Case, value: Any) -> Any:
    """A valid request but for one value."""
    valid = copy.deepcopy(VALID[case.operation])
    if case.path == ("KeyId",):
        valid["Type"] = "KMS"
    return put(valid, MODEL.operation_model(case.operation).input_shape, case.path, value)


def place(case: Case) -> str:
    """How a message names the member."""
    words = [each for each in case.path if each not in (KEY, VALUE)]
    name = ""
    for word in words:
        name += f"[{word}]" if isinstance(word, int) else f".{word[0].lower()}{word[1:]}"
    return name.lstrip(".")


AS_XRAY: list[tuple[str, Any]] = [
    (".UnprocessedTraceSegments[].Id", None),
    (".Groups[].FilterExpression", None),
    (".SamplingRuleRecords[].SamplingRule.Priority", 10_000),
]
"""Not as the model has it, yet what X-Ray answers: of a document without id, and of the group and
the rule Default."""


def faults_of(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """What of an answer's JSON is not as the model has it: unknown members, types, limits.

    Fluoro leaves out what has no value, so null is a fault; a time is a number.
    """
    if (path, value) in AS_XRAY:
        return
    if type(value) not in _JSON_TYPES[shape.type_name]:
        yield f"{path}: {value!r} is no {shape.type_name}"
        return
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"
    size = value if isinstance(value, int | float) else len(value)
    if not shape.metadata.get("min", size) <= size <= shape.metadata.get("max", size):
        yield f"{path}: its size is {size}"
    for where, member, each in _below(shape, value, path):
        if member is None:
            yield f"{where}: the model has no such member"
        else:
            yield from faults_of(member, each, where)


def structures_of(shape: Shape, value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every structure of an answer, itself first, with its path: `Services[].Edges[]`."""
    if isinstance(shape, StructureShape):
        yield path.lstrip("."), value
    for where, member, each in _below(shape, value, path):
        if member is not None:
            yield from structures_of(member, each, where)


def members_of(shape: Shape) -> set[str]:
    """The paths of the members that an answer can have, at any depth."""
    found = set()
    for path, _ in constrained(shape):
        if path and path[-1] not in (0, KEY, VALUE):
            text = "".join({0: "[]", VALUE: "{}"}.get(step, f".{step}") for step in path)
            found.add(text.lstrip("."))
    return found


def _below(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, Shape | None, Any]]:
    match shape:
        case StructureShape():
            for name, each in value.items():
                yield f"{path}.{name}", shape.members.get(name), each
        case ListShape():
            yield from ((f"{path}[]", shape.member, each) for each in value)
        case MapShape():
            yield from ((f"{path}{{}}", shape.value, each) for each in value.values())


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "double": (int, float),
    "timestamp": (int, float),
}
