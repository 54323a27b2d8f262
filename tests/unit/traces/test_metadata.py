import json

import msgspec

from fluoro.traces.metadata import metadata_of
from made import id_of, segment, span


def entity(number, *subsegments, **members):
    return {"id": id_of(number).upper(), "subsegments": list(subsegments)} | members


def document(*arguments, **members):
    return json.dumps(entity(*arguments, **members)).encode()


def test_metadata_is_found_at_any_depth():
    """By the id of its span; what has none is left out."""
    text = document(1, entity(2, entity(3, metadata={"a": 1})), metadata=["x"])
    spans = [segment(1), *(span(n, n - 1, document_id=id_of(1)) for n in (2, 3))]
    assert metadata_of(spans, [(id_of(1), text)]) == {id_of(1): ["x"], id_of(3): {"a": 1}}


def test_metadata_is_that_of_the_span_that_counts():
    """An id that came in two documents has one span, and that names its document."""
    documents = [
        (id_of(1), document(1, entity(2, metadata="nested"))),
        (id_of(2), document(2, metadata="alone")),
    ]
    nested = span(2, 1, document_id=id_of(1))
    alone = msgspec.structs.replace(nested, document_id=id_of(2))
    assert metadata_of([nested], documents) == {id_of(2): "nested"}
    assert metadata_of([alone], documents) == {id_of(2): "alone"}


def test_metadata_may_be_what_fast_parsers_refuse():
    """Deep, out of range, half of a pair: it was admitted."""
    raw = b'{"id":"%b","metadata":{"a":%b,"b":1e400,"c":"\\ud800"}}' % (
        id_of(1).encode(),
        b"[" * 5000 + b"]" * 5000,
    )
    found = metadata_of([segment(1)], [(id_of(1), raw)])[id_of(1)]
    assert found["b"] == float("inf")
    assert found["c"] == "\ufffd"
    assert found["a"]
