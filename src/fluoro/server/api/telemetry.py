"""PutTelemetryRecords: how agents and daemons fare. Source: spec of trace queries, section 5."""

import msgspec

from fluoro.model.tenant import Tenant
from fluoro.server.backend import Backend
from fluoro.server.requests import microseconds
from fluoro.wire.xray_api import Empty
from fluoro.wire.xray_telemetry import PutTelemetryRecordsRequest

_ENCODER = msgspec.json.Encoder()


def put_telemetry_records(
    backend: Backend, tenant: Tenant, request: PutTelemetryRecordsRequest
) -> Empty:
    """Keep what agents and daemons tell of themselves, each record with the names of its sender.

    Raises:
        InputError: A record without a proper time; nothing was kept.
    """
    for place, record in enumerate(request.telemetry_records):
        microseconds(f"TelemetryRecords[{place}].Timestamp", record.timestamp)
    now_us = backend.clock_us()
    for record in request.telemetry_records:
        report = msgspec.structs.replace(request, telemetry_records=[record])
        backend.storage.add_agent_report(tenant, now_us, _ENCODER.encode(report))
    return Empty()
