"""When a limit holds: named weekly windows on the wall clock of a time zone, less holidays and single dates. Pure; time is a parameter.

A moment is converted from UTC to the wall clock, which is unambiguous: an hour that a zone repeats (fold) is in the window twice, an hour
that it leaps (gap) never comes. A window that ends at or before its start runs past midnight and belongs to the day on which it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container
    from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Window:
    """A span of the wall clock on some days of the week."""

    days: frozenset[int]  # 0 = Monday, as `date.weekday`
    start_minutes: int  # since local midnight, 0 to 1439
    end_minutes: int  # exclusive, 1 to 1440; at or before the start = on the next day

    def holds(self, day: date, minutes: float) -> bool:
        """Say whether the window that began on `day` holds `minutes` after that day's midnight."""
        end = self.end_minutes if self.end_minutes > self.start_minutes else self.end_minutes + DAY_MINUTES
        return day.weekday() in self.days and self.start_minutes <= minutes < end


@dataclass(frozen=True, slots=True)
class Calendar:
    """A named set of times."""

    name: str
    timezone: ZoneInfo
    windows: tuple[Window, ...] = ()
    dates: Container[date] = frozenset()  # whole days that count, whatever the week says
    without: tuple[Container[date], ...] = ()  # days that do not count: single dates, holidays

    def _holds_from(self, day: date, minutes: float) -> bool:
        if any(day in days for days in self.without):
            return False
        return (day in self.dates and minutes < DAY_MINUTES) or any(window.holds(day, minutes) for window in self.windows)

    def covers(self, at: datetime) -> bool:
        """Say whether this moment (aware) is in the calendar."""
        local = at.astimezone(self.timezone)
        today, minutes = local.date(), local.hour * 60 + local.minute
        yesterday = today - timedelta(days=1)
        return self._holds_from(today, minutes) or self._holds_from(yesterday, minutes + DAY_MINUTES)
