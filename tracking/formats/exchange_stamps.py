"""Stamps of exports: local time in the exporter's format. Day and month are told apart from the whole batch, or the file is refused.

PowerShell writes the culture's short date and long time, whole seconds: `20.11.2026 08:00:05`, `11/20/2026 8:00:05 AM`. Inside the hour
that comes twice in autumn the earlier moment is taken, and the uncertainty says that it may have been an hour later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tracking.formats.stamps import zone

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

ORDERS = {"day-first": "%d-%m", "month-first": "%m-%d"}
_DATE = r"'^\s*(\d{1,2})([./-])\s?(\d{1,2})[./-]\s?(\d{2,4})\D'"
_ISO = r"regexp_matches(stamp, '^\d{4}-\d{1,2}-\d{1,2}[T ].*(Z|[+-]\d\d:?\d\d)$')"
_TIMES = ("%H:%M:%S", "%I:%M:%S %p", "%H:%M", "%I:%M %p", "%H:%M:%S.%f")


@dataclass(frozen=True, slots=True)
class Stamps:
    """How the stamps of one export are read: SQL over `stamp`."""

    time: str
    uncertainty: str


def decide(con: DuckDBPyConnection, context: Context) -> str:
    """Return the order of day and month in `exchange_stamps (stamp)`: a key of ORDERS, "" = nothing to tell. ValueError: it cannot."""
    if context.options in ORDERS:
        return context.options
    found = con.execute(
        f"""select max(try_cast(d.one as integer)), max(try_cast(d.two as integer)), bool_or(d.between <> '/'), min(stamp)
        from (select stamp, regexp_extract(stamp, {_DATE}, ['one', 'between', 'two', 'year']) as d from exchange_stamps)
        where d.one <> ''"""  # noqa: S608 our own words
    ).fetchone()
    first, second, dotted, example = found or (None, None, None, None)
    if first is None:
        return ""  # the year first, or no stamp yet
    if dotted:
        return "day-first"  # no culture writes the month first with dots or hyphens
    return _told_apart(con, context, (first, second, example))


def _told_apart(con: DuckDBPyConnection, context: Context, seen: tuple[int, int, str]) -> str:
    first, second, example = seen
    if first > 12 and second > 12:
        raise ValueError(
            f"{context.file}: some stamps have the day first and some the month (like {example!r}): import each culture's export alone"
        )
    if first > 12 or second > 12:
        return "day-first" if first > 12 else "month-first"
    limit = (context.until + timedelta(days=1)).replace(tzinfo=None)
    possible = [order for order in ORDERS if _latest_fits(con, order, limit)]
    if len(possible) == 1:
        return possible[0]
    raise ValueError(
        f"{context.file}: cannot tell day from month in stamps like {example!r}: "
        "say which with --dates day-first or --dates month-first, or export with (Get-Culture).DateTimeFormat set to yyyy-MM-dd"
    )


def _latest_fits(con: DuckDBPyConnection, order: str, limit: object) -> bool:
    row = con.execute(f"select max({_local(order)}) <= ? from exchange_stamps", [limit]).fetchone()  # noqa: S608
    return bool(row and row[0])


def _local(order: str) -> str:
    """Return SQL: the stamp as local time."""
    dates = (f"{ORDERS[order]}-%Y", "%Y-%m-%d", f"{ORDERS[order]}-%y")
    formats = ", ".join(f"'{date} {time}'" for date in dates for time in _TIMES)
    hyphens = r"regexp_replace(replace(stamp, ',', ''), '^(\s*\d+)[./]\s?(\d+)[./]\s?(\d+)\.?', '\1-\2-\3')"
    tidy = rf"trim(regexp_replace({hyphens}, '[\s\x{{202f}}\x{{a0}}T]+', ' ', 'g'))"
    return f"try_strptime({tidy}, [{formats}])"


def read(order: str, timezone: str) -> Stamps:
    """Return how stamps of that order, made in that zone, are read. ValueError: there is no such zone."""
    zone(timezone)
    if not re.fullmatch(r"[A-Za-z0-9_+/-]+", timezone):
        raise ValueError(f"there is no time zone {timezone!r}: name one like Europe/Berlin")
    local = _local(order)
    late = f"timezone('{timezone}', {local})::timestamp"
    early = f"({late} - interval 1 hour)"
    twice = f"coalesce(timezone('{timezone}', timezone('UTC', {early})) = {local}, false)"
    resolution = r"case when regexp_matches(stamp, '[:]\d\d\.\d') then 0.001 else 1 end"
    return Stamps(
        f"case when {_ISO} then try_cast(stamp as timestamptz)::timestamp when {twice} then {early} else {late} end",
        f"({resolution} + case when not {_ISO} and {twice} then 3600 else 0 end)",
    )
