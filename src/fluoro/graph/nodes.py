"""Which node a call makes when no segment answers it: tables, and their meaning in Python.

The store generates its SQL from the same tables (`store.semantics`), so both always agree.
Source: spec of the service graph, sections 2 and 3, from answers of AWS and the SDKs' sources.
"""

from typing import Literal

from fluoro.graph.rows import Node
from fluoro.model.segment import Segment

Kind = Literal["service", "aws", "remote", "sql"]

REMOTE = "remote"
SQL = "Database::SQL"
CLIENT = "client"
AWS_PREFIX = "AWS::"

VENDOR_PREFIXES = ("amazon", "aws")
"""Taken off the front of a lower-case name without spaces, the first that fits, once."""

VERSION_SUFFIX = "v2"
"""Taken off the end of what is left."""

CANONICAL: dict[str, str] = {
    "athena": "Athena",
    "dynamodb": "DynamoDB",
    "eventbridge": "EventBridge",
    "events": "EventBridge",
    "firehose": "Firehose",
    "kinesis": "Kinesis",
    "kms": "KMS",
    "lambda": "Lambda",
    "runtime.sagemaker": "SageMakerRuntime",
    "s3": "S3",
    "sagemakerruntime": "SageMakerRuntime",
    "secretsmanager": "SecretsManager",
    "ses": "SES",
    "sfn": "StepFunctions",
    "simplesystemsmanagement": "SimpleSystemsManagement",
    "sns": "SNS",
    "sqs": "SQS",
    "ssm": "SimpleSystemsManagement",
    "states": "StepFunctions",
    "stepfunctions": "StepFunctions",
    "sts": "STS",
}
"""Spelling of the AWS services we know, by name without vendor, spaces and version."""

RESOURCES: tuple[tuple[str, str, str], ...] = (
    ("DynamoDB", "table_name", "AWS::DynamoDB::Table"),
    ("S3", "bucket_name", "AWS::S3::Bucket"),
    ("SQS", "queue_url", "AWS::SQS::Queue"),
    ("SNS", "topic_arn", "AWS::SNS"),
    ("Lambda", "function_name", "AWS::Lambda"),
)
"""Service, the member of `model.Segment` that names the resource, and the node's type."""


def canonical_service(name: str) -> str:
    """One spelling for an AWS service whichever SDK named it; an unknown name stays as written."""
    key = name.replace(" ", "").lower()
    for prefix in VENDOR_PREFIXES:
        if key.startswith(prefix):
            key = key.removeprefix(prefix)
            break
    return CANONICAL.get(key.removesuffix(VERSION_SUFFIX), name)


def infer(call: Segment) -> Node | None:
    """The node that a call makes when no segment answers it; None for local work."""
    match call.namespace:
        case "aws":
            return _aws_node(call)
        case "remote":
            is_sql = call.has_sql or (not _has_http(call) and "@" in call.name)
            return Node(call.name, SQL if is_sql else REMOTE, call.account_id)
        case _:
            return None


def kind_of(node: Node) -> Kind:
    """What an inferred node is."""
    if node.type == REMOTE:
        return "remote"
    return "sql" if node.type == SQL else "aws"


def _aws_node(call: Segment) -> Node:
    service = canonical_service(call.name)
    if call.operation:
        for resource_service, member, type_ in RESOURCES:
            resource: str = getattr(call, member)
            if service == resource_service and resource:
                return Node(resource, type_, call.account_id)
    return Node(service, AWS_PREFIX + service, call.account_id)


def _has_http(call: Segment) -> bool:
    """Whether it was an HTTP call; .NET leaves `sql` out of a call whose connection failed."""
    return bool(call.method or call.url or call.status)
