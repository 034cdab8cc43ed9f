"""Rules of recurrence (RFC 5545 section 3.3.10) on a wall clock, by dateutil. Refused: rules that never come, or come too often."""

from __future__ import annotations

import re
from datetime import MAXYEAR, date, datetime, timedelta, tzinfo
from typing import Any

Rule = Any  # dateutil.rrule.rrule, which has no types

MOST_A_YEAR = 5_000  # occurrences of one event
LONGEST_WAIT_YEARS = 50  # until a rule has come once: the 29th of February on a Monday takes 28 years, or 40
YEAR = timedelta(days=366)
DAY = timedelta(days=1)
TOO_OFTEN = {"SECONDLY": "every second", "MINUTELY": "every minute", "HOURLY": "every hour"}


class Broken(ValueError):  # noqa: N818 - it names what the event is
    """What is wrong with an event, without its place."""


def wall(at: date, tz: tzinfo | None) -> datetime:
    """Return a time on the event's wall clock, without its zone."""
    if not isinstance(at, datetime):
        return datetime(at.year, at.month, at.day)  # noqa: DTZ001 - a wall clock
    return (at.astimezone(tz) if at.tzinfo and tz else at).replace(tzinfo=None)


def rule(written: Any, begins: datetime, tz: tzinfo | None) -> Rule:
    """Return a rule on the event's wall clock. Raises: Broken."""
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - as icalendar

    parts = {key.upper(): values for key, values in written.items()}
    if "FREQ" not in parts:
        raise _bad_rule(written, "it has no FREQ")
    for key in ("INTERVAL", "COUNT"):
        if min(parts.get(key, [1])) < 1:  # dateutil would count for ever, or not at all
            raise _bad_rule(written, f"its {key} is less than 1")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _bad_rule(written, "it has both COUNT and UNTIL; one is allowed")
    often = TOO_OFTEN.get(str(parts["FREQ"][0]).upper())
    if often:
        raise _bad_rule(written, f"it comes {often}; an event may come once a day, or write weekly windows")
    try:
        found = rrulestr(re.sub(r";?UNTIL=[^;]*", "", written.to_ical().decode()).strip(";"), dtstart=begins)
        _check_pace(found, written, begins)
    except Broken:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:  # BYDAY=9MO is an IndexError
        raise _bad_rule(written, str(error)) from None
    return _until(found, parts.get("UNTIL"), tz)


def _until(found: Rule, until: Any, tz: tzinfo | None) -> Rule:
    """Return a rule that ends at UNTIL, a day wholly included, where there is one."""
    if not until:
        return found
    end = wall(until[0], tz)
    return found.replace(until=end if isinstance(until[0], datetime) else end + DAY - timedelta(seconds=1))


def _check_pace(found: Rule, written: Any, begins: datetime) -> None:
    """Refuse a rule that never comes, or so often that its year would take seconds to work out."""
    horizon = begins.replace(month=1, day=1, year=min(begins.year + LONGEST_WAIT_YEARS, MAXYEAR))
    count = 0
    for at in found.replace(count=None, until=horizon):
        count += 1
        if count > MOST_A_YEAR:
            raise _bad_rule(written, f"it comes more than {MOST_A_YEAR:,} times a year")
        if at > begins + YEAR:
            return
    if not count:
        raise _bad_rule(written, "it never comes")


def _bad_rule(written: Any, says: str) -> Broken:
    return Broken(f"RRULE:{written.to_ical().decode()} cannot be used: {says}")
