"""Calendars as they are written: `mon-fri 08:00-18:00`, `2026-12-24`, `holidays:DE-BE`, `ical:closed.ics`.

What cannot be read raises ValueError with a sentence on what is allowed.

The `holidays` library is imported only when a calendar names a country: it is heavy.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from config import scalars
from config.errors import did_you_mean, listed
from thresholds.calendars import DAY_MINUTES, Window, Yearly

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WINDOW = re.compile(r"(?P<days>[a-z,-]+)(?: +(?P<start>[\d:]+)-(?P<end>[\d:]+))?")
CLOCK = re.compile(r"(\d\d):(\d\d)")
WINDOW_WORDS = "a window is days and hours: mon-fri 08:00-18:00, or sat,sun for whole days"
DATE = re.compile(r"\d{4}-\d\d-\d\d")
DAYS_WORDS = "write a date (2026-12-24), holidays:COUNTRY or holidays:COUNTRY-REGION (holidays:DE-BE), or ical:FILE"


def _day(name: str) -> int:
    if name not in DAYS:
        raise ValueError(f"`{name}` is no day of the week; the days are {listed(DAYS, 'and')}{did_you_mean(name, DAYS)}")
    return DAYS.index(name)


def _days(written: str) -> frozenset[int]:
    days: set[int] = set()
    for part in written.split(","):
        first, dash, last = part.partition("-")
        start = _day(first)
        length = (_day(last) - start) % 7 if dash else 0
        days.update((start + step) % 7 for step in range(length + 1))
    return frozenset(days)


def _clock(written: str) -> int:
    """Return minutes since midnight; 24:00 is the day's end."""
    found = CLOCK.fullmatch(written)
    minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    if found is None or int(found[2]) > 59 or minutes > DAY_MINUTES:
        raise ValueError(f"`{written}` is no time of day; the hours go from 00:00 to 24:00")
    return minutes


def window(value: Any) -> Window:
    """Return a weekly window."""
    written = scalars.text(value)
    found = WINDOW.fullmatch(written.lower().strip())
    if found is None:
        raise ValueError(f"`{written}` is no window; {WINDOW_WORDS}")
    start, end = _clock(found["start"] or "00:00"), _clock(found["end"] or "24:00")
    if start in {end, DAY_MINUTES}:
        raise ValueError(f"`{written}` holds no time; {WINDOW_WORDS}")
    return Window(_days(found["days"]), start, end or DAY_MINUTES)


def day(value: Any) -> date:
    """Return a date."""
    written = scalars.text(value)
    try:
        if DATE.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise ValueError(f"`{written}` is no date; one looks like 2026-12-24")


def holidays_of(place: str) -> Yearly:
    """Return the holidays of a country (DE) or of a region of it (DE-BE), ISO 3166."""
    import holidays  # noqa: PLC0415 - heavy; only calendars with holidays pay for it

    country, _, region = place.partition("-")
    regions = holidays.list_supported_countries(include_aliases=True)
    if country not in regions:
        hint = did_you_mean(country, regions)
        raise ValueError(f"no holidays are known of `{country}`; a country is its ISO 3166 code: DE, FR, US{hint}")
    if region and region not in regions[country]:
        known = (
            f"the regions of {country} are {listed(sorted(regions[country]), 'and')}"
            if regions[country]
            else f"{country} has no regions here"
        )
        raise ValueError(f"no holidays are known of `{region}` in {country}; {known}")
    return Yearly(lambda year: holidays.country_holidays(country, subdiv=region or None, years=year))


def days(value: Any) -> date | Yearly | str:
    """Return a day, a set of days, or the text `ical:FILE`, which the caller knows how to find."""
    written = scalars.text(value)
    if DATE.fullmatch(written):
        return day(written)
    kind, colon, rest = written.partition(":")
    if colon and rest and kind == "holidays":
        return holidays_of(rest)
    if colon and rest and kind == "ical":
        return written
    raise ValueError(f"`{written}` names no days; {DAYS_WORDS}")
