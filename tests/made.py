"""Spans for tests, made from small numbers: ids, parents and milliseconds."""

from fluoro.model.outcome import IN_PROGRESS
from fluoro.model.span import Span

TRACE_ID = "1-6b02b7ef-d88b802111d95ce52dd34d81"


def id_of(number: int) -> str:
    """The id of span `number`; no id for 0."""
    return f"{number:016x}" if number else ""


def span(number, parent=0, *, start=0, end=1000, flags=0, **fields):
    """A local subsegment; times in milliseconds, `end=None` while in progress."""
    fields = {
        "trace_id": TRACE_ID,
        "document_id": id_of(number),
        "is_segment": False,
        "status": 0,
        "service": "",
        "name": f"work {number}",
        "namespace": "",
        "origin": "",
        "node_name": "",
        "node_type": "",
    } | fields
    return Span(
        id=id_of(number),
        parent_id=id_of(parent),
        start_us=start * 1000,
        end_us=0 if end is None else end * 1000,
        flags=flags | (IN_PROGRESS if end is None else 0),
        **fields,
    )


def segment(number, parent=0, *, name="web", origin="", **fields):
    """A segment of service `name`."""
    return span(
        number,
        parent,
        is_segment=True,
        name=name,
        service=name,
        origin=origin,
        node_name=name,
        node_type=origin,
        **fields,
    )


def call(number, parent, *, name="api", node=None, type_="remote", **fields):
    """A call by `name`; `node` is the node it makes, by default of the same name."""
    return span(
        number,
        parent,
        name=name,
        namespace="remote" if type_ == "remote" else "aws",
        node_name=node or name,
        node_type=type_,
        **fields,
    )
