"""The agent's own counts to the server, once a minute, as AWS's daemon sends them.

Source: `pkg/telemetry/telemetry.go` of AWS's daemon; spec of the daemon, section 9.
"""

import asyncio
from collections.abc import Callable

import httpx2
import msgspec
import structlog

from fluoro.agent.counts import Counts
from fluoro.agent.upstream import post
from fluoro.wire.xray_telemetry import (
    BackendConnectionErrors,
    PutTelemetryRecordsRequest,
    TelemetryRecord,
)

PATH = "/TelemetryRecords"

_log = structlog.get_logger()


class Telemetry:
    """Differences of the counts between two reports; a report that fails is added to the next."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        counts: Counts,
        hostname: str,
        wall_clock_s: Callable[[], float],
    ) -> None:
        self._client = client
        self._counts = counts
        self._hostname = hostname
        self._wall_clock_s = wall_clock_s
        self._reported = self._totals()

    def _totals(self) -> dict[str, int]:
        counts, requests = self._counts, self._counts.requests
        return {
            "received": counts.received,
            "sent": counts.forwarded,
            "spillover": counts.dropped.total(),
            "rejected": counts.rejected.total(),
            "timeout": requests["timeout"],
            "refused": requests["unreachable"],
            "4xx": requests["4xx"],
            "5xx": requests["5xx"],
            "other": requests["broken"] + requests["unreadable"],
        }

    async def report_for_ever(self, interval_s: float) -> None:
        """Report every `interval_s` seconds once something was received."""
        while True:
            await asyncio.sleep(interval_s)
            if self._counts.received:
                await self.report()

    async def report(self) -> None:
        """Send one record; the server may be away, which is only noted."""
        now = self._totals()
        since = {name: total - self._reported[name] for name, total in now.items()}
        record = TelemetryRecord(
            timestamp=self._wall_clock_s(),
            segments_received_count=since["received"],
            segments_sent_count=since["sent"],
            segments_spillover_count=since["spillover"],
            segments_rejected_count=since["rejected"],
            backend_connection_errors=BackendConnectionErrors(
                timeout_count=since["timeout"],
                connection_refused_count=since["refused"],
                http_code_4xx_count=since["4xx"],
                http_code_5xx_count=since["5xx"],
                other_count=since["other"],
            ),
        )
        body = msgspec.json.encode(PutTelemetryRecordsRequest([record], hostname=self._hostname))
        try:
            answer = await post(self._client, PATH, body)
            answer.raise_for_status()
        except httpx2.HTTPError as error:
            _log.info("telemetry_failed", error=type(error).__name__)
        else:
            self._reported = now
