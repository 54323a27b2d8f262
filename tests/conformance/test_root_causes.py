"""Root causes as boto3 reads them."""

import json
import time

import pytest

DAY_S = 86_400


@pytest.fixture(scope="module")
def summary(fluoro):
    """Of a faulty trace: web calls api, whose query of a database fails; api names its exception.

    The query was answered 400, so it is an error too.
    """
    start = int(time.time()) - 2 * DAY_S
    trace_id = f"1-{start:08x}-{0xCA05E:024x}"
    query = {
        "id": "000000000000000d",
        "name": "db.example",
        "namespace": "remote",
        "start_time": start + 0.2,
        "end_time": start + 0.8,
        "fault": True,
        "error": True,
        "sql": {"sanitized_query": "SELECT 1"},
        "cause": {"exceptions": [{"id": "e" * 16, "type": "Refused", "message": "no way"}]},
    }
    call = {
        "id": "000000000000000b",
        "name": "api.example",
        "namespace": "remote",
        "start_time": start + 0.1,
        "end_time": start + 0.9,
        "fault": True,
    }
    web = {
        "id": "000000000000000a",
        "name": "web",
        "start_time": start,
        "end_time": start + 1,
        "fault": True,
        "subsegments": [call],
    }
    api = {
        "id": "000000000000000c",
        "parent_id": "000000000000000b",
        "name": "api",
        "origin": "AWS::ECS::Container",
        "start_time": start + 0.15,
        "end_time": start + 0.9,
        "fault": True,
        "cause": "e" * 16,
        "subsegments": [query],
    }
    texts = [json.dumps({"trace_id": trace_id} | each) for each in (web, api)]
    assert not fluoro.xray.put_trace_segments(TraceSegmentDocuments=texts)[
        "UnprocessedTraceSegments"
    ]
    answer = fluoro.xray.get_trace_summaries(StartTime=start - 60, EndTime=start + 60)
    (found,) = answer["TraceSummaries"]
    return found


def service(name, type_, *path, inferred=False):
    names = {"Name": name, "Names": [name], "Type": type_}
    return names | {"EntityPath": list(path), "Inferred": inferred}


def failed(name, *exceptions, remote=False):
    return {"Name": name, "Remote": remote, "Exceptions": list(exceptions)}


def spent(name, coverage, *, remote=False):
    return {"Name": name, "Remote": remote, "Coverage": coverage}


def test_fault_root_causes(summary):
    """Every member is there: strings for the type, lists for what is empty."""
    refused = {"Name": "Refused", "Message": "no way"}
    assert summary["FaultRootCauses"] == [
        {
            "ClientImpacting": True,
            "Services": [
                service("web", "", failed("web"), failed("api.example", remote=True)),
                service(
                    "api",
                    "AWS::ECS::Container",
                    failed("api"),
                    failed("db.example", refused, remote=True),
                ),
                service("db.example", "Database::SQL", failed("db.example"), inferred=True),
            ],
        }
    ]


def test_error_root_causes(summary):
    """Nothing above the query is an error, so its receiver is a cause of its own."""
    receiver = service("db.example", "Database::SQL", failed("db.example"), inferred=True)
    assert summary["ErrorRootCauses"] == [{"ClientImpacting": False, "Services": [receiver]}]


def test_response_time_root_causes(summary):
    """With coverage in the place of exceptions."""
    assert summary["ResponseTimeRootCauses"] == [
        {
            "ClientImpacting": True,
            "Services": [
                service("web", "", spent("web", 1.0), spent("api.example", 0.8, remote=True)),
                service(
                    "api",
                    "AWS::ECS::Container",
                    spent("api", 0.75),
                    spent("db.example", 0.6, remote=True),
                ),
                service("db.example", "Database::SQL", spent("db.example", 0.6), inferred=True),
            ],
        }
    ]
