"""What stamps without year and zone mean: the years of a file's days, and a zone's offsets over time (FORMATS 10). No clock, no I/O.

Stamps of one file rise; a fall of more than a day is a year's end, a fall of less is disorder or the end of summer time.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

MONTHS = {name: at for at, name in enumerate(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1)}
DAY = timedelta(days=1)
LEAP = 2000  # a year that has every day
_FAR = 8  # years to the next February 29 at most (about 1900, 2100)
_ORDINARY = 1900, 9998  # years that a date can be moved in


@dataclass(frozen=True, slots=True)
class Run:
    """Lines that follow each other and bear the same day: where the first stands, and the day as written (`Nov  2`)."""

    first: int
    text: str

    def dated(self, year: int) -> date | None:
        """Return the day in that year, None when there is none (February 29, `Foo 99`)."""
        month, day = MONTHS.get(self.text[:3]), self.text[3:].strip()
        if month is None or not day.isdecimal() or not _ORDINARY[0] <= year <= _ORDINARY[1]:
            return None
        try:
            return date(year, month, int(day))
        except ValueError:
            return None


def before(run: Run, limit: date) -> date | None:
    """Return the latest date of a run's day that is not after `limit`."""
    dates = (run.dated(limit.year - back) for back in range(_FAR + 1))
    return next((found for found in dates if found and found <= limit), None)


def after(run: Run, limit: date) -> date | None:
    """Return the earliest date of a run's day that is not before `limit`."""
    dates = (run.dated(limit.year + on) for on in range(_FAR + 1))
    return next((found for found in dates if found and found >= limit), None)


def nearest(run: Run, to: date) -> date | None:
    """Return the date of a run's day that is within two days of a date which is known from elsewhere; None when none is."""
    dates = (run.dated(to.year + by) for by in (0, -1, 1))
    return next((found for found in dates if found and abs(found - to) <= 2 * DAY), None)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The run whose date is known."""

    at: int  # index among the runs
    on: date


def dated(runs: Sequence[Run], anchor: Anchor) -> list[date | None]:
    """Give each run its date: backwards from the anchor to the first, forwards to the last; a day that is none gets None."""
    found: list[date | None] = [None] * len(runs)
    found[anchor.at] = limit = anchor.on
    for at in range(anchor.at - 1, -1, -1):
        found[at] = here = before(runs[at], limit + DAY)
        limit = here or limit
    limit = anchor.on
    for at in range(anchor.at + 1, len(runs)):
        found[at] = here = after(runs[at], limit - DAY)
        limit = here or limit
    return found


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which a zone keeps one offset."""

    until: datetime  # local, naive: the last moment that this offset can mean; before a fold's second pass
    offset_seconds: int
    fold_from: datetime | None  # local, naive: from here to `until` a stamp can also mean the next period (the clock goes back)


def zone(name: str) -> ZoneInfo:
    """Return the zone; ValueError says that there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}: name one like Europe/Berlin") from None


def _offset(at: datetime, of: ZoneInfo) -> int:
    return int((at.astimezone(of).utcoffset() or timedelta()).total_seconds())


def _change(early: datetime, late: datetime, of: ZoneInfo) -> datetime:
    seconds = range(int((late - early).total_seconds()))
    base = _offset(early, of)
    at = bisect_right(seconds, False, key=lambda step: _offset(early + timedelta(seconds=step), of) != base)  # noqa: FBT003 the key's value
    return early + timedelta(seconds=at)


def periods(of: ZoneInfo, since: date, until: date) -> list[Period]:
    """Return the periods of a zone from a day before `since` to two days after `until`; the last one has no end."""
    at = datetime(since.year, since.month, since.day, tzinfo=UTC) - DAY
    end = datetime(until.year, until.month, until.day, tzinfo=UTC) + 3 * DAY
    found = []
    while at < end:
        then = at + DAY
        if _offset(at, of) != _offset(then, of):
            found.append(_ended(_change(at, then, of), _offset(at, of), _offset(then, of)))
        at = then
    return [*found, Period(datetime.max, _offset(end, of), None)]  # noqa: DTZ901 local stamps have no zone


def _ended(change: datetime, old: int, new: int) -> Period:
    local = change.replace(tzinfo=None)
    fold_from = local + timedelta(seconds=new) if new < old else None
    return Period(local + timedelta(seconds=old), old, fold_from)
