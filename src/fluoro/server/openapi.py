"""The X-Ray API as an OpenAPI document, made of the operations table.

Members and their limits are those of the Structs that decode requests and encode answers. What an
operation does, and which errors it has besides those of all, stands in its handler's docstring.
"""

import functools
import inspect
import re
import typing
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from fluoro import errors
from fluoro.errors import FluoroError
from fluoro.server.errors import INTERNAL, name_of
from fluoro.server.operations import OPERATIONS, Operation
from fluoro.wire.xray_api import ErrorAnswer

PATH = "/openapi.json"

COMMON: tuple[type[FluoroError], ...] = (
    errors.InputError,
    errors.UnreadableBodyError,
    errors.BodyTooLargeError,
    errors.MissingTokenError,
    errors.UnknownKeyError,
    errors.InvalidSignatureError,
    errors.AccessDeniedError,
    errors.ThrottledError,
    errors.StoppingError,
    errors.StoreError,
)
"""What any operation may be refused with."""

_SCHEMAS = "#/components/schemas/"
_JSON = "application/json"
_RAISES = "\n\nRaises:\n"
_ERROR = re.compile(r"^    (\w+Error):", re.MULTILINE)
_PYTHON_END = r"\Z"
"""What `$` is elsewhere; Python's `$` lets a newline follow."""

_ABOUT = """\
The API of AWS X-Ray as Fluoro answers it. Names, members and limits are those of the service \
model of 2016-04-12. Members that are unknown are ignored; those that have no value are left out \
of answers.
"""
_SIGNATURE = """\
AWS Signature Version 4 with service name `xray`, in the header or in the query. Without access \
keys nothing has to be signed.
"""


def summary_of(operation: Operation) -> str:
    """What it does, in one line."""
    return _text(operation).split("\n", maxsplit=1)[0]


def errors_of(operation: Operation) -> list[type[FluoroError]]:
    """The exceptions that its handler names."""
    _, _, raises = (inspect.getdoc(operation.function) or "").partition(_RAISES)
    return [getattr(errors, name) for name in _ERROR.findall(raises)]


def answer_of(operation: Operation) -> type[msgspec.Struct]:
    """The shape of its answer."""
    shape: type[msgspec.Struct] = typing.get_type_hints(operation.function)["return"]
    return shape


def document() -> dict[str, Any]:
    """The whole document, version 3.1."""
    shapes = [each for row in OPERATIONS for each in (row.request, answer_of(row))]
    _, schemas = msgspec.json.schema_components(
        [*dict.fromkeys(shapes), ErrorAnswer], ref_template=_SCHEMAS + "{name}"
    )
    common = {
        status.phrase.replace(" ", ""): _refusal(status, names)
        for status, names in _by_status(COMMON).items()
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "X-Ray API of Fluoro", "version": "2016-04-12", "description": _ABOUT},
        "servers": [{"url": "/"}],
        "security": [{"sigv4": []}, {}],
        "paths": {row.path: {"post": _operation(row)} for row in OPERATIONS},
        "components": {
            "schemas": {name: _anchored(schema) for name, schema in sorted(schemas.items())},
            "responses": common,
            "headers": {
                "RequestId": {"description": "Names the request in the log.", "schema": _TEXT},
                "ErrorType": {"description": "The error's name.", "schema": _TEXT},
                "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
            },
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": _SIGNATURE,
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }
            },
        },
    }


@functools.cache
def text() -> bytes:
    """The document as JSON, as the server sends it."""
    return msgspec.json.encode(document())


_TEXT = {"type": "string"}


def _operation(row: Operation) -> dict[str, Any]:
    own = errors_of(row)
    common = _by_status(COMMON)
    responses: dict[str, Any] = {
        "200": {
            "description": "Done.",
            "headers": {"x-amzn-RequestId": {"$ref": "#/components/headers/RequestId"}},
            "content": _content(answer_of(row)),
        }
    }
    for status, names in _by_status([*COMMON, *own]).items():
        is_common = names == common.get(status)
        phrase = status.phrase.replace(" ", "")
        responses[str(status.value)] = (
            {"$ref": f"#/components/responses/{phrase}"} if is_common else _refusal(status, names)
        )
    roles = " or ".join(sorted({*row.roles, "admin"}))
    return {
        "operationId": row.name,
        "tags": [row.function.__module__.rsplit(".", maxsplit=1)[-1]],
        "summary": summary_of(row),
        "description": f"{_text(row)}\n\nNeeds a key of role {roles}, if there are keys.",
        "requestBody": {
            "required": any(field.required for field in msgspec.structs.fields(row.request)),
            "content": _content(row.request),
        },
        "responses": dict(sorted(responses.items())),
    }


def _text(operation: Operation) -> str:
    """What is said of it, without the errors."""
    return (inspect.getdoc(operation.function) or "").partition(_RAISES)[0]


def _content(shape: type[msgspec.Struct]) -> dict[str, Any]:
    return {_JSON: {"schema": {"$ref": _SCHEMAS + shape.__name__}}}


def _by_status(classes: Iterable[type[FluoroError]]) -> dict[HTTPStatus, list[str]]:
    """Names of errors by status; each once."""
    found: dict[HTTPStatus, list[str]] = {INTERNAL.status: [INTERNAL.name]}
    for name, status in map(name_of, classes):
        names = found.setdefault(status, [])
        if name not in names:
            names.append(name)
    return found


def _refusal(status: HTTPStatus, names: list[str]) -> dict[str, Any]:
    headers = {"x-amzn-RequestId": "RequestId", "x-amzn-ErrorType": "ErrorType"}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = "RetryAfter"
    named = {"properties": {"__type": {"enum": names}}}
    return {
        "description": ", ".join(names),
        "headers": {
            header: {"$ref": f"#/components/headers/{name}"} for header, name in headers.items()
        },
        "content": {
            _JSON: {"schema": {"allOf": [{"$ref": _SCHEMAS + ErrorAnswer.__name__}, named]}}
        },
    }


def _anchored(schema: Any) -> Any:
    """A schema whose patterns end as everybody reads them."""
    match schema:
        case dict():
            return {
                key: each.replace(_PYTHON_END, "$") if key == "pattern" else _anchored(each)
                for key, each in schema.items()
            }
        case list():
            return [_anchored(each) for each in schema]
    return schema
