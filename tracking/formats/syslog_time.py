"""The time of syslog stamps: ISO ones say it themselves, BSD ones get year, zone and fold from what is known of the file (FORMATS 10).

What decides the year, first first: a queue id in the batch that names it; the date with which the batch before it ended; the year that
was told (of the file's first line); else no line is from later than a day after `until`. A file without such ids that is longer than a
year and is read in several batches needs the year told.
"""

from __future__ import annotations

import json
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from tracking.formats import postfix_ids, sendmail_ids, stamps, syslog_fold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_DAYS = "select left(stamp, 6), min(n), max(n) from cut where not iso group by 1 order by 2"
_TURNS = """
select n, day from (select n, left(stamp, 6) as day, lag(left(stamp, 6)) over (order by n) as before from cut where not iso)
where before is null or before <> day order by n
"""
_IDS = rf"""
select n, split_part(rest, ':', 1) from cut
where not iso and (regexp_matches(rest, '^(?:{postfix_ids.LONG}): (?:client|(?:resent-)?message-id)=')
                   or contains(rest, ', class=') and regexp_matches(rest, '^(?:{sendmail_ids.LONG}): from=\S*, size=\d+, class=')) limit 100
"""
_TABLES = (
    "create or replace temp table days (first BIGINT, day VARCHAR, year BIGINT)",
    "create or replace temp table times (stamp VARCHAR, local TIMESTAMP, time TIMESTAMP)",
    "create or replace temp table timed (n BIGINT, local TIMESTAMP, time TIMESTAMP, uncertainty FLOAT)",
)
# The year 2000 has every day of a year. A leap second is the second before it. `{from}` has stamp and year.
_READ = """
make_timestamp(year, month(moment), day(moment), hour(moment), minute(moment), second(moment)) as local
from (select *, try_strptime('2000 ' || replace(stamp, ':60', ':59'), '%Y %b %d %H:%M:%S') as moment from ({rows})) where moment is not null
"""
_ONCE = "select any_value(year) as year, stamp from cut join days on day = left(stamp, 6) where not iso group by stamp"
_EACH = (
    "select n, stamp, year from (select n, stamp from cut where not iso) c asof join days on c.n >= days.first where day = left(stamp, 6)"
)
READ_ONCE = f"insert into times select stamp, local, null from (select stamp, {_READ.format(rows=_ONCE)})"
READ_EACH = f"insert into timed select n, local, null, 1 from (select n, {_READ.format(rows=_EACH)})"


def runs(con: DuckDBPyConnection) -> list[stamps.Run]:
    """Return the days of `cut` in the order of its lines."""
    days = con.execute(_DAYS).fetchall()
    if any(last > following for (_, _, last), (_, _, following) in pairwise(days)):
        return [stamps.Run(n, day) for n, day in con.execute(_TURNS).fetchall()]
    return [stamps.Run(first, day) for day, first, _ in days]


def _by_ids(con: DuckDBPyConnection, found: Sequence[stamps.Run], until: datetime) -> stamps.Anchor | None:
    for n, queue_id in con.execute(_IDS).fetchall():
        at = max(index for index, run in enumerate(found) if run.first <= n)
        arrived = postfix_ids.arrived(queue_id) or sendmail_ids.arrived(queue_id, until)
        on = arrived and stamps.nearest(found[at], arrived.date())
        if on:
            return stamps.Anchor(at, on)
    return None


def _told(found: Sequence[stamps.Run], context: Context) -> stamps.Anchor | None:
    last = json.loads(context.carry or "{}").get("date")
    on = stamps.after(found[0], date.fromisoformat(last) - stamps.DAY) if last else context.year and found[0].dated(context.year)
    return stamps.Anchor(0, on) if on else None


def _by_until(found: Sequence[stamps.Run], context: Context) -> stamps.Anchor | None:
    for at in range(len(found) - 1, -1, -1):
        on = stamps.before(found[at], context.until.date() + stamps.DAY)
        if on:
            return stamps.Anchor(at, on)
    return None


def dates(con: DuckDBPyConnection, context: Context) -> list[tuple[stamps.Run, date]]:
    """Return the days of the batch with their dates; what is no day is left out."""
    found = [run for run in runs(con) if run.dated(stamps.LEAP)]
    anchor = found and (_by_ids(con, found, context.until) or _told(found, context) or _by_until(found, context))
    if not anchor:
        return []
    return [(run, on) for run, on in zip(found, stamps.dated(found, anchor), strict=True) if on]


def read(con: DuckDBPyConnection, context: Context) -> str:
    """Fill `times` (by stamp) and `timed` (by line, where a stamp alone does not decide); return what the file's next batch needs."""
    for table in _TABLES:
        con.execute(table)
    days = dates(con, context)
    if not days:
        return context.carry
    years = {(run.text, on.year) for run, on in days}
    once = len(years) == len({text for text, _ in years})
    rows = sorted((0, text, year) for text, year in years) if once else [(run.first, run.text, on.year) for run, on in days]
    con.executemany("insert into days values (?, ?, ?)", rows)
    con.execute(READ_ONCE if once else READ_EACH)
    folds = syslog_fold.place(con, context, [on for _, on in days])
    return json.dumps({"date": days[-1][1].isoformat()} | folds)
