"""What many runs, or many trips, come to over a span of time: counts, and the times of those that answered. Pure.

Summaries merge in any order: an hour is the sum of its runs, a day that of its hours, a point on a page that of whatever lies in it.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from store.histogram import Histogram, bucket_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MICRO = 1_000_000

# Columns of both `rollups` and what is made of the runs themselves, as `summary_of` reads them.
COLUMNS = "suspects, ok, unknown, warning, critical, faults, sum_us, min_us, max_us, histogram"
TRIP_COLUMNS = "suspects, outcomes, sum_us, min_us, max_us, histogram"


@dataclass(frozen=True, slots=True)
class Times:
    """The durations of all answers: their exact sum and bounds in microseconds, and their histogram."""

    sum_us: int = 0
    min_us: int | None = None  # None = there was no answer
    max_us: int | None = None
    histogram: Histogram = field(default_factory=Histogram)

    @property
    def mean_seconds(self) -> float | None:
        """Return the exact mean, None of nothing."""
        count = self.histogram.count
        return self.sum_us / count / MICRO if count else None

    def seconds(self, share: float) -> float | None:
        """Return a quantile within 2 %, never beyond the exact bounds; None of nothing."""
        found = self.histogram.quantile(share)
        if found is None or self.min_us is None or self.max_us is None:
            return None
        return min(max(found, self.min_us / MICRO), self.max_us / MICRO)


@dataclass(frozen=True, slots=True)
class Summary:
    """Runs of a span. Suspects count as suspects and as nothing else; runs by hand are not in it."""

    suspects: int = 0
    levels: tuple[int, int, int, int] = (0, 0, 0, 0)  # runs by thresholds.values.Level: OK, UNKNOWN, WARNING, CRITICAL
    faults: int = 0  # of these, those without an answer; `times` leaves them out
    times: Times = field(default_factory=Times)

    @property
    def count(self) -> int:
        """Return how many runs there were."""
        return self.suspects + sum(self.levels)

    @property
    def availability(self) -> float | None:
        """Return the share (0 to 1) of runs that were OK or WARNING among those that were known to be anything; None of nothing."""
        ok, _, warning, critical = self.levels
        known = ok + warning + critical
        return (ok + warning) / known if known else None


@dataclass(frozen=True, slots=True)
class TripSummary:
    """Trips of a span that have ended, by when they started."""

    suspects: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)  # probe.values.Outcome -> how many, never 0
    times: Times = field(default_factory=Times)  # total times, where they are known

    @property
    def count(self) -> int:
        """Return how many trips there were."""
        return self.suspects + sum(self.outcomes.values())


# -- merging


def merged_times(parts: Sequence[Times]) -> Times:
    """Return the times of all parts."""
    least = [part.min_us for part in parts if part.min_us is not None]
    most = [part.max_us for part in parts if part.max_us is not None]
    histogram = Histogram.merged(part.histogram for part in parts)
    return Times(sum(part.sum_us for part in parts), min(least, default=None), max(most, default=None), histogram)


def merged(parts: Sequence[Summary]) -> Summary:
    """Return all parts as one."""
    ok, unknown, warning, critical = (sum(part.levels[level] for part in parts) for level in range(4))
    times = merged_times([part.times for part in parts])
    return Summary(sum(part.suspects for part in parts), (ok, unknown, warning, critical), sum(part.faults for part in parts), times)


def merged_trips(parts: Sequence[TripSummary]) -> TripSummary:
    """Return all parts as one."""
    outcomes: Counter[str] = Counter()
    for part in parts:
        outcomes.update(part.outcomes)
    return TripSummary(sum(part.suspects for part in parts), outcomes, merged_times([part.times for part in parts]))


# -- rows


def summary_of(row: Sequence[Any]) -> Summary:
    """Return the summary of a row of COLUMNS."""
    suspects, ok, unknown, warning, critical, faults, *times = row
    return Summary(suspects, (ok, unknown, warning, critical), faults, _times_of(*times))


def trip_summary_of(row: Sequence[Any]) -> TripSummary:
    """Return the summary of a row of TRIP_COLUMNS."""
    suspects, outcomes, *times = row
    return TripSummary(suspects, json.loads(outcomes), _times_of(*times))


def summary_row(summary: Summary) -> tuple[Any, ...]:
    """Return the row of COLUMNS and, behind it, the bucket of the median."""
    median = summary.times.histogram.quantile(0.5)
    return (summary.suspects, *summary.levels, summary.faults, *_times_row(summary.times), None if median is None else bucket_of(median))


def trip_summary_row(summary: TripSummary) -> tuple[Any, ...]:
    """Return the row of TRIP_COLUMNS."""
    return (summary.suspects, json.dumps(dict(sorted(summary.outcomes.items()))), *_times_row(summary.times))


def _times_of(sum_us: int, min_us: int | None, max_us: int | None, stored: bytes | str | None) -> Times:
    return Times(sum_us, min_us, max_us, histogram_of(stored))


def _times_row(times: Times) -> tuple[Any, ...]:
    return (times.sum_us, times.min_us, times.max_us, times.histogram.to_bytes())


def histogram_of(stored: bytes | str | None) -> Histogram:
    """Return the histogram of a rollup's bytes, or of SQL's group_concat over buckets (None = over none)."""
    if isinstance(stored, bytes):
        return Histogram.from_bytes(stored)
    return Histogram.of(map(int, stored.split(","))) if stored else Histogram()
