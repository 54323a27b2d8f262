"""The service of spans that came without their segment: found along `parent_id` in the trace."""

from collections.abc import Sequence

import msgspec

from fluoro.graph.edges import enclosing_segments
from fluoro.model.span import Span


def with_services(spans: Sequence[Span]) -> list[Span]:
    """The spans of one trace, each with the name of the segment around it; orphans keep none."""
    if all(span.service for span in spans):
        return list(spans)
    around = enclosing_segments(spans)
    return [
        span
        if span.service or span.id not in around
        else msgspec.structs.replace(span, service=around[span.id].name)
        for span in spans
    ]
