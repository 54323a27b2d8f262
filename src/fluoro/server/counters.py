"""What the server counts, and the metrics that are made of it.

At every stop received = stored + rejected + waiting. The writer counts what passed the check; what
did not, and how requests went, is counted here.
"""

from collections import Counter
from http import HTTPStatus

from fluoro.store.writer import Writer
from fluoro.wire.prometheus import Metric, Sample

STORE_FAILED = "StoreUnavailable"
"""Reason of documents that passed the check but could not be inserted; their senders were told."""

DELETED = "Deleted"
"""Reason of documents that were accepted but not kept, since somebody deleted their trace."""


class Counters:
    """Numbers since the start; changed in the event loop only.

    Attributes:
        rejected: Refused documents by AWS's ErrorCode.
        throttled: Documents of requests that were refused whole, since the queue was full.
        requests: Answers by operation and status.
        seconds: Time that the answers of an operation took together.
    """

    def __init__(self) -> None:
        self.rejected: Counter[str] = Counter()
        self.throttled = 0
        self.requests: Counter[tuple[str, int]] = Counter()
        self.seconds: dict[str, float] = {}

    def answered(self, operation: str, status: HTTPStatus | int, seconds: float) -> None:
        """Count one answer."""
        self.requests[operation, int(status)] += 1
        self.seconds[operation] = self.seconds.get(operation, 0.0) + seconds


def metrics(counters: Counters, writer: Writer, version: str) -> list[Metric]:
    """Everything that `/metrics` of the server shows."""
    rejected = [
        Sample(count, {"reason": reason}) for reason, count in sorted(counters.rejected.items())
    ]
    if writer.deleted:
        rejected.append(Sample(writer.deleted, {"reason": DELETED}))
    if writer.failed:
        rejected.append(Sample(writer.failed, {"reason": STORE_FAILED}))
    return [
        Metric(
            "fluoro_server_documents_received_total",
            "counter",
            "Segment documents of accepted requests.",
            [Sample(writer.received + counters.rejected.total())],
        ),
        Metric(
            "fluoro_server_documents_stored_total",
            "counter",
            "Segment documents that are durable and found by queries.",
            [Sample(writer.stored)],
        ),
        Metric(
            "fluoro_server_documents_rejected_total",
            "counter",
            "Segment documents that were refused, by reason.",
            rejected,
        ),
        Metric(
            "fluoro_server_documents_waiting",
            "gauge",
            "Segment documents that wait to be stored.",
            [Sample(writer.waiting)],
        ),
        Metric(
            "fluoro_server_documents_throttled_total",
            "counter",
            "Segment documents of requests that were refused whole because the queue was full.",
            [Sample(counters.throttled)],
        ),
        Metric(
            "fluoro_server_flushes_total",
            "counter",
            "Inserts into the store.",
            [Sample(writer.flushes)],
        ),
        Metric(
            "fluoro_server_flush_seconds_total",
            "counter",
            "Time that inserts into the store took.",
            [Sample(writer.flush_s)],
        ),
        Metric(
            "fluoro_server_requests_total",
            "counter",
            "Answers, by operation and HTTP status.",
            [
                Sample(count, {"operation": operation, "status": str(status)})
                for (operation, status), count in sorted(counters.requests.items())
            ],
        ),
        Metric(
            "fluoro_server_request_seconds_total",
            "counter",
            "Time until requests were answered, by operation.",
            [
                Sample(seconds, {"operation": operation})
                for operation, seconds in sorted(counters.seconds.items())
            ],
        ),
        Metric(
            "fluoro_server_version",
            "gauge",
            "Always 1; the label is the version that runs.",
            [Sample(1, {"version": version})],
        ),
    ]
