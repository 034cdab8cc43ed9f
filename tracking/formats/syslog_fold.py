"""Local BSD stamps to UTC: the zone's offsets, and which pass of the repeated hour a stamp means (FORMATS 10).

In the hour that autumn repeats, each host of a file is decided for itself: by a long queue id, which is UTC, on a line that begins a
message; by the first fall of half an hour or more; a host with neither keeps the first pass, with 3600 seconds more uncertainty.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tracking.formats import postfix_ids, stamps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_INSIDE = """
create or replace temp table folded as
select n, split_part(who, ' ', 1) as host, coalesce(timed.local, times.local) as local, rest
from cut left join timed using (n) left join times using (stamp)
where not iso and coalesce(timed.local, times.local) >= $since and coalesce(timed.local, times.local) < $until
"""
# What shows which pass a line is of: an id's own time within ten minutes of one of the two meanings.
_SHOWN = rf"""
create or replace temp table shown as
select host, n, abs(epoch(local - to_seconds($old) - arrived)) > abs(epoch(local - to_seconds($new) - arrived)) as second_pass
from (select *, {postfix_ids.arrived_sql("split_part(rest, ':', 1)")} as arrived from folded
      where regexp_matches(rest, '^(?:{postfix_ids.LONG}): (?:client|(?:resent-)?message-id)='))
where least(abs(epoch(local - to_seconds($old) - arrived)), abs(epoch(local - to_seconds($new) - arrived))) < 600
"""
_FALLS = """
insert into shown
select host, n, true from (select *, lag(local) over (partition by host order by n) as before from folded)
where local < before - interval 30 minute
"""
_PLACED = """
create or replace temp table placed as
select n, host, local, coalesce(n >= turn, false) as second_pass,
       not coalesce(n >= turn, n <= first_pass, false) and turn is null as undecided
from folded left join (
    select host, min(n) filter (second_pass) as turn, max(n) filter (not second_pass) as first_pass from shown group by host
) using (host)
"""
_REPLACE = (
    "delete from timed where n in (select n from placed)",
    """insert into timed
       select n, local, local - to_seconds(case when second_pass then $new else $old end), 1 + 3600 * undecided::int from placed""",
)
# What the next batch must know: each host's last stamp, which may yet fall, and its pass.
_CARRY = "select host, strftime(max_by(local, n), '%Y-%m-%dT%H:%M:%S'), max_by(second_pass, n) from placed group by host"


def _remembered(con: DuckDBPyConnection, context: Context, since: str) -> None:
    """Put what the batch before this one knew in front of it, as line 0 of each host."""
    carried: dict[str, Any] = json.loads(context.carry or "{}").get("fold", {})
    if carried.get("since") != since:
        return
    for host, (local, second_pass) in carried["hosts"].items():
        con.execute("insert into folded values (0, ?, ?::timestamp, '')", [host, local])
        if second_pass:
            con.execute("insert into shown values (?, 0, true)", [host])


def _fold(con: DuckDBPyConnection, context: Context, period: stamps.Period, new: int) -> dict[str, Any]:
    old, since = period.offset_seconds, f"{period.fold_from:%Y-%m-%dT%H:%M:%S}"
    con.execute(_INSIDE, {"since": period.fold_from, "until": period.until})
    con.execute(_SHOWN, {"old": old, "new": new})
    _remembered(con, context, since)
    con.execute(_FALLS)
    con.execute(_PLACED)
    hosts = {host: [local, second_pass] for host, local, second_pass in con.execute(_CARRY).fetchall()}
    con.execute("delete from placed where n = 0")
    con.execute(_REPLACE[0])
    con.execute(_REPLACE[1], {"old": old, "new": new})
    return {"fold": {"since": since, "hosts": hosts}} if hosts else {}


def _offset(periods: Sequence[stamps.Period]) -> str:
    arms = (f"when local < timestamp '{period.until:%Y-%m-%d %H:%M:%S}' then {period.offset_seconds}" for period in periods[:-1])
    last = periods[-1].offset_seconds
    return f"case {' '.join(arms)} else {last} end" if len(periods) > 1 else str(last)


def place(con: DuckDBPyConnection, context: Context, days: Sequence[date]) -> dict[str, Any]:
    """Set `time` of `times` and `timed` from `local`; return what is to be carried."""
    periods = stamps.periods(stamps.zone(context.timezone), min(days), max(days))
    shift = f"set time = local - to_seconds({_offset(periods)})"
    con.execute(f"update times {shift}")
    con.execute(f"update timed {shift}")
    carried: dict[str, Any] = {}
    for period, following in pairwise(periods):
        if period.fold_from:
            carried = _fold(con, context, period, following.offset_seconds) or carried
    return carried
