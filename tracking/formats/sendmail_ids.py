"""Sendmail's queue ids: what is one, and when its message arrived (FORMATS 6).

Since 8.10 an id is the time of its creation in UTC, one symbol of 60 each (year, month, day, hour, minute, second), two symbols that
count, and the process; older ones tell nothing.
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
ID = r"[0-9A-Za-x]{8}\d{5,10}|[A-Z]{3}\d{5,8}"


def _digit(queue_id: str, place: int) -> str:
    return f"(strpos('{DIGITS}', substr({queue_id}, {place}, 1)) - 1)"


def arrived_sql(queue_id: str, about: str) -> str:
    """Return SQL: when the message of an id arrived (TIMESTAMP, UTC), NULL of an old id or of a word that only looks like one.

    `about`: SQL of a time near it: the year repeats after 60, and nothing stays in a queue for months.
    """
    year = f"(year({about}) - (((year({about}) - 1900 - {_digit(queue_id, 1)}) % 60 + 90) % 60 - 30))"
    parts = ", ".join((year, f"{_digit(queue_id, 2)} + 1", *(_digit(queue_id, place) for place in range(3, 7))))
    stamp = f"try_cast(format('{{:04d}}-{{:02d}}-{{:02d}} {{:02d}}:{{:02d}}:{{:02d}}', {parts}) as timestamp)"
    near = f"{stamp} between {about} - interval 60 days and {about} + interval 2 days"
    return f"case when length({queue_id}) > 12 and {near} then {stamp} end"
