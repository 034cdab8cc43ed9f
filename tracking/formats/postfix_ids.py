"""Postfix's queue ids: what is one, and when the message arrived that a long one names (FORMATS 3.2).

A long id is UTC with microseconds, so it dates lines whose stamps say neither year nor zone. A short id says nothing (its microseconds
alone), and is used again within hours.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
SHORT = "[0-9A-F]{6,21}"
LONG = "[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,20}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{1,13}"
ID = f"{SHORT}|{LONG}"
_LONG = re.compile(LONG)
_BASE = 52
_MICROS = 4  # digits
_ORDINARY = range(2**33)  # seconds: to the year 2242; anything later is a word that looks like an id


def _number(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * _BASE + DIGITS.index(digit)
    return value


def arrived(queue_id: str) -> datetime | None:
    """Return when the message of a long id arrived, None when it is no long id."""
    if not _LONG.fullmatch(queue_id):
        return None
    seconds, micros = _split(queue_id[: queue_id.rindex("z")])
    if seconds not in _ORDINARY:
        return None
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)


def _split(stamp: str) -> tuple[int, int]:
    return _number(stamp[:-_MICROS]), _number(stamp[-_MICROS:])


def _sum(text: str, first: int, count: int) -> str:
    terms = (f"(strpos('{DIGITS}', substr({text}, {first + at}, 1)) - 1)::bigint * {_BASE ** (count - 1 - at)}" for at in range(count))
    return " + ".join(terms)


def arrived_sql(queue_id: str) -> str:
    """Return SQL: when the message of a long id arrived (TIMESTAMP, UTC); NULL of any other. Until 2561 it begins with six digits."""
    stamp = f"substr({queue_id}, 11, 1) = 'z'"
    micros = f"({_sum(queue_id, 1, 6)}) * 1000000 + {_sum(queue_id, 7, 4)}"
    return f"case when {stamp} then make_timestamp({micros}) end"
