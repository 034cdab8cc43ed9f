"""iCal files (RFC 5545) as the days and spans of a calendar.

All-day events are days on the wall clock of whoever reads them, timed ones are spans. To-dos and journals mean nothing here. What is no
iCal is refused with its file and line. The libraries are imported only when a calendar names a file: they cost 60 ms.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, date, timedelta, tzinfo
from functools import partial
from time import thread_time
from typing import TYPE_CHECKING, Any

from config.ical_events import Happening, happening, note_moved
from probe.clock import utc_now
from thresholds.calendars import Spans, Yearly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from thresholds.calendars import Span

MOST_BYTES = 10 * 2**20
MOST_EVENTS = 10_000  # of one file
MOST_TIMES = 50_000  # that its events come, in one year
MOST_SECONDS = 5.0  # of a processor, to work out one year
STRUCTURE = re.compile(r"(BEGIN|END):([A-Za-z0-9-]+)[ \t]*\r?", re.IGNORECASE)


class Events:
    """What one file holds. Its days and spans are worked out once, however many calendars and reloads ask for them."""

    def __init__(self, happenings: tuple[Happening, ...] = ()) -> None:
        self.happenings = happenings
        self.days = Yearly(self.days_of)
        self._spans: dict[tzinfo, Spans] = {}

    def spans(self, zone: tzinfo) -> Spans:
        """Return the spans of the timed events; `zone` for those that name none."""
        return self._spans.setdefault(zone, Spans(partial(self.spans_of, zone=zone)))

    def days_of(self, year: int) -> Iterator[date]:
        """Yield the days of a year that belong to all-day events."""
        for one in self.happenings:
            if one.all_day:
                for start in one.in_year(year):
                    days = (start.date() + timedelta(days=more) for more in range(one.lasts.days))
                    yield from (day for day in days if day.year == year)

    def spans_of(self, year: int, zone: tzinfo) -> Iterator[Span]:
        """Yield the spans of the timed events that touch a year, and some beyond it; `zone` for those that name none."""
        for one in self.happenings:
            if not one.all_day:
                for start in one.in_year(year):
                    begins = start.replace(tzinfo=one.tz or zone).astimezone(UTC)
                    yield begins, begins + one.lasts  # the exact time that passes, RFC 5545 section 3.8.5.3


def read(path: Path) -> Events:
    """Return the events of a file. Raises: ValueError with `file:line: what is wrong`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path} has more than {MOST_BYTES // 2**20} MiB, which is no calendar of holidays or closures")
    return parse(content, str(path))


def parse(content: bytes, name: str) -> Events:
    """Return the events of an iCal text; `name` stands in the errors. Raises: ValueError with `name:line: what is wrong`."""
    places = _places(content, name)
    if not content.strip():
        raise ValueError(f"{name} is empty; an iCal file begins with BEGIN:VCALENDAR")
    from icalendar import Calendar  # noqa: PLC0415 - heavy; only calendars with iCal files pay for it

    try:
        found = [event for one in Calendar.from_ical(content, multiple=True) for event in one.walk("VEVENT")]
    except ValueError as error:
        raise ValueError(f"{name}: cannot be read as iCal: {_one_line(error)}") from None
    placed = list(zip((f"{name}:{line}" for line in places), found, strict=True))
    moved: dict[str, list[Any]] = {}
    happenings: list[Happening] = []
    for place, event in placed:
        with _told_at(place):
            note_moved(event, moved)
    began = thread_time()
    for place, event in placed:
        with _told_at(place):
            happenings += happening(event, moved)
            _check_work(began)
    _check_year(happenings, name)
    return Events(tuple(happenings))


def _check_work(began: float) -> None:
    if thread_time() - began > MOST_SECONDS:
        raise ValueError(f"the rules up to here take more than {MOST_SECONDS:g} s to work out; write fewer, or simpler ones")


def _check_year(happenings: list[Happening], name: str) -> None:
    """Refuse a file whose year is more than a calendar can be asked for at each verdict."""
    count, began, year = 0, thread_time(), utc_now().year
    for one in happenings:
        with _told_at(name):
            count += max(len(one.starts), sum(1 for _ in one.in_year(year)))
            if count > MOST_TIMES:
                raise ValueError(f"its events come more than {MOST_TIMES:,} times in {year}; split the file, or write weekly windows")
            _check_work(began)


@contextmanager
def _told_at(place: str) -> Iterator[None]:
    """Add to whatever is wrong where it stands."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{place}: {_one_line(error)}") from None


def _one_line(error: ValueError) -> str:
    return " ".join(str(error).split())


# -- the file


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{name}:{line}: is not UTF-8 text, which iCal wants") from None


def _places(content: bytes, name: str) -> list[int]:
    """Return the line of each event, checking that whatever begins ends."""
    open_at: list[tuple[str, int]] = []  # what has begun, and in which line
    events = []
    for number, line in enumerate(_text(content, name).split("\n"), 1):
        mark = STRUCTURE.fullmatch(line)
        if mark and mark[1].upper() == "BEGIN":
            open_at.append((mark[2].upper(), number))
            events += [number] if mark[2].upper() == "VEVENT" else []
            if len(events) > MOST_EVENTS:
                raise ValueError(f"{name}:{number}: is the {len(events):,}th event; a calendar may have {MOST_EVENTS:,}")
        elif mark and (not open_at or open_at.pop()[0] != mark[2].upper()):
            raise ValueError(f"{name}:{number}: {line.strip()} ends what did not begin")
        elif not mark and not open_at and line.strip():
            raise ValueError(f"{name}:{number}: is no iCal: a file begins with BEGIN:VCALENDAR and ends with END:VCALENDAR")
    if open_at:
        raise ValueError(f"{name}:{open_at[-1][1]}: BEGIN:{open_at[-1][0]} is never ended")
    return events
