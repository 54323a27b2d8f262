"""The official X-Ray SDK for Python sends through the agent, and boto3 reads what it sent."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fluoro_up import Fluoro, until

PROGRAM = Path(__file__).parent / "python" / "program.py"


def run(fluoro: Fluoro, folder: Path, *arguments: str) -> dict[str, Any]:
    """What one program with the SDK printed; it knows of us by the daemon's address alone."""
    finished = subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        cwd=folder,
        env={**os.environ, "AWS_XRAY_DAEMON_ADDRESS": fluoro.agent},
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    return json.loads(finished.stdout)


def segment(fluoro: Fluoro, trace: str) -> dict[str, Any]:
    """The document of the trace's one segment that was sent, as boto3 reads it."""

    def read() -> dict[str, Any] | None:
        sent = [one for one in fluoro.documents(trace) if not one.get("inferred")]
        return sent[0] if sent else None

    return until(read, f"trace {trace} to be read")


def test_every_member_comes_back(fluoro: Fluoro, tmp_path: Path):
    """A segment with all that the SDK can put into one is read back member for member."""
    sent = run(fluoro, tmp_path, "every_member")
    assert segment(fluoro, sent["trace"]) == sent["document"]


def test_streamed_subsegments_are_joined(fluoro: Fluoro, tmp_path: Path):
    """Subsegments that the SDK sent before their segment are read inside of it."""
    trace = run(fluoro, tmp_path, "streamed")["trace"]

    def steps() -> set[str] | None:
        inside = {one["name"] for one in segment(fluoro, trace).get("subsegments", [])}
        return inside if len(inside) == 40 else None

    assert until(steps, "40 subsegments") == {f"step {number}" for number in range(40)}


def test_summary_says_what_the_segment_said(fluoro: Fluoro, tmp_path: Path):
    """The trace's summary carries user, annotations and outcome of its root."""
    trace = run(fluoro, tmp_path, "every_member")["trace"]
    summary = until(lambda: fluoro.summaries().get(trace), f"trace {trace} to be found")
    assert [one["UserName"] for one in summary["Users"]] == ["ada"]
    assert summary["HasFault"]
    assert summary["Http"]["HttpStatus"] == 500
    values = {
        key: [one["AnnotationValue"] for one in found]
        for key, found in summary["Annotations"].items()
    }
    assert values["text"] == [{"StringValue": "größe"}]
    assert values["part"] == [{"NumberValue": 0.25}]
    assert values["yes"] == [{"BooleanValue": True}]


def test_the_default_rule_samples(fluoro: Fluoro, tmp_path: Path):
    """The SDK gets the rule Default through the agent, and says so in what it samples."""
    trace = run(fluoro, tmp_path, "sampled")["trace"]
    assert segment(fluoro, trace)["aws"]["xray"]["sampling_rule_name"] == "Default"
