"""The OpenAPI document says what the server does: compared with botocore's service model."""

import json

import pytest
from botocore.model import ListShape, MapShape, StringShape, StructureShape

from fluoro.model.keys import AccessKey
from fluoro.server import openapi
from fluoro.server.operations import OPERATIONS
from service_model import KEY, MODEL, MOST_REPORTS, VALUE, constrained

DOCUMENT = openapi.document()
NAMES = [operation.name for operation in OPERATIONS]
OF_ANOTHER_CAUSE = {"Exceptions", "Coverage"}
"""Three kinds of root causes are one Struct; a cause has the one or the other."""


def post(name):
    """What is said of an operation."""
    (path,) = (operation.path for operation in OPERATIONS if operation.name == name)
    return DOCUMENT["paths"][path]["post"]


def content(said):
    """The schema of a request or of an answer."""
    return resolve(said["content"]["application/json"]["schema"])


def resolve(schema):
    """A schema without the reference and without null."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", maxsplit=1)[-1]]
        else:
            schema = next(each for each in schema["anyOf"] if each.get("type") != "null")
    return schema


def at(schema, path):
    """The schema of a member below a schema."""
    for step in path:
        if step == KEY:
            schema = schema["propertyNames"]
        elif step == VALUE:
            schema = schema["additionalProperties"]
        else:
            schema = schema["items"] if step == 0 else schema["properties"][step]
        schema = resolve(schema)
    return schema


def limits(shape):
    """JSON Schema's words for the limits of a shape of the model: least and most."""
    match shape:
        case StringShape():
            return "minLength", "maxLength"
        case ListShape():
            return "minItems", "maxItems"
        case MapShape():
            return "minProperties", "maxProperties"
    return "minimum", "maximum"


@pytest.mark.parametrize("name", NAMES)
def test_limits_are_the_models(name):
    """Each constraint of the model is in the document, as it is or narrower."""
    schema = content(post(name)["requestBody"])
    for path, shape in constrained(MODEL.operation_model(name).input_shape):
        found = at(schema, path)
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
        if path == ("SamplingStatisticsDocuments",):
            most = MOST_REPORTS
        low, high = limits(shape)
        assert "min" not in shape.metadata or found.get(low, 0) >= least, path
        assert most is None or found[high] <= most, path
        assert set(getattr(shape, "enum", ())) <= set(found.get("enum", ())), path
        assert "pattern" not in shape.metadata or "pattern" in found, path


@pytest.mark.parametrize("name", NAMES)
def test_required_members_are_the_models(name):
    """What the model requires is required; counts of a report may be left out, as SDKs do."""
    schema = content(post(name)["requestBody"])
    for path, shape in constrained(MODEL.operation_model(name).input_shape):
        if isinstance(shape, StructureShape):
            ours = set(at(schema, path).get("required", []))
            assert ours <= set(shape.required_members), path
            assert set(shape.required_members) - ours <= {"RequestCount", "SampledCount"}, path


@pytest.mark.parametrize("name", NAMES)
def test_members_of_answers_are_the_models(name):
    """An answer has no member that the model does not know."""
    schema = content(post(name)["responses"]["200"])
    for path, shape in constrained(MODEL.operation_model(name).output_shape):
        if isinstance(shape, StructureShape):
            ours = answered(schema, path) - OF_ANOTHER_CAUSE
            assert ours <= set(shape.members), path


def answered(schema, path):
    """Members of a structure in an answer; none of what Fluoro never answers."""
    try:
        return set(at(schema, path).get("properties", {}))
    except KeyError:
        return set()


@pytest.mark.parametrize("operation", OPERATIONS, ids=NAMES)
def test_every_operation_is_described(operation):
    """A sentence, the roles, and each error of the model but for one that has no cause here."""
    said = post(operation.name)
    assert said["summary"].endswith(".")
    assert all(role in said["description"] for role in operation.roles)
    text = json.dumps([refusal(each) for each in said["responses"].values()])
    missing = {
        shape.name
        for shape in MODEL.operation_model(operation.name).error_shapes
        if shape.name not in text
    }
    unheard = {"ResourceNotFoundException"} if operation.name == "StartTraceRetrieval" else set()
    assert missing == unheard


def refusal(response):
    """A response without the reference."""
    if "$ref" not in response:
        return response
    return DOCUMENT["components"]["responses"][response["$ref"].rsplit("/", maxsplit=1)[-1]]


def test_it_is_served_to_anybody(make):
    """GET needs no signature, whatever keys there are; other methods are no operation."""
    key = AccessKey(id="AKIA", secret="s" * 16, account="123456789012", role="read")
    for server in (make(), make(keys=[key])):
        answer = server.client.get("/openapi.json")
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json() == DOCUMENT
        assert "AKIA" not in answer.text
        assert server.call("/openapi.json").status_code == 404
