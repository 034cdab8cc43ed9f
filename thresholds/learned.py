"""A history learned from the samples that it is shown, in the order of time: what a replay knows of each hour of the week. Pure.

What is measured in an hour counts as usual only once that hour is over, or a trouble would make itself usual while it lasts.
"""

from __future__ import annotations

from array import array
from statistics import median
from typing import TYPE_CHECKING

from thresholds.baselines import hour_of_week
from thresholds.values import Usual

if TYPE_CHECKING:
    from datetime import tzinfo

    from thresholds.values import Sample

MOST_VALUES = 512  # kept of one hour of the week, the latest: eight weeks of a check a minute


class _Hour:
    """One hour of the week of one thing: what past weeks gave, and what this one gives."""

    __slots__ = ("known", "now", "past", "week", "weeks")

    def __init__(self) -> None:
        self.past, self.now = array("d"), array("d")
        self.week = 0  # the one that `now` is of, counted from the year 1
        self.weeks = 0  # that `past` is of
        self.known: Usual | None = None

    def turn(self, week: int) -> None:
        """Begin another week: what was measured in the one before is past now."""
        if week == self.week:
            return
        if self.now:
            self.past = (self.past + self.now)[-MOST_VALUES:]
            self.weeks += 1
            self.known = Usual(median(self.past), self.weeks, len(self.past))
            self.now = array("d")
        self.week = week


class Learned:
    """A `History` of what it has been shown. `zone` says whose wall clock the hours are of."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._hours: dict[tuple[str, ...], _Hour] = {}

    def learn(self, sample: Sample) -> None:
        """Take in one sample; they come in the order of time."""
        self._hour(sample).now.append(sample.value)

    def usual(self, sample: Sample) -> Usual | None:
        """Return what is usual for such a sample at its hour of the week; None = it was never measured in a week before."""
        return self._hour(sample).known

    def _hour(self, sample: Sample) -> _Hour:
        hour = str(hour_of_week(sample.at, self._zone))
        key = (sample.domain, sample.server, sample.aspect.value, sample.name, hour)
        found = self._hours.get(key)
        if found is None:
            found = self._hours[key] = _Hour()
        found.turn((sample.at.astimezone(self._zone).date().toordinal() - 1) // 7)
        return found
