"""Dates as mail servers write them: RFC 5322 section 3.3 and 4.3, asctime, ISO 8601, names of zones. Refuses to guess a zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Hours east of Greenwich. Names with two meanings that both occur in mail (IST, AST, CST of China) stand here as RFC 5322 has them, or not.
_HOURS: dict[str, float] = {
    name: hours
    for hours, names in (
        (0, "UT UTC GMT Z WET"),
        (1, "CET MEZ MET BST WEST"),
        (2, "CEST MEST MESZ EET SAST"),
        (3, "EEST MSK"),
        (8, "SGT HKT AWST"),
        (9, "JST KST"),
        (9.5, "ACST"),
        (10, "AEST"),
        (11, "AEDT"),
        (12, "NZST"),
        (13, "NZDT"),
        (-4, "EDT"),
        (-5, "EST CDT"),
        (-6, "CST MDT"),
        (-7, "MST PDT"),
        (-8, "PST AKDT"),
        (-9, "AKST"),
        (-10, "HST"),
    )
    for name in names.split()
}
_ZONE = r"(?P<zone>[+-]\d{2}:?\d{2}\b|(?:GMT|UTC)\s?[+-]\s?\d{1,2}(?::?\d{2})?\b|[A-Za-z]{1,5}\b)"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<day>\d{{1,2}})[ -](?P<month>[A-Za-z]{{3,9}})\.?[ -](?P<year>\d{{2,4}}),? {_TIME}(?: ?{_ZONE})?",
        rf"(?P<month>[A-Za-z]{{3,9}}) (?P<day>\d{{1,2}}) {_TIME} (?P<year>\d{{4}})\b(?: {_ZONE})?",
        rf"(?P<month>[A-Za-z]{{3,9}}) (?P<day>\d{{1,2}}) {_TIME} {_ZONE} (?P<year>\d{{4}})\b",
        rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})[T ]{_TIME} ?{_ZONE}?",
    )
)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?")
_FARTHEST_HOURS = 15  # no zone is farther from Greenwich


@dataclass(frozen=True, slots=True)
class Stamp:
    """One date as it was written."""

    at: datetime | None  # aware, UTC; None = cannot be known
    resolution_seconds: float = 1.0  # 60.0 where no seconds are written; servers cut off, they do not round
    note: str = ""  # why `at` is None


def read_date(text: str, comments: str = "") -> Stamp:
    """Return the moment that `text` states; a zone that only `comments` name, as in "(CET)", counts when `text` has none."""
    squeezed = " ".join(text.split())
    found = next((match for form in _FORMS if (match := form.search(squeezed))), None)
    if found is None:
        return Stamp(None, note="states no date that can be read")
    zone = found["zone"] or comments.strip()
    offset = _offset(zone)
    if offset is None:
        return Stamp(None, note=f"its time zone {zone[:20]!r} is not known" if zone else "states no time zone")
    try:
        local = _moment(found).replace(tzinfo=timezone(offset))
        return Stamp(local.astimezone(UTC), 1.0 if found["second"] else 60.0)
    except (ValueError, OverflowError):
        return Stamp(None, note="its date does not exist")


def _moment(found: re.Match[str]) -> datetime:
    month = found["month"].lower()[:3]
    return datetime(  # noqa: DTZ001 - the zone is added by the one caller
        _year(found["year"]),
        int(month) if month.isdigit() else 1 + _MONTHS.index(month),
        int(found["day"]),
        int(found["hour"]),
        int(found["minute"]),
        min(int(found["second"] or 0), 59 if found["second"] == "60" else 99),  # a leap second
    )


def _year(written: str) -> int:
    """Return the year; two and three digits as RFC 5322 section 4.3 reads them."""
    year = int(written)
    if len(written) == 4:
        return year
    return year + (2000 if len(written) == 2 and year < 50 else 1900)


def _offset(zone: str) -> timedelta | None:
    """Return how far a zone is east of Greenwich, None when it is not known. "-0000" is UTC of an unknown place (RFC 5322)."""
    if zone.upper() in _HOURS:
        return timedelta(hours=_HOURS[zone.upper()])
    numeric = _OFFSET.fullmatch(zone.replace(" ", "").upper())
    if numeric is None or int(numeric[2]) >= _FARTHEST_HOURS:
        return None
    size = timedelta(hours=int(numeric[2]), minutes=int(numeric[3] or 0))
    return size if numeric[1] == "+" else -size
