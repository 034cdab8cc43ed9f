"""Exim's message ids: what is one, and when reception of the message began that it names (FORMATS 5). Base 62, UTC.

16 characters up to 4.96, 23 from 4.97 on. The fraction of a second is counted by 1/2000 in some versions and by 1/200 in others (4.96 as
Debian builds it, *run*), and holds a host's number too where `localhost_number` is set: so it never puts the beginning behind the stamp of
the end. Base 36 (macOS, Cygwin) is told by nothing and gives a time that no stamp agrees with: it is left out.
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})"
SHORT, LONG = 16, 23
_BASE = 62
_HALVES, _FINE = 2000, 200  # how often a second the short form counts: both are seen, and below 200 the coarse one is likelier
_MICROS = 1_000_000


def _sum(text: str, first: int, count: int) -> str:
    terms = (f"(strpos('{DIGITS}', substr({text}, {first + at}, 1)) - 1)::bigint * {_BASE ** (count - 1 - at)}" for at in range(count))
    return " + ".join(terms)


def arrived_sql(queue_id: str, stamp: str, resolution: str) -> str:
    """Return SQL: when reception began, NULL where the stamp of its end does not agree (a second before to an hour after)."""
    count = f"({_sum(queue_id, 15, 2)})"
    short = f"case when {count} < {_FINE} then {count} * 5000 when {count} < {_HALVES} then {count} * 500 else 0 end"
    long = f"case when {_sum(queue_id, 20, 4)} < {_MICROS} then {_sum(queue_id, 20, 4)} else 0 end"
    second = f"({_sum(queue_id, 1, 6)}) * {_MICROS}"
    moment = f"{second} + case when length({queue_id}) = {SHORT} then {short} else {long} end"
    latest = f"epoch_us({stamp}) + ({resolution} * {_MICROS})::bigint"
    agree = f"epoch({stamp}) - ({_sum(queue_id, 1, 6)}) between -1 and 3600"
    return f"case when {agree} then make_timestamp(greatest({second}, least({moment}, {latest}))) end"
