import re
from pathlib import Path

from fluoro.model.tenant import LOCAL
from fluoro.server import upkeep
from fluoro.server.counters import metrics
from fluoro.server.jobs import Jobs
from fluoro.store.upkeep import Dropped
from fluoro.wire.prometheus import render

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


def value(server, name):
    """The sum of a metric's numbers."""
    (metric,) = [
        metric
        for metric in metrics(server.backend.counters, server.writer, "1")
        if metric.name == f"fluoro_server_documents_{name}"
    ]
    return sum(sample.value for sample in metric.samples)


def test_every_metric_is_in_the_reference(server):
    """docs/reference/metrics.md lists each metric with its kind, and none else."""
    rows = re.findall(r"^\| `(fluoro_\w+)` \| (\w+) \|", PAGE.read_text(), re.MULTILINE)
    found = [
        *metrics(server.backend.counters, server.writer, "1"),
        *server.backend.identity.throttle.metrics(),
        *server.backend.fairness.metrics(),
        *server.backend.bodies.metrics(),
        *Jobs(bool, []).metrics(),
        *upkeep.metrics(Dropped(), server.backend.settings),
    ]
    assert rows == [(metric.name, metric.kind) for metric in found]


def test_received_is_stored_and_rejected_and_waiting(server, document):
    """The numbers close after good, bad and failed documents."""
    server.put(document(1), {"id": "x"}, "NaN")
    server.storage.is_broken = True
    assert server.call(
        "/TraceSegments", {"TraceSegmentDocuments": ['{"a":1}']}
    ).is_success  # all refused: the store is not asked
    text = b'{"TraceSegmentDocuments": [%b]}' % (
        b'"{\\"id\\":\\"0000000000000002\\",\\"trace_id\\":\\"1-6553f100-00000000000000000000000a\\",'
        b'\\"name\\":\\"a\\",\\"start_time\\":1,\\"end_time\\":2}"'
    )
    assert server.call("/TraceSegments", text).status_code == 503
    assert value(server, "received_total") == 5
    assert value(server, "stored_total") == 1
    assert value(server, "rejected_total") == 4
    assert value(server, "waiting") == 0


def test_rejected_by_reason(server):
    """X-Ray's code is the label, and the store's failures have one of their own."""
    server.put({"id": "x"}, "NaN")
    text = render(metrics(server.backend.counters, server.writer, "1"))
    assert 'rejected_total{reason="InvalidId"} 1\n' in text
    assert 'rejected_total{reason="ParseError"} 1\n' in text


def test_documents_of_deleted_traces_are_rejected(server, document, trace_id):
    """Their sender is answered as if they were kept; the numbers close."""
    server.storage.delete_traces(LOCAL, [trace_id(1)], 0)
    answer = server.put(document(1, trace_id(1)), document(2, trace_id(2)))
    assert answer["UnprocessedTraceSegments"] == []
    (rejected,) = [
        metric
        for metric in metrics(server.backend.counters, server.writer, "1")
        if metric.name == "fluoro_server_documents_rejected_total"
    ]
    assert [(each.value, each.labels) for each in rejected.samples] == [(1, {"reason": "Deleted"})]
    assert (value(server, "received_total"), value(server, "stored_total")) == (2, 1)
