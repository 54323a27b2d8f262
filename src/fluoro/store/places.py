"""In which buckets of `spans` the rows of given traces lie: near the starts of their documents.

`spans` is ordered by time and `documents` by trace, so that a few ids cost a few granules here and
a scan of every day there.
"""

from collections.abc import Sequence
from typing import Any

from fluoro.model.outcome import IN_PROGRESS
from fluoro.model.tenant import Tenant
from fluoro.store import semantics
from fluoro.store.keys import OWNER, among, bucket_s, owner, received_since

NEAR_US = 15 * 60 * 1_000_000
"""How long after the start of a document its rows are looked for, until one says that it lasted."""

LONGEST_US = 24 * 3600 * 1_000_000
"""How long after the start of a document its rows are looked for at all."""

_WIDTH_S = semantics.BUCKET_US // 1_000_000
_LAST_S = 2**32 - 1
_OFFSETS = [-1, 0, 1, 2, NEAR_US // semantics.BUCKET_US]
"""Buckets around that of a document's start."""

_FURTHER = "SELECT toDateTime(arrayJoin({further:Array(UInt32)}), 'UTC')"
WILD = "bucket < toDateTime(31536000, 'UTC') OR bucket >= toDateTime(4260211200, 'UTC')"
"""Rows that state no start lie in 1970, those with the largest one in 2106."""

ROOTS = "(is_segment OR service = '')"
"""Rows among which are the roots of all documents."""

LAST = f"if(bitAnd(flags, {IN_PROGRESS}) = 0, start_us + dur_us, toInt64(receipt_us))"
"""Until when a document's rows may begin: its end, or its receipt while it is unfinished."""


def rows_of(
    tenant: Tenant, trace_ids: Sequence[str], further: set[int], since_us: int = 0
) -> tuple[str, dict[str, Any]]:
    """Condition that keeps the rows of traces, and its parameters.

    Args:
        tenant: Whose.
        trace_ids: At least one.
        further: Buckets to look in besides those near the documents, epoch seconds.
        since_us: None of the traces began before, epoch microseconds.
    """
    of_traces, values = among(trace_ids)
    received, days = received_since(since_us)
    near = (
        f"SELECT toDateTime((intDiv(start_us, {semantics.BUCKET_US}) + arrayJoin({_OFFSETS}))"
        f" * {_WIDTH_S}, 'UTC') FROM documents WHERE {OWNER} AND {received} AND {of_traces}"
    )
    somewhere = f"bucket IN ({near}) OR bucket IN ({_FURTHER}) OR {WILD}"
    return (
        f"{OWNER} AND {received} AND ({somewhere}) AND {of_traces}",
        {**owner(tenant), **values, **days, "further": sorted(further)},
    )


def buckets_until(start_us: int, last_us: int) -> set[int]:
    """The buckets of a stretch of time, of a day at most; epoch seconds."""
    last_s = min(bucket_s(min(last_us, start_us + LONGEST_US)), _LAST_S)
    return set(range(bucket_s(start_us), last_s + 1, _WIDTH_S))
