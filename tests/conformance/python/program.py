"""Programs with the official X-Ray SDK for Python as its manual shows them.

`python program.py NAME [URL]` runs one and prints a JSON line: the `trace`, and for some the
`document` that the SDK sent. `AWS_XRAY_DAEMON_ADDRESS` says where to.
"""

import json
import sqlite3
import sys
import time

import requests
from aws_xray_sdk.core import patch, xray_recorder

SAMPLING_LIMIT_S = 30


def every_member() -> dict[str, object]:
    """A segment with what the SDK can put into one."""
    segment = xray_recorder.begin_segment("python-orders", sampling=1)
    segment.set_user("ada")
    segment.put_http_meta("method", "GET")
    segment.put_http_meta("url", "http://orders.example/7")
    segment.put_http_meta("status", 500)
    for key, value in (("text", "größe"), ("whole", 2**53 + 1), ("part", 0.25), ("yes", True)):
        segment.put_annotation(key, value)
    segment.put_metadata("basket", {"items": [1, None, {"sku": "mug"}]}, "shop")
    with xray_recorder.in_subsegment("outer") as outer:
        outer.put_annotation("depth", 1)
        try:
            with xray_recorder.in_subsegment("inner"):
                broken()
        except ValueError:
            segment.add_fault_flag()
    connection = sqlite3.connect("orders.db")
    connection.execute("SELECT 1").fetchone()
    connection.close()
    xray_recorder.end_segment()
    return {"trace": segment.trace_id, "document": json.loads(segment.serialize())}


def broken() -> None:
    """Fail as a service does."""
    message = "the order has no price"
    raise ValueError(message)


def streamed() -> dict[str, object]:
    """So many subsegments that the SDK sends them by themselves, before their segment."""
    segment = xray_recorder.begin_segment("python-stream", sampling=1)
    for number in range(40):
        with xray_recorder.in_subsegment(f"step {number}"):
            pass
    xray_recorder.end_segment()
    return {"trace": segment.trace_id}


def sampled() -> dict[str, object]:
    """Ask the sampler until a rule of the server has chosen a segment."""
    deadline = time.monotonic() + SAMPLING_LIMIT_S
    while time.monotonic() < deadline:
        segment = xray_recorder.begin_segment("python-sampled")
        xray_recorder.end_segment()
        if segment.sampled and "sampling_rule_name" in segment.aws["xray"]:
            return {"trace": segment.trace_id}
        time.sleep(0.1)
    sys.exit(f"no rule of the server chose a segment within {SAMPLING_LIMIT_S} s")


def caller() -> dict[str, object]:
    """A segment that calls another service by HTTP."""
    segment = xray_recorder.begin_segment("python-front", sampling=1)
    answer = requests.get(sys.argv[2], timeout=10)
    xray_recorder.end_segment()
    return {"trace": segment.trace_id, "status": answer.status_code}


PROGRAMS = {one.__name__: one for one in (every_member, streamed, sampled, caller)}

if __name__ == "__main__":
    xray_recorder.configure(context_missing="RUNTIME_ERROR")
    patch(("requests", "sqlite3"))
    print(json.dumps(PROGRAMS[sys.argv[1]]()))  # noqa: T201  its answer to the test
