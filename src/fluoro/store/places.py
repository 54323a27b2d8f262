"""In which buckets of `spans` the rows of given traces lie, asked of their documents.

`spans` is ordered by time and `documents` by trace, so that a few ids cost a few granules here and
a scan of every day there.
"""

from collections.abc import Sequence
from typing import Any

from fluoro.model.outcome import IN_PROGRESS
from fluoro.model.tenant import Tenant
from fluoro.store import semantics
from fluoro.store.keys import OWNER, TRACES, bucket_s, owner, traces
from fluoro.store.pool import Pool

NEAR_US = 15 * 60 * 1_000_000
"""How far from the start of a document its rows are looked for, until one tells that it went on."""

LONGEST_US = 24 * 3600 * 1_000_000
"""How far from the start of a document its rows are looked for at all."""

IN_PLACES = (
    "(bucket IN (SELECT toDateTime(arrayJoin({places:Array(UInt32)}), 'UTC'))"
    " OR bucket < toDateTime(31536000, 'UTC') OR bucket >= toDateTime(4260211200, 'UTC'))"
)
"""Rows of these buckets, and of wild starts: those without one lie in 1970, the largest in 2106."""

_LAST = f"if(bitAnd(flags, {IN_PROGRESS}) = 0, start_us + dur_us, toInt64(receipt_us))"
_WIDTH_S = semantics.BUCKET_US // 1_000_000
_LAST_S = 2**32 - 1


def buckets_between(start_us: int, end_us: int) -> set[int]:
    """The buckets of a stretch of time, epoch seconds."""
    last = min(bucket_s(end_us), _LAST_S)
    return set(range(bucket_s(start_us), last + 1, _WIDTH_S))


def parameters(tenant: Tenant, trace_ids: Sequence[str], places: set[int]) -> dict[str, Any]:
    """What `OWNER`, `TRACES` and `IN_PLACES` need."""
    return {**owner(tenant), **traces(trace_ids), "places": sorted(places)}


def first_places(pool: Pool, tenant: Tenant, trace_ids: Sequence[str]) -> set[int]:
    """The buckets near the start of each document of the traces."""
    rows = pool.query(
        f"SELECT DISTINCT intDiv(start_us, {semantics.BUCKET_US}) FROM documents"
        f" WHERE {OWNER} AND {TRACES}",
        {**owner(tenant), **traces(trace_ids)},
    )
    found: set[int] = set()
    for (number,) in rows:
        start_us = number * semantics.BUCKET_US
        found |= buckets_between(start_us - NEAR_US, start_us + semantics.BUCKET_US + NEAR_US)
    return found


def all_places(pool: Pool, tenant: Tenant, trace_ids: Sequence[str]) -> set[int]:
    """The buckets in which rows of the traces may lie: as long as the documents went on.

    What is unfinished went on until it was received.
    """
    near = first_places(pool, tenant, trace_ids)
    rows = pool.query(
        f"SELECT start_us, {_LAST} AS last_us FROM spans WHERE {OWNER} AND {IN_PLACES} AND {TRACES}"
        " AND id = document_id AND last_us - start_us > {near:Int64}",
        parameters(tenant, trace_ids, near) | {"near": NEAR_US},
    )
    for start_us, last_us in rows:
        near |= buckets_between(start_us, min(last_us, start_us + LONGEST_US))
    return near
