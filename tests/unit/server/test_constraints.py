"""Every constraint of the service model: what breaks it is refused, what keeps to it is not."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from fluoro.server.operations import OPERATIONS
from valid_requests import NOW_S, VALID

MODEL = botocore.session.get_session().get_service_model("xray")
PATHS = {operation.name: operation.path for operation in OPERATIONS}
KEY, VALUE = "<key>", "<value>"
MOST_REPORTS = 26
"""Of 25 rules and Default: one more than the model has, since no SDK splits its report."""


class Case(NamedTuple):
    """A constraint of a member, a value at its edge, and one beyond."""

    operation: str
    path: tuple[str | int, ...]
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


def constrained(shape: Shape, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Shape]]:
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


def put(body: Any, shape: Shape, path: tuple[str | int, ...], value: Any) -> Any:
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


def ask(server: Any, case: Case, value: Any) -> Any:
    """The answer to a valid request but for one value."""
    shape = MODEL.operation_model(case.operation).input_shape
    valid = copy.deepcopy(VALID[case.operation])
    if case.path == ("KeyId",):
        valid["Type"] = "KMS"
    body = put(valid, shape, case.path, value)
    return server.call(PATHS[case.operation], body)


def place(case: Case) -> str:
    """How a message names the member."""
    words = [each for each in case.path if each not in (KEY, VALUE)]
    name = ""
    for word in words:
        name += f"[{word}]" if isinstance(word, int) else f".{word[0].lower()}{word[1:]}"
    return name.lstrip(".")


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_beyond_a_constraint(server, case):
    """InvalidRequestException, as the model has it."""
    answer = ask(server, case, case.beyond)
    assert (answer.status_code, answer.headers.get("x-amzn-ErrorType")) == (
        400,
        "InvalidRequestException",
    ), answer.text


@pytest.mark.parametrize("case", [case for case in CASES if case.edge is not None], ids=str)
def test_at_the_edge_of_a_constraint(server, case):
    """Not refused for this member's sake."""
    answer = ask(server, case, case.edge)
    assert f"Value at '{place(case)}'" not in answer.text
    assert answer.status_code < 500
