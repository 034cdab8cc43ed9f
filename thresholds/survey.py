"""Many values in few bytes, to ask what share of them lies below which: for limits that are made from history. Pure.

Values are counted in buckets of 1 %; a quantile is the upper edge of its bucket, so it is never less than what was measured.
"""

from __future__ import annotations

from collections import Counter
from math import ceil, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from thresholds.values import Sample

STEP = log(1.01)
LEAST = 1e-6  # seconds; what is less counts as this


class Spread:
    """How values are spread, how sure the prober was of them, and from when to when they were measured."""

    def __init__(self) -> None:
        self.count = 0
        self.longest = 0.0
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._values: Counter[int] = Counter()
        self._doubts: Counter[int] = Counter()

    def take(self, sample: Sample) -> None:
        """Count one sample; they come in the order of time."""
        self.count += 1
        self.longest = max(self.longest, sample.value)
        self.first, self.last = self.first or sample.at, sample.at
        self._values[_bucket(sample.value)] += 1
        self._doubts[_bucket(sample.uncertainty)] += 1

    @property
    def seconds(self) -> float:
        """Return the time from the first value to the last."""
        return (self.last - self.first).total_seconds() if self.first and self.last else 0.0

    def quantile(self, share: float) -> float:
        """Return the value below which this share (0 to 1) lies; 0 of nothing."""
        return min(_quantile(self._values, share), self.longest)

    @property
    def doubt(self) -> float:
        """Return the uncertainty that 99 of 100 values do not exceed."""
        return _quantile(self._doubts, 0.99)


def _bucket(value: float) -> int:
    return ceil(log(max(value, LEAST) / LEAST) / STEP - 1e-9)


def _quantile(buckets: Counter[int], share: float) -> float:
    """Return the upper edge of the bucket in which the share is reached."""
    wanted = ceil(share * buckets.total())
    for bucket in sorted(buckets):
        wanted -= buckets[bucket]
        if wanted <= 0:
            return LEAST * 1.01**bucket
    return 0.0
