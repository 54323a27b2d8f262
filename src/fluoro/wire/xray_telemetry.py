"""Shapes of PutTelemetryRecords. Source: botocore's service model of X-Ray."""

from typing import Annotated

from msgspec import Meta

from fluoro.wire.xray_api import Shape
from fluoro.wire.xray_members import Integer, Timestamp


class BackendConnectionErrors(Shape, frozen=True):
    """Failed calls of an agent to its upstream since its last record."""

    timeout_count: Integer = 0
    connection_refused_count: Integer = 0
    http_code_4xx_count: Integer = 0
    http_code_5xx_count: Integer = 0
    unknown_host_count: Integer = 0
    other_count: Integer = 0


class TelemetryRecord(Shape, frozen=True, omit_defaults=False):
    """An agent's counts since its last record."""

    timestamp: Timestamp
    segments_received_count: Integer = 0
    segments_sent_count: Integer = 0
    segments_spillover_count: Integer = 0
    segments_rejected_count: Integer = 0
    backend_connection_errors: BackendConnectionErrors | None = None


class PutTelemetryRecordsRequest(Shape, frozen=True):
    """Records of one agent."""

    telemetry_records: list[TelemetryRecord]
    ec2_instance_id: Annotated[str, Meta(max_length=20)] | None = None
    hostname: Annotated[str, Meta(max_length=255)] | None = None
    resource_arn: Annotated[str, Meta(max_length=500)] | None = None
