"""A read document as rows: the Python half of what the store's views do in SQL.

Used for documents that the views do not read (too deep, or numbers and strings that ClickHouse's
JSON parser refuses), for small inserts, for traces whose documents are at hand, and by the memory
store. A test holds both halves equal.
"""

from collections.abc import Iterable

from fluoro.graph.nodes import infer
from fluoro.graph.rows import Node
from fluoro.model import outcome
from fluoro.model.segment import Segment
from fluoro.model.span import Span
from fluoro.store import semantics
from fluoro.store.storage import Stored
from fluoro.wire.segment import decode

_NO_NODE = Node("", "")


def spans_of(document: Segment, receipt_us: int, source: str = "") -> list[Span]:
    """Rows of a document's root entity and of everything below it, parents before children."""
    service = "" if document.is_subsegment else document.name
    rows: list[Span] = []
    waiting = [(document, document.parent_id)]
    while waiting:
        entity, parent_id = waiting.pop()
        rows.append(_row(document, entity, parent_id, service, (receipt_us, source)))
        waiting.extend((child, entity.id) for child in reversed(entity.subsegments))
    return rows


def version(receipt_us: int, *, is_finished: bool) -> int:
    """The larger one counts: the first finished, else the newest unfinished."""
    return semantics.FINISHED_VER + (2**61 - receipt_us) if is_finished else receipt_us


def spans_of_documents(documents: Iterable[Stored]) -> list[Span]:
    """What some documents of a trace hold, of each span the version that counts; in any order."""
    found: dict[str, tuple[int, Span]] = {}
    for stored in documents:
        for span in spans_of(decode(stored.document), stored.receipt_us):
            ver = version(span.receipt_us, is_finished=span.is_finished)
            if span.id not in found or found[span.id][0] < ver:
                found[span.id] = ver, span
    return [span for _, span in found.values()]


def _row(
    root: Segment, entity: Segment, parent_id: str, service: str, arrival: tuple[int, str]
) -> Span:
    is_segment = entity is root and not root.is_subsegment
    if is_segment:
        node = Node(entity.name, entity.origin, entity.account_id)
    else:
        node = infer(entity) or _NO_NODE
    return Span(
        trace_id=root.trace_id,
        id=entity.id,
        parent_id=parent_id,
        document_id=root.id,
        is_segment=is_segment,
        start_us=entity.start_us,
        end_us=max(entity.end_us, entity.start_us) if entity.end_us is not None else 0,
        flags=outcome.flags(
            error=entity.error,
            fault=entity.fault,
            throttle=entity.throttle,
            status=entity.status,
            in_progress=entity.end_us is None,
        ),
        status=entity.status,
        service=service,
        name=entity.name,
        namespace=entity.namespace,
        origin=entity.origin,
        node_name=node.name,
        node_type=node.type,
        node_account=node.account,
        method=entity.method,
        url=entity.url,
        client_ip=entity.client_ip,
        user_agent=entity.user_agent,
        user=entity.user,
        operation=entity.operation or entity.sql_query,
        resource_arn=entity.resource_arn,
        instance_id=entity.instance_id,
        availability_zone=entity.availability_zone,
        annotations=entity.annotations,
        receipt_us=arrival[0],
        exceptions=entity.exceptions,
        cause_id=entity.cause_id,
        source=arrival[1],
    )
