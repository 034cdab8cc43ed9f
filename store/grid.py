"""Which points a history has, and from which rollups they are made. Pure arithmetic on seconds since 1970 (UTC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR_S, DAY_S = 3_600, 86_400
RAW, HOURS, DAYS = 1, HOUR_S, DAY_S  # sources, by the seconds that one row of theirs tells of
WIDTHS_S: dict[int, tuple[int, ...]] = {  # of a point, by source
    RAW: (60, 120, 300, 600, 900, 1_800),
    HOURS: (3_600, 7_200, 10_800, 14_400, 21_600, 28_800, 43_200),
}
MOST_S = {RAW: 7 * DAY_S, HOURS: 84 * DAY_S}  # the longest span that is read from a source: some 10,000 runs, 2,000 hours


@dataclass(frozen=True, slots=True)
class Grid:
    """Points of `width_s` from since_s to until_s, each beginning at a multiple of its width."""

    source: int  # RAW, HOURS or DAYS
    width_s: int
    since_s: int
    until_s: int

    def start(self, at_s: int) -> int:
        """Return the start of the point in which this second lies."""
        return at_s - at_s % self.width_s

    def parts(self, hours_s: int, days_s: int) -> Iterator[tuple[int, int, int]]:
        """Yield (source, from, to) without a gap: the grid's own source as far as it is rolled, then finer ones. Ends are not included."""
        begin = self.since_s - self.since_s % self.source
        for source, rolled_s in ((DAYS, days_s), (HOURS, hours_s), (RAW, self.until_s)):
            end = min(rolled_s, self.until_s)
            if source <= self.source and begin < end:
                yield source, begin, end
                begin = end


def grid_of(since_s: int, until_s: int, points: int, oldest_s: dict[int, int]) -> Grid:
    """Return the finest grid of at most so many points; `oldest_s` says from when on a source (RAW, HOURS) is whole.

    Raises: ValueError, in one line, for a span that is none and for less than two points.
    """
    if until_s <= since_s:
        raise ValueError("a history needs a span: its end must lie behind its beginning")
    if points < 2:
        raise ValueError(f"a history has at least 2 points, not {points}")
    for source, widths in WIDTHS_S.items():
        fits = [width for width in widths if _count(since_s, until_s, width) <= points]
        if fits and until_s - since_s <= MOST_S[source] and since_s >= oldest_s.get(source, 0):
            return Grid(source, fits[0], since_s, until_s)
    days = max(1, (until_s - since_s) // (points * DAY_S))
    while _count(since_s, until_s, days * DAY_S) > points:
        days += 1
    return Grid(DAYS, days * DAY_S, since_s, until_s)


def _count(since_s: int, until_s: int, width_s: int) -> int:
    """Return how many points there are, the cut ones at both ends included."""
    return -(-until_s // width_s) - since_s // width_s
