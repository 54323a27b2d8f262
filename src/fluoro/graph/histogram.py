"""Distributions of durations: counts in buckets of 9 %, so that pre-summed and raw answers agree.

A duration of `us` microseconds lies in bucket floor(8·log2(max(us, 1))); a bucket ends where
the next begins, 2^(1/8) times further. Source: architecture, "Where each meaning lives, once".
"""

import math
from collections.abc import Iterable, Mapping

STEPS_PER_DOUBLING = 8
BUCKETS = STEPS_PER_DOUBLING * 63
"""As many as durations of 63 bits have."""


def bucket_of(us: int) -> int:
    """The bucket of a duration; 0 and 1 µs share the first."""
    return math.floor(STEPS_PER_DOUBLING * math.log2(max(us, 1)))


def lower_us(bucket: int) -> float:
    """Where a bucket begins, in microseconds."""
    return float(2 ** (bucket / STEPS_PER_DOUBLING))


def upper_us(bucket: int) -> float:
    """Where a bucket ends, in microseconds."""
    return lower_us(bucket + 1)


def middle_us(bucket: int) -> float:
    """The geometric middle of a bucket, in microseconds; what answers show for all in it."""
    return float(2 ** ((bucket + 0.5) / STEPS_PER_DOUBLING))


def tally(buckets: Iterable[int]) -> dict[int, int]:
    """The histogram of what lies in these buckets."""
    found: dict[int, int] = {}
    for bucket in buckets:  # mostly few: a Counter takes longer to begin
        found[bucket] = found.get(bucket, 0) + 1
    return found


def merge(histograms: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """Add histograms; any order gives the same."""
    each = iter(histograms)
    total = dict(next(each, {}))
    for histogram in each:
        for key, count in histogram.items():
            total[key] = total.get(key, 0) + count
    return total


def quantile_us(histogram: Mapping[int, int], share: float) -> float | None:
    """The duration that `share` (0 to 1) of all stay at or below, to a bucket's middle.

    None for an empty histogram.
    """
    wanted = share * sum(histogram.values())
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= wanted and seen:
            return middle_us(bucket)
    return None
