"""Times on the command line: exact ones with or without their zone, `now`, `today`, `yesterday`, and how long ago: `90m`, `7d`. Pure.

Of those that are to come a duration says how long from now.

Refused with what is allowed: what is no time, a time of day that clocks leap over, one that they show twice, and one out of bounds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from config.scalars import DURATION, span
from thresholds.moments import BOUNDS, possible

if TYPE_CHECKING:
    from datetime import tzinfo

OFFSET = r"[+-](?:[01]\d|2[0-3]):?[0-5]\d"
NAME = r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+/-]+)*"
WRITTEN = re.compile(rf"(?P<day>\d{{4}}-\d\d-\d\d)(?:[T ](?P<clock>\d\d:\d\d(?::\d\d)?))?(?: ?(?P<zone>{OFFSET}|{NAME}))?")
DAYS_AGO = {"today": 0, "yesterday": 1}


def moment(written: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return an aware UTC time. Raises: ValueError with a sentence.

    Args:
        written: what stands on the command line.
        zone: the zone of what names none, and whose midnight `today` begins at.
        now: aware.
    """
    text = written.strip()
    if text == "now":
        return now.astimezone(UTC)
    if text in DAYS_AGO:
        day = now.astimezone(zone).date() - timedelta(days=DAYS_AGO[text])
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    if DURATION.fullmatch(text):
        return _ago(text, now)
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise _no_time(written, zone)
    return _exact(found, written, zone)


def to_come(written: str, zone: ZoneInfo, now: datetime) -> datetime:
    """Return an aware UTC time after now; `2h` is in two hours. Raises: ValueError with a sentence. Arguments as `moment` has them."""
    text = written.strip()
    found = WRITTEN.fullmatch(text)
    if found is not None:
        at = _exact(found, written, zone)
    elif DURATION.fullmatch(text):
        at = _ahead(text, now)
    else:
        raise ValueError(f"`{written}` is no time to come; write how long: 90m, 2h, 7d, or 2026-12-01 08:00 (in {zone.key})")
    if at <= now:
        raise ValueError(f"`{written}` is past")
    return at


def _ahead(text: str, now: datetime) -> datetime:
    try:
        return _possible((now + timedelta(seconds=span(text))).astimezone(UTC), f"{text} from now")
    except OverflowError:
        raise ValueError(f"`{text}` from now is after all time") from None


def _ago(text: str, now: datetime) -> datetime:
    try:
        return _possible((now - timedelta(seconds=span(text))).astimezone(UTC), f"{text} ago")
    except OverflowError:
        raise ValueError(f"`{text}` ago is before all time") from None


def _possible(at: datetime, written: str) -> datetime:
    if not possible(at):
        raise ValueError(f"`{written}` is out of bounds: {BOUNDS}")
    return at


def _no_time(written: str, zone: ZoneInfo) -> ValueError:
    examples = f"2026-11-20T09:00+01:00, 2026-11-20 09:00 (in {zone.key}), now, today, yesterday, or how long ago: 90m, 7d"
    return ValueError(f"`{written}` is no time; write {examples}")


def _exact(found: re.Match[str], written: str, default: ZoneInfo) -> datetime:
    try:
        wall = datetime.fromisoformat(f"{found['day']}T{found['clock'] or '00:00'}")
    except ValueError:
        raise _no_time(written, default) from None
    zone = _zone(found["zone"], default)
    at = _possible(wall.replace(tzinfo=zone), written)
    first, second = at.astimezone(UTC), at.replace(fold=1).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError(f"{wall:%Y-%m-%d %H:%M} does not exist in {zone}: clocks leap over it")
    if first != second:
        ways = " or ".join(f"{one.astimezone(zone).isoformat(timespec='minutes')}" for one in (first, second))
        raise ValueError(f"{wall:%Y-%m-%d %H:%M} comes twice in {zone}; write {ways}")
    return first


def _zone(name: str | None, default: ZoneInfo) -> tzinfo:
    if not name:
        return default
    if name == "Z":
        return UTC
    if name[0] in "+-":
        offset = datetime.strptime(name.replace(":", ""), "%z").tzinfo
        return offset or UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`{name}` is no time zone; one looks like Europe/Berlin, or +01:00") from None
