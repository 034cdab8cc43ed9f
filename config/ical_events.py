"""One event of an iCal file (RFC 5545) with its recurrences: RRULE, RDATE, EXDATE, and single ones that are moved or cancelled.

Refused: events without a beginning or that end before it, zones that nobody knows. All counting happens on the event's own wall clock, so
that what comes at eight comes at eight in summer too; how long it lasts is the exact time that passes (section 3.8.5.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from config.ical_rules import DAY, Broken, rule, wall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.ical_rules import Rule

TIMES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})  # of the rest nothing hangs
LONGEST = timedelta(days=50 * 365)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event with its recurrences, on a wall clock without a zone; `tz` says which."""

    starts: tuple[datetime, ...]  # DTSTART and RDATE
    rules: tuple[Rule, ...]
    lasts: timedelta
    tz: tzinfo | None  # None = the reader's own
    all_day: bool
    without: frozenset[datetime | date] = frozenset()  # EXDATE and what was moved; a date = whatever begins on that day

    def occurrences(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """Yield when it begins between two times of its wall clock."""
        found = {start for start in self.starts if first <= start <= last}
        for one in self.rules:
            found.update(one.between(first, last, inc=True))
        yield from (start for start in found if start not in self.without and start.date() not in self.without)

    def in_year(self, year: int) -> Iterator[datetime]:
        """Yield the beginnings of what touches this year, with a day to spare on either side for zones."""
        return self.occurrences(datetime(year, 1, 1) - self.lasts - DAY, datetime(year, 12, 31) + 2 * DAY)  # noqa: DTZ001 - a wall clock


def note_moved(event: Any, moved: dict[str, list[Any]]) -> None:
    """Note which occurrence an event speaks of, where it speaks of one: its series comes without it."""
    if "RECURRENCE-ID" in event:
        moved.setdefault(str(event.get("UID", "")), []).append(_time(event, "RECURRENCE-ID"))


def happening(event: Any, moved: dict[str, list[Any]]) -> list[Happening]:
    """Return what an event means: nothing where it is cancelled."""
    for name, says in event.errors:
        if name is None or name in TIMES:
            raise Broken(f"{name or 'a line'} of this event cannot be read: {says}")
    start = _time(event, "DTSTART")
    if start is None:
        raise Broken("this event has no DTSTART, so it never begins")
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return []
    tz = start.tzinfo if isinstance(start, datetime) else None
    begins = wall(start, tz)
    single = "RECURRENCE-ID" in event
    if single and "RANGE" in event["RECURRENCE-ID"].params:
        raise Broken("this event moves all later ones (RANGE=THISANDFUTURE), which is not read; end the first series and begin another")
    others = [] if single else moved.get(str(event.get("UID", "")), [])
    return [
        Happening(
            (begins, *(wall(one, tz) for one in _listed(event, "RDATE"))),
            tuple(_rules(event, begins, tz)),
            _length(event, start),
            tz,
            not isinstance(start, datetime),
            frozenset(_without(one, tz, start) for one in (*_listed(event, "EXDATE"), *others)),
        )
    ]


def _without(at: date, tz: tzinfo | None, start: date) -> datetime | date:
    """Return an exception as its exact time, or as a day where only the day is said."""
    return wall(at, tz) if isinstance(at, datetime) or not isinstance(start, datetime) else at


def _time(event: Any, key: str) -> Any:
    """Return a date, a datetime whose zone is known, or a duration; None where the event has none."""
    value = event.get(key)
    if isinstance(value, list):
        raise Broken(f"this event has {key} {len(value)} times; once is allowed")
    return None if value is None else _of_known_zone(value.dt, value.params.get("TZID"), key)


def _of_known_zone(at: Any, zone: str | None, key: str) -> Any:
    """Return a time as it is, unless it names a zone that nobody knows."""
    if zone and isinstance(at, datetime) and at.tzinfo is None:
        raise Broken(f"{key} is of the zone {zone}, which is neither known nor described in the file")
    return at


def _listed(event: Any, key: str) -> Iterator[Any]:
    """Yield the times of RDATE or EXDATE; of a period its beginning."""
    values = event.get(key, [])
    for value in values if isinstance(values, list) else [values]:
        for one in value.dts:
            at = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            yield _of_known_zone(at, value.params.get("TZID"), key)


def _length(event: Any, start: date) -> timedelta:
    """Return how long an event lasts: up to DTEND, for DURATION, or a day (all-day) or no time at all."""
    end, lasts = _time(event, "DTEND"), _time(event, "DURATION")
    if end is not None and isinstance(end, datetime) is not isinstance(start, datetime):
        raise Broken("DTSTART and DTEND of this event are not alike: one is a day, the other a time of day")
    length = _elapsed(start, end) if end is not None else lasts or timedelta(0)
    if length < timedelta(0):
        raise Broken(f"this event ends ({end or lasts}) before it begins ({start})")
    if length > LONGEST:
        raise Broken(f"this event lasts {length.days:,} days; one may last {LONGEST.days:,}")
    return length if isinstance(start, datetime) else max(length, DAY)


def _elapsed(start: Any, end: Any) -> timedelta:
    """Return the time that passes, which over a change of the clock is not what the clock shows."""
    if isinstance(start, datetime) and start.tzinfo is not None and end.tzinfo is not None:
        return end.astimezone(UTC) - start.astimezone(UTC)  # type: ignore[no-any-return] # the border to icalendar
    return wall(end, None) - wall(start, None)


def _rules(event: Any, begins: datetime, tz: tzinfo | None) -> Iterator[Rule]:
    found = event.get("RRULE", [])
    for one in found if isinstance(found, list) else [found]:
        yield rule(one, begins, tz)
