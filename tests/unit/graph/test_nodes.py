import pytest

from captures import captures
from fluoro.graph.nodes import CANONICAL, RESOURCES, canonical_service, infer, kind_of
from fluoro.graph.rows import Node
from fluoro.model.segment import Segment
from fluoro.wire.segment import decode


def aws(name, **fields):
    return Segment("1" * 16, name, 0, 1, namespace="aws", **fields)


def remote(name, **fields):
    return Segment("1" * 16, name, 0, 1, namespace="remote", **fields)


@pytest.mark.parametrize(
    ("spellings", "service"),
    [
        (("AmazonDynamoDBv2", "DynamoDb", "dynamodb", "DynamoDB", "DynamoDBv2"), "DynamoDB"),
        (("Amazon S3", "S3", "s3"), "S3"),
        (("AmazonSQS", "Sqs", "sqs", "SQS"), "SQS"),
        (("AmazonSNS", "Sns", "sns", "SNS"), "SNS"),
        (("AWSLambda", "Lambda", "lambda"), "Lambda"),
        (("ssm", "AWSSimpleSystemsManagement"), "SimpleSystemsManagement"),
        (("states", "sfn", "AWSStepFunctions"), "StepFunctions"),
        (("events", "EventBridge", "AmazonEventBridge"), "EventBridge"),
        (("runtime.sagemaker", "SageMakerRuntime"), "SageMakerRuntime"),
    ],
)
def test_a_service_is_one_node_whichever_sdk_names_it(spellings, service):
    """Vendor, spaces, version and case don't matter for the services we know."""
    assert {canonical_service(spelling) for spelling in spellings} == {service}


def test_an_unknown_service_stays_as_written():
    """Only the table's services are renamed, so `AmazonFoo` keeps its vendor."""
    assert canonical_service("AmazonFoo v2") == "AmazonFoo v2"


def test_keys_of_the_table_are_in_stripped_form():
    """A key that stripping would change could never be found."""
    assert all(canonical_service(key) == service for key, service in CANONICAL.items())


@pytest.mark.parametrize(("service", "member", "type_"), RESOURCES)
def test_a_call_that_names_its_resource_makes_the_resource_a_node(service, member, type_):
    """With an operation and the service's member, the resource is the node."""
    found = infer(aws(service.lower(), operation="Get", **{member: "mine"}))
    assert found == Node("mine", type_)


def test_without_an_operation_the_service_is_the_node():
    """A resource alone is not enough."""
    assert infer(aws("s3", bucket_name="mine")) == Node("S3", "AWS::S3")


def test_a_member_of_another_service_is_no_resource():
    """S3 has no queue."""
    assert infer(aws("S3", operation="Get", queue_url="q")) == Node("S3", "AWS::S3")


def test_a_remote_call_makes_a_node_of_its_name():
    """Host names stay as the SDK wrote them."""
    assert infer(remote("api.example.com", method="GET")) == Node("api.example.com", "remote")


@pytest.mark.parametrize(
    ("fields", "type_"),
    [
        ({"has_sql": True}, "Database::SQL"),
        ({"has_sql": True, "url": "http://x"}, "Database::SQL"),
        ({}, "Database::SQL"),
        ({"method": "GET"}, "remote"),
        ({"url": "http://x"}, "remote"),
        ({"status": 200}, "remote"),
    ],
)
def test_a_database_is_known_by_its_block_or_its_name(fields, type_):
    """A `sql` block, or `database@host` without HTTP: .NET leaves the block out on failure."""
    assert infer(remote("shop@db.example", **fields)) == Node("shop@db.example", type_)


@pytest.mark.parametrize("call", [aws("s3"), aws("s3", operation="Get", bucket_name="b")])
def test_an_account_is_part_of_the_node_when_it_is_given(call):
    """The same bucket in two accounts is two nodes."""
    given = aws(
        "s3", operation=call.operation, bucket_name=call.bucket_name, account_id="123456789012"
    )
    assert infer(call).account == ""
    assert infer(given).account == "123456789012"


@pytest.mark.parametrize("namespace", ["", "local", "AWS"])
def test_local_work_makes_no_node(namespace):
    """Only the namespaces `aws` and `remote` are calls."""
    assert infer(Segment("1" * 16, "render", 0, 1, namespace=namespace)) is None


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("remote", "remote"),
        ("Database::SQL", "sql"),
        ("AWS::S3", "aws"),
        ("AWS::S3::Bucket", "aws"),
    ],
)
def test_the_type_tells_what_an_inferred_node_is(type_, kind):
    """Remote, SQL, and everything else AWS."""
    assert kind_of(Node("x", type_)) == kind


@pytest.mark.parametrize(
    ("file", "nodes"),
    [
        ("dotnet-aws-sdk", {("S3", "AWS::S3"), ("bucket-1", "AWS::S3::Bucket")}),
        ("dotnet-sql-sqlserver-no-connection", {("shop@127.0.0.1", "Database::SQL")}),
        (
            "dotnet-two-services",
            {
                ("main@/srv/app/items.db", "Database::SQL"),
                ("orders", "AWS::S3::Bucket"),
                ("127.0.0.1", "remote"),
            },
        ),
        ("node-aws-sdk-v3", {("DynamoDB", "AWS::DynamoDB")}),
        (
            "node-aws-sdk-4xx",
            {("slow", "AWS::DynamoDB::Table"), ("missing", "AWS::DynamoDB::Table")},
        ),
        ("node-sql-postgres-wrapper", {("shop@db.example", "Database::SQL")}),
        ("python-aws-sdk", {("S3", "AWS::S3"), ("DynamoDB", "AWS::DynamoDB")}),
        ("python-sql-sqlite3", {(":memory:", "Database::SQL")}),
    ],
)
def test_calls_of_real_sdks_make_the_nodes_that_people_expect(file, nodes):
    """Captured documents, whatever is nested in what."""
    found = set()
    waiting = [decode(capture.document) for capture in captures() if capture.file == file]
    while waiting:
        entity = waiting.pop()
        waiting.extend(entity.subsegments)
        node = infer(entity) if entity.is_subsegment else None
        if node is not None:
            found.add((node.name, node.type))
    assert found == nodes
