"""What leads the tables' keys, as SQL and as parameters: tenant, traces, 5-minute buckets."""

from collections.abc import Sequence
from typing import Any

from fluoro.model.ids import trace_id_hex
from fluoro.model.tenant import Tenant
from fluoro.store import semantics

OWNER = "account = {account:String} AND region = {region:String}"
TRACES = "trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))"

MOST_NAMED = 3_000
"""Traces in one query: each takes 35 of the 131,072 bytes that a server reads of a parameter."""

_US_PER_DAY = 86_400 * 1_000_000
_LAST_DAY = 65_535
"""Latest day of a Date."""
_FEW = 5
"""As many traces as BatchGetTraces takes."""


def hex_id(column: str) -> str:
    """An id as its 16 hex digits, empty for 0."""
    return f"if({column} = 0, '', lower(leftPad(hex({column}), 16, '0')))"


def owner(tenant: Tenant) -> dict[str, Any]:
    """Parameters of `OWNER`."""
    return {"account": tenant.account, "region": tenant.region}


def traces(trace_ids: Sequence[str]) -> dict[str, Any]:
    """Parameters of `TRACES`."""
    return {"traces": [trace_id_hex(trace_id) for trace_id in trace_ids]}


def among(trace_ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Condition that keeps the rows of some traces, and its parameters.

    A few ids stand in it by themselves: the engine finds each in the index of each part six times
    as fast as those of a subquery.
    """
    if not 0 < len(trace_ids) <= _FEW:
        return TRACES, traces(trace_ids)
    names = [f"trace{place}" for place in range(len(trace_ids))]
    each = ", ".join(f"toFixedString(unhex({{{name}:String}}), 16)" for name in names)
    return f"trace_id IN ({each})", dict(zip(names, map(trace_id_hex, trace_ids), strict=True))


def received_since(us: int) -> tuple[str, dict[str, Any]]:
    """Condition that keeps what may belong to traces that began at a time or later.

    Nothing is received a day before it begins, and whole days of receipt are partitions.
    """
    day = min(max(us // _US_PER_DAY - 1, 0), _LAST_DAY)
    return "received >= toDate({since_day:UInt16})", {"since_day": day}


def bucket_s(us: int) -> int:
    """Begin of the bucket of a time, epoch seconds, as the view computes it."""
    return max(us, 0) // semantics.BUCKET_US * (semantics.BUCKET_US // 1_000_000)


def buckets(start_us: int, end_us: int) -> tuple[str, dict[str, Any]]:
    """Condition that keeps the rows which began in a range, to the bucket."""
    condition = (
        "bucket BETWEEN toDateTime({first:UInt32}, 'UTC') AND toDateTime({last:UInt32}, 'UTC')"
    )
    last = min(bucket_s(end_us), 2**32 - 1)
    return condition, {"first": min(bucket_s(start_us), 2**32 - 1), "last": last}
