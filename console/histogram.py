"""Counts of durations below fixed bounds, as Prometheus wants them: they only grow, and are added up over their bounds when shown."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONVERSATION_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LATENESS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# Mail takes a second within a house, a minute with a filter, a quarter of an hour with greylisting, hours in a queue, a day to be lost.
MAIL_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0)


class Histogram:
    """How many durations lay up to each bound."""

    __slots__ = ("bounds", "counts", "sum_seconds")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds  # seconds, rising; each is the last that its bucket holds
        self.counts = [0] * (len(bounds) + 1)  # of each bucket alone; the last is beyond all bounds
        self.sum_seconds = 0.0

    def saw(self, seconds: float) -> None:
        """Count one duration."""
        self.sum_seconds += seconds
        self.counts[bisect_left(self.bounds, seconds)] += 1

    def buckets(self) -> Iterator[tuple[str, int]]:
        """Yield each bound as text, +Inf last, with how many lay up to it."""
        return zip((*map(repr, self.bounds), "+Inf"), accumulate(self.counts), strict=True)
