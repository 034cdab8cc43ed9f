"""What is usual at this hour of the week, and the limit that a baseline makes of it. Pure: the history is handed in (decision 0102).

A baseline that its history does not yet cover makes no limit: "not enough history" is UNKNOWN, never OK and never a guess.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Protocol

from thresholds.values import UNITS

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from thresholds.values import Baseline, Limit, Sample, Usual

WEEK_SECONDS = 7 * 86_400.0
WEEK_HOURS = 168
LEAST_COUNT = 5  # values below which a median is an accident, however many weeks they come from
CLOSEST_SECONDS = 0.010  # a limit is at least so far above the median: three times 0.1 ms is no news of a server


class History(Protocol):
    """Who knows what is usual. It is asked for every judged sample under a baseline, so the answer must cost microseconds."""

    def usual(self, sample: Sample) -> Usual | None:
        """Return what is usual for such a sample at its hour of the week; None = it was never measured then."""


class NoHistory:
    """The history of whoever remembers nothing."""

    def usual(self, sample: Sample) -> Usual | None:  # noqa: ARG002 - the protocol's signature
        """Return None: nothing is known."""
        return None


NO_HISTORY = NoHistory()


def hour_of_week(at: datetime, zone: tzinfo) -> int:
    """Return the hour of the week on the wall clock, 0 to 167; the hour that a zone repeats is the same hour twice."""
    local = at.astimezone(zone)
    return local.weekday() * 24 + local.hour


def weeks_needed(baseline: Baseline) -> int:
    """Return in how many different weeks an hour must have been seen until the history is covered."""
    return max(1, ceil(baseline.history_seconds / WEEK_SECONDS))


def resolved(limit: Limit, usual: Usual | None) -> Limit:
    """Return a baseline's limit in numbers; without values where the history does not cover it."""
    baseline = limit.baseline
    if baseline is None:
        return limit
    if usual is None or usual.weeks < weeks_needed(baseline) or usual.count < LEAST_COUNT:
        return replace(limit, usual=usual)
    closest = CLOSEST_SECONDS if UNITS[limit.match.aspect] == "seconds" else 0.0
    values = [max(factor * usual.median, usual.median + closest) if factor else None for factor in (baseline.warning, baseline.critical)]
    return replace(limit, warning=values[0], critical=values[1], usual=usual)
