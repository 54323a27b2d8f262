"""Distributions of durations: counts in buckets of 9 %, so that pre-summed and raw answers agree.

A duration of `us` microseconds lies in bucket floor(8·log2(max(us, 1))); a bucket ends where
the next begins, 2^(1/8) times further. Source: architecture, "Where each meaning lives, once".
"""

import math
from collections.abc import Iterable, Mapping
from typing import Self

import msgspec

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


class Histogram(msgspec.Struct, frozen=True, gc=False):
    """How many lie at each key: two lists, since an answer is written of tens of thousands.

    Counts of a difference (`store.counting.Counted.outliving`) may be negative.
    """

    keys: list[int] = []
    """Ascending: buckets, or the exact microseconds in the graph of one trace."""
    counts: list[int] = []
    """Of each key, as many; never 0."""

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Self:
        """The same of counts by key, in any order; what counts 0 is left out."""
        keys = sorted(counts)
        if 0 in counts.values():
            keys = [key for key in keys if counts[key]]
        return cls(keys, list(map(counts.__getitem__, keys)))

    @classmethod
    def tally(cls, keys: Iterable[int]) -> Self:
        """Each key as often as it comes."""
        found: dict[int, int] = {}
        for key in keys:  # mostly few: a Counter takes longer to begin
            found[key] = found.get(key, 0) + 1
        return cls.of(found)

    @classmethod
    def total(cls, histograms: Iterable[Self]) -> Self:
        """All together; any order gives the same."""
        found: dict[int, int] = {}
        for histogram in histograms:
            if not found:
                found = histogram.by_key()
                continue
            for key, count in zip(histogram.keys, histogram.counts, strict=True):
                found[key] = found.get(key, 0) + count
        return cls.of(found)

    def __bool__(self) -> bool:
        """Whether anything was counted."""
        return bool(self.keys)

    def by_key(self) -> dict[int, int]:
        """Counts by key, ascending."""
        return dict(zip(self.keys, self.counts, strict=True))

    def quantile_us(self, share: float) -> float | None:
        """The duration that `share` (0 to 1) of all stay at or below, to the middle of its bucket.

        None when nothing was counted. Keys are buckets.
        """
        wanted = share * sum(self.counts)
        seen = 0
        for bucket, count in zip(self.keys, self.counts, strict=True):
            seen += count
            if seen >= wanted:
                return middle_us(bucket)
        return None
