"""When a limit holds: named weekly windows on the wall clock of a time zone, less holidays, dates and spans. Pure; time is a parameter.

A moment is converted from UTC to the wall clock, which is unambiguous: an hour that a zone repeats (fold) is in the window twice, an hour
that it leaps (gap) never comes. A window that ends at or before its start runs past midnight and belongs to the day on which it began.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator
    from zoneinfo import ZoneInfo

    Span = tuple[datetime, datetime]  # from, up to; aware

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


class Yearly:
    """Days without an end, such as holidays: each year's are worked out when it is first asked of."""

    def __init__(self, days_of: Callable[[int], Iterable[date]]) -> None:
        self._days_of = days_of
        self._known: dict[int, frozenset[date]] = {}

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        known = self._known.get(day.year)
        if known is None:
            known = self._known[day.year] = frozenset(self._days_of(day.year))
        return day in known


class Spans:
    """Spans of time without an end, such as repeated events: those that touch a year (of UTC) are worked out when it is first asked of."""

    def __init__(self, spans_of: Callable[[int], Iterable[Span]]) -> None:
        self._spans_of = spans_of
        self._known: dict[int, tuple[list[datetime], list[datetime]]] = {}

    def covers(self, at: datetime) -> bool:
        """Say whether this moment (aware) lies in a span; its end is no more in it."""
        moment = at.astimezone(UTC)
        starts, ends = self._in(moment.year)
        place = bisect_right(starts, moment) - 1
        return place >= 0 and moment < ends[place]

    def _in(self, year: int) -> tuple[list[datetime], list[datetime]]:
        known = self._known.get(year)
        if known is None:
            known = self._known[year] = _merged(self._spans_of(year))
        return known

    def edges(self, day: datetime) -> Iterator[datetime]:
        """Yield where spans begin and end within a day and a half of this moment (aware)."""
        for stamps in self._in(day.astimezone(UTC).year):
            yield from (at for at in stamps if abs(at - day) <= timedelta(days=1.5))


def _merged(spans: Iterable[Span]) -> tuple[list[datetime], list[datetime]]:
    """Return starts and ends in UTC, in order, with what overlaps made one: then one look finds the span."""
    starts: list[datetime] = []
    ends: list[datetime] = []
    for start, end in sorted((start.astimezone(UTC), end.astimezone(UTC)) for start, end in spans):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


@dataclass(frozen=True, slots=True)
class Calendar:
    """A named set of times."""

    name: str
    timezone: ZoneInfo
    windows: tuple[Window, ...] = ()
    dates: tuple[Container[date], ...] = ()  # whole days that count, whatever the week says
    without: tuple[Container[date], ...] = ()  # days that do not count: single dates, holidays
    spans: tuple[Spans, ...] = ()  # that count besides
    without_spans: tuple[Spans, ...] = ()  # that do not count, whatever else says so

    def _holds_from(self, day: date, minutes: float) -> bool:
        if any(day in days for days in self.without):
            return False
        if minutes < DAY_MINUTES and any(day in days for days in self.dates):
            return True
        return any(window.holds(day, minutes) for window in self.windows)

    def covers(self, at: datetime) -> bool:
        """Say whether this moment (aware) is in the calendar."""
        if any(spans.covers(at) for spans in self.without_spans):
            return False
        local = at.astimezone(self.timezone)
        today, minutes = local.date(), local.hour * 60 + local.minute
        if self._holds_from(today, minutes) or self._holds_from(today - timedelta(days=1), minutes + DAY_MINUTES):
            return True
        return not any(today in days for days in self.without) and any(spans.covers(at) for spans in self.spans)


def prepare(calendar: Calendar, years: Iterable[int]) -> None:
    """Work out the days and spans of these years now, where there is time for it: a file of many events takes a fifth of a second."""
    for year in years:
        for days in (*calendar.dates, *calendar.without):
            _ = date(year, 1, 1) in days
        for spans in (*calendar.spans, *calendar.without_spans):
            spans.covers(datetime(year, 1, 1, tzinfo=UTC))


def first_held(calendar: Calendar, since: datetime, within: timedelta) -> datetime | None:
    """Return the first moment from `since` on that a calendar covers, None where it covers none within that time.

    A calendar can only begin to hold at `since` itself, where a day, a window or a span begins, or where an excepted span ends.
    """
    day, last = since.astimezone(calendar.timezone).date(), (since + within).astimezone(calendar.timezone).date()
    starts = sorted({0, *(window.start_minutes for window in calendar.windows)})
    while day <= last:
        midnight = datetime.combine(day, time(), calendar.timezone)
        local = [midnight.replace(hour=minutes // 60, minute=minutes % 60) for minutes in starts]
        moments = sorted({since, *(at.astimezone(UTC) for at in local), *_edges(calendar, midnight)})
        found = next((at for at in moments if since <= at <= since + within and calendar.covers(at)), None)
        if found is not None:
            return found
        day += timedelta(days=1)
    return None


def _edges(calendar: Calendar, midnight: datetime) -> Iterator[datetime]:
    """Yield where about one day spans begin and end."""
    for spans in (*calendar.spans, *calendar.without_spans):
        yield from spans.edges(midnight)
