"""Says to which day a row belongs. Stamps that no log can have (a clock at 1970, a year 9999) go to the day `unknown`: kept, and told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tracking.lake.manifest import UNKNOWN_DAY

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before any log that is still around
AHEAD = timedelta(days=2)  # zones and wrong clocks; what is further ahead is no time at all


def day_of(expression: str) -> str:
    """Return the SQL that names the day of a timestamp; takes the parameter $latest (a naive UTC timestamp)."""
    good = f"{expression} >= timestamp '{EARLIEST:%Y-%m-%d}' and {expression} <= $latest"
    return f"case when {good} then strftime({expression}, '%Y-%m-%d') else '{UNKNOWN_DAY}' end"


def latest(now: datetime) -> datetime:
    """Return the last moment that a line read now can be from, as a naive UTC time for SQL."""
    return (now + AHEAD).astimezone(UTC).replace(tzinfo=None)


def on_day(expression: str, day: str) -> str:
    """Return the SQL that says whether a timestamp is of a day that `day_of` named; takes the parameter $latest."""
    if day == UNKNOWN_DAY:
        return f"{day_of(expression)} = '{UNKNOWN_DAY}'"
    return f"{expression} >= timestamp '{day}' and {expression} < timestamp '{day}' + interval 1 day and {expression} <= $latest"
