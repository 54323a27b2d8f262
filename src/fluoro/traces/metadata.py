"""Metadata of a trace: what is in its documents alone, since X-Ray does not index it."""

from collections.abc import Iterable, Iterator, Sequence

from fluoro.model.span import Span
from fluoro.wire import json_text
from fluoro.wire.document import Entity, outline


def metadata_of(spans: Sequence[Span], documents: Iterable[tuple[str, bytes]]) -> dict[str, object]:
    """The `metadata` member of each span that has one, as JSON values, by the span's id.

    Args:
        spans: Those that count, of one trace.
        documents: Id and text of the documents of that trace.
    """
    wanted = {(span.document_id, span.id) for span in spans}
    found: dict[str, object] = {}
    for document_id, document in documents:
        for entity in _entities(document):
            id_ = entity.id
            raw = entity.raw(b"metadata")
            if raw is not None and (document_id, id_) in wanted:
                found.setdefault(id_, json_text.read(raw))
    return found


def _entities(document: bytes) -> Iterator[Entity]:
    waiting = [outline(document)]
    while waiting:
        entity = waiting.pop()
        yield entity
        waiting += reversed(entity.nested)
