"""Segments at a steady rate with the official X-Ray SDK for Python and the server's rules.

`python steady.py SERVICE RATE SECONDS LINGER` waits until a rule of the server decides, opens RATE
segments a second from then on, stays LINGER seconds more for the last report, and prints a JSON
line: how many were asked for, the time, trace and rule of each that was sampled, and what the SDK
complained of.
"""

import json
import logging
import sys
import time

from aws_xray_sdk.core import xray_recorder

WAIT_LIMIT_S = 30


class Complaints(logging.Handler):
    """What the SDK's log says went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Asked:
    """What was asked of the sampler since a rule of the server decided first."""

    def __init__(self, service: str) -> None:
        self._service = service
        self.requests = 0
        self.started = 0.0
        self.sampled: list[float] = []
        self.traces: list[str] = []
        self.rules: list[str] = []

    def ask(self) -> None:
        """Open one segment and count it, unless it is from before the rules came."""
        now = time.time()
        segment = xray_recorder.begin_segment(self._service)
        rule = segment.aws["xray"].get("sampling_rule_name") if segment.sampled else None
        xray_recorder.end_segment()
        if rule is None and not self.rules:
            return
        self.started = self.started or now
        self.requests += 1
        if rule is not None:
            self.sampled.append(now)
            self.traces.append(segment.trace_id)
            self.rules.append(rule)


def steady(service: str, rate: float, length_s: float, linger_s: float) -> dict[str, object]:
    """Ask as often as told; what was counted."""
    complaints = Complaints()
    logging.getLogger("aws_xray_sdk").addHandler(complaints)
    asked = Asked(service)
    limit = time.monotonic() + WAIT_LIMIT_S
    while not asked.rules:
        if time.monotonic() > limit:
            sys.exit(f"no rule of the server chose a segment within {WAIT_LIMIT_S} s")
        asked.ask()
        time.sleep(0.1)
    begin = time.monotonic()
    number = 0
    while time.monotonic() - begin < length_s:
        asked.ask()
        number += 1
        time.sleep(max(0, begin + number / rate - time.monotonic()))
    ended = time.time()
    time.sleep(linger_s)
    return {
        "requests": asked.requests,
        "started": asked.started,
        "ended": ended,
        "sampled": asked.sampled,
        "traces": asked.traces,
        "rules": asked.rules,
        "complaints": complaints.lines,
    }


if __name__ == "__main__":
    xray_recorder.configure(context_missing="RUNTIME_ERROR")
    print(json.dumps(steady(sys.argv[1], *map(float, sys.argv[2:]))))  # noqa: T201  its answer to the test
