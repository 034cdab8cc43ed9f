"""What the sentinel remembers: when each hold of the loop ended and how long it lasted, in a fixed room. Pure; times are monotonic seconds.

On a busy machine there are hundreds in a second, and a trip lasts for hours: so the long ones, which are few, have a room of their own. Of
a time that the room for all no longer reaches, the long ones are still known, and the others were shorter than LONG.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from heapq import nlargest

KEPT_HOLDS = 8_192  # half a minute of the worst
LONG_SECONDS = 0.05


class Ring:
    """The last KEPT_HOLDS holds, in the order of their ends."""

    __slots__ = ("_ends", "_lengths", "seen")

    def __init__(self) -> None:
        self.seen = 0  # ever
        self._ends = array("d", bytes(8 * KEPT_HOLDS))
        self._lengths = array("d", bytes(8 * KEPT_HOLDS))

    def add(self, end: float, seconds: float) -> None:
        """Take one that ended now."""
        place = self.seen % KEPT_HOLDS
        self._ends[place], self._lengths[place] = end, seconds
        self.seen += 1

    def since(self, moment: float) -> array[float]:
        """Return how long each lasted that ended since; found by halving, for there may be thousands."""
        ends = self._ends
        if not self.seen or ends[(self.seen - 1) % KEPT_HOLDS] < moment:
            return array("d")
        kept = range(max(0, self.seen - KEPT_HOLDS), self.seen)
        first, end = kept[bisect_left(kept, moment, key=lambda number: ends[number % KEPT_HOLDS])] % KEPT_HOLDS, self.seen % KEPT_HOLDS
        return self._lengths[first:end] if first < end else self._lengths[first:] + self._lengths[:end]

    def reaches(self, moment: float) -> bool:
        """Return whether none that ended since has been forgotten."""
        return self.seen <= KEPT_HOLDS or self._ends[self.seen % KEPT_HOLDS] < moment


class Holds:
    """All holds of late, and the long ones of a longer past."""

    __slots__ = ("_all", "_long")

    def __init__(self) -> None:
        self._all, self._long = Ring(), Ring()

    @property
    def seen(self) -> int:
        """Return how many there were, ever."""
        return self._all.seen

    def add(self, end: float, seconds: float) -> None:
        """Take one that ended now."""
        self._all.add(end, seconds)
        if seconds >= LONG_SECONDS:
            self._long.add(end, seconds)

    def longest(self, since: float, count: int, under_way: float = 0.0) -> float:
        """Return the sum of the `count` longest that ended since, one that has not ended yet among them (its seconds so far)."""
        if self._all.reaches(since):
            found = self._all.since(since)
        else:
            found = self._long.since(since)
            found.extend([LONG_SECONDS] * min(count, self.seen - self._long.seen))
        if under_way:
            found.append(under_way)
        return sum(found) if len(found) <= count else sum(nlargest(count, found))
