"""Exim's message ids: what is one, and when reception of the message began that it names (FORMATS 5). Base 62, UTC.

16 characters up to 4.96, 23 from 4.97 on. The fraction of a second also holds a host's number where `localhost_number` is set: then only
the second counts. Base 36 (macOS, Cygwin) is told by nothing and gives a time that no stamp agrees with: it is left out.
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
SHORT, LONG = 16, 23
_BASE = 62
_HALVES = 2000  # the short form counts 1/2000 s
_MICROS = 1_000_000


def _sum(text: str, first: int, count: int) -> str:
    terms = (f"(strpos('{DIGITS}', substr({text}, {first + at}, 1)) - 1)::bigint * {_BASE ** (count - 1 - at)}" for at in range(count))
    return " + ".join(terms)


def arrived_sql(queue_id: str, stamp: str) -> str:
    """Return SQL: when reception began, NULL where the stamp of its end does not agree (a second before to an hour after)."""
    short = f"case when {_sum(queue_id, 15, 2)} < {_HALVES} then ({_sum(queue_id, 15, 2)}) * {_MICROS // _HALVES} else 0 end"
    long = f"case when {_sum(queue_id, 20, 4)} < {_MICROS} then {_sum(queue_id, 20, 4)} else 0 end"
    fraction = f"case when length({queue_id}) = {SHORT} then {short} else {long} end"
    moment = f"make_timestamp(({_sum(queue_id, 1, 6)}) * {_MICROS} + {fraction})"
    return f"case when epoch({stamp}) - ({_sum(queue_id, 1, 6)}) between -1 and 3600 then {moment} end"
