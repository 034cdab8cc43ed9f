"""Sendmail's queue ids: what is one, and when its message arrived (FORMATS 6).

Since 8.10 an id is the time of its creation in UTC, one symbol of 60 each (year, month, day, hour, minute, second), two symbols that
count, and the process; older ones tell nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
LONG = r"[0-9A-Za-x]{8}\d{5,10}"
ID = r"[0-9A-Za-x]{8}\d{5,10}|[A-Z]{3}\d{5,8}"

_CYCLE = 60  # years


def arrived(queue_id: str, until: datetime) -> datetime | None:
    """Return when the message of an id arrived, None when it is none; the latest such year that is not after `until` by more than a day."""
    if not re.fullmatch(LONG, queue_id):
        return None
    year, month, day, hour, minute, second = (DIGITS.index(symbol) for symbol in queue_id[:6])
    latest = (until + timedelta(days=1)).year
    try:
        found = datetime(latest - (latest - 1900 - year) % _CYCLE, month + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return found if found <= until + timedelta(days=1) else found.replace(year=found.year - _CYCLE)


def _digit(queue_id: str, place: int) -> str:
    return f"(strpos('{DIGITS}', substr({queue_id}, {place}, 1)) - 1)"


def arrived_sql(queue_id: str, about: str) -> str:
    """Return SQL: when the message of an id arrived (TIMESTAMP, UTC), NULL of an old id or of a word that looks like one.

    `about`: SQL of a time near it: the year repeats after 60, and nothing stays in a queue for months.
    """
    year = f"(year({about}) - (((year({about}) - 1900 - {_digit(queue_id, 1)}) % 60 + 90) % 60 - 30))"
    parts = ", ".join((year, f"{_digit(queue_id, 2)} + 1", *(_digit(queue_id, place) for place in range(3, 7))))
    stamp = f"try_cast(format('{{:04d}}-{{:02d}}-{{:02d}} {{:02d}}:{{:02d}}:{{:02d}}', {parts}) as timestamp)"
    near = f"{stamp} between {about} - interval 60 days and {about} + interval 2 days"
    return f"case when length({queue_id}) > 12 and {near} then {stamp} end"
