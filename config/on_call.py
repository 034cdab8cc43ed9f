"""Times at which nobody is on call: what calendars leave open between them, in words. Pure; time is a parameter.

Calendars of weekly windows alone leave the same open in every week. With holidays, dates or iCal files the next WEEKS are looked at.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from thresholds.calendars import Calendar, Span

WEEKS = 4
DAY, WEEK = timedelta(days=1), timedelta(days=7)
A_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)  # of a week in which few clocks change


def same_each_week(calendars: Sequence[Calendar]) -> bool:
    """Say whether weekly windows are all that these calendars have."""
    return not any(one.dates or one.without or one.spans or one.without_spans for one in calendars)


def nobody(calendars: Sequence[Calendar], zone: ZoneInfo, now: datetime) -> str:
    """Return when none of these calendars holds: `from Fri 18:00 to Mon 08:00 (Europe/Berlin)`; "" = one always does."""
    weekly = same_each_week(calendars)
    since, within = (_first_held(calendars), WEEK) if weekly else (now, WEEKS * WEEK)
    gaps = list(_gaps(calendars, since, since + within)) if since is not None else []
    if since is None:
        return "at no time of the week"
    if not gaps:
        return ""
    form = "%a %H:%M" if weekly else "%a %Y-%m-%d %H:%M"
    start, end = (at.astimezone(zone).strftime(form) for at in gaps[0])
    more = f", and at {len(gaps) - 1} more times of {'the week' if weekly else f'the next {WEEKS} weeks'}" if len(gaps) > 1 else ""
    return f"from {start} to {end} ({zone.key}){more}"


def _first_held(calendars: Sequence[Calendar]) -> datetime | None:
    """Return the first moment of a week at which one of these holds."""
    moments = (at for at in _changes(calendars, A_MONDAY, A_MONDAY + WEEK) if _held(calendars, at))
    return next(moments, None)


def _held(calendars: Sequence[Calendar], at: datetime) -> bool:
    return any(one.covers(at) for one in calendars)


def _gaps(calendars: Sequence[Calendar], since: datetime, until: datetime) -> Iterator[Span]:
    """Yield the spans in which none holds, one after the other."""
    start = None
    for at in _changes(calendars, since, until):
        if _held(calendars, at):
            if start is not None:
                yield start, at
            start = None
        elif start is None:
            start = at
    if start is not None:
        yield start, until


def _changes(calendars: Sequence[Calendar], since: datetime, until: datetime) -> list[datetime]:
    """Return all moments (UTC) at which one of these may begin or cease to hold, both ends of the time included, in order."""
    found = {at.astimezone(UTC) for one in calendars for at in _edges(one, since, until)}
    return [since, *sorted(at for at in found if since < at < until), until]


def _edges(calendar: Calendar, since: datetime, until: datetime) -> Iterator[datetime]:
    minutes = {0, *(window.start_minutes for window in calendar.windows), *(window.end_minutes for window in calendar.windows)}
    day = since.astimezone(calendar.timezone).date()
    while day <= until.astimezone(calendar.timezone).date():
        midnight = datetime.combine(day, time(), calendar.timezone)
        yield from (midnight.replace(hour=one // 60, minute=one % 60) for one in minutes if one < DAY // timedelta(minutes=1))
        for spans in (*calendar.spans, *calendar.without_spans):
            yield from spans.edges(midnight)
        day += DAY
