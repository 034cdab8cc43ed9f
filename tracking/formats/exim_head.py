"""The head of Exim's mainlog, `2026-11-20 08:00:01[.123][ +0100] [[pid]] text`, to the table that the rules read.

Stamps are local where they have no zone. A text that Exim split for syslog (`[1/3] ..`) is put together on its first line.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tracking.formats import syslog_fold
from tracking.formats.exim_ids import ID

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
_FULL = "substr(line, 11, 1) = ' ' and (substr(line, 20, 1) <> ' ' or substr(line, 21, 1) in ('+', '-', '['))"
_ANY_FULL = f"select count(*) from landed where {_FULL}"
_CUT = (
    "create or replace temp table cut (n BIGINT, stamp VARCHAR, iso BOOLEAN, who VARCHAR, zone VARCHAR, rest VARCHAR)",
    """insert into cut select n, left(line, 19), false, '', '', substr(line, 21) from landed
       where substr(line, 11, 1) = ' ' and substr(line, 20, 1) = ' ' and substr(line, 21, 1) not in ('+', '-', '[')
       and try_cast(left(line, 19) as timestamp) is not null""",
)
_CUT_FULL = rf"""
insert into cut
select n, stamp, zone <> '', '', zone, rest from (
    select n, unnest(regexp_extract(line, '^({STAMP}(?:\.\d+)?)(?: ([+-]\d{{4}}))?(?: \[\d+\])? (.*)$', ['stamp', 'zone', 'rest']))
    from landed where {_FULL})
where try_cast(stamp as timestamp) is not null
"""
_RESOLUTION = "case when length(stamp) > 20 then power(10, -least(length(stamp) - 20, 6)) else 1 end"
_TIMES = (
    "create or replace temp table times (stamp VARCHAR, local TIMESTAMP, time TIMESTAMP)",
    f"""create or replace temp table timed as
        select n, stamp::timestamp as local, null::timestamp as time, ({_RESOLUTION})::float as uncertainty from cut where not iso""",
)
_SPAN = "select min(local)::date, max(local)::date from timed"
_ZONED = (  # a stamp that says how far ahead of UTC it is
    "stamp::timestamp - to_seconds((left(zone, 1) || '1')::int * (substr(zone, 2, 2)::int * 3600 + right(zone, 2)::int * 60))"
)
_HEADS = f"""
create or replace temp table exim_heads as
select n, coalesce(time, {_ZONED}) as time, coalesce(uncertainty, {_RESOLUTION})::float as uncertainty,
       nullif($server, '') as server, null::varchar as instance, 'exim' as program, rest
from cut left join timed using (n)
"""
# A message without Message-ID gets one of Exim's own, which names the server: id=E1xUnFq-0005Yw-06@mx9.example.com
_SERVER = rf"""
select lower(rtrim(regexp_extract(rest, ' id\*?=E[\w-]+@([\w.-]+)(?: |$)', 1), '.')) as host, count(*) as times from cut
where contains(rest, ' <= ') and regexp_matches(rest, '^(?:{ID}) <= ')
    and contains(rest, '=E' || split_part(rest, ' ', 1) || '@') group by 1 order by times desc, host limit 1
"""


def _server(con: DuckDBPyConnection, context: Context) -> str:
    if context.server:
        return context.server.lower().rstrip(".")
    found = con.execute(_SERVER).fetchone()
    return str((found and found[0]) or json.loads(context.carry or "{}").get("server", ""))


def read(con: DuckDBPyConnection, context: Context) -> str:
    """Make `exim_heads` of `landed`; return what the file's next batch needs: the server, and the fold in which the batch ended."""
    full = (_CUT_FULL,) if con.execute(_ANY_FULL).fetchone() != (0,) else ()
    for statement in (*_CUT, *full, *_TIMES):
        con.execute(statement)
    first, last = con.execute(_SPAN).fetchone() or (None, None)
    folds = syslog_fold.place(con, context, [first, last]) if first else {}
    server = _server(con, context)
    con.execute(_HEADS, {"server": server})
    return json.dumps(({"server": server} if server else {}) | folds)


# Through syslog the number of a piece and the own stamp may stand in front.
_TWICE = rf"^(?:(\[\d+[/\\]\d+\]) )?(?:{STAMP}(?:\.\d+)?(?: [+-]\d{{4}})? )?(?:\[\d+\] )?"
FROM_SYSLOG = rf"""
create or replace temp table exim_heads as
select n, time, uncertainty, server, instance, program, pid,
       case when starts_with(rest, '20') or starts_with(rest, '[')
            then regexp_replace(rest, '{_TWICE}', '\1') else rest end as rest
from heads where software = 'exim'
"""
ANY_PIECE = r"select count(*) from exim_heads where starts_with(rest, '[') and regexp_matches(rest, '^\[\d+[/\\]\d+\]')"
# `[2/5] ..` goes on in the next piece, `[2\5] ..` ended with a line: what follows it are a rejected message's header fields.
_PIECES = r"""
create or replace temp table exim_pieces as
with each as (
    select n, server, pid, regexp_extract(rest, '^\[(\d+)([/\\])(\d+)\] ?(.*)$', ['place', 'mark', 'of', 'text']) as piece
    from exim_heads where starts_with(rest, '[') and regexp_matches(rest, '^\[\d+[/\\]\d+\]'))
select n, server, pid, piece.place::int as place, piece.mark = '\' as last, piece.of as whole, piece.text as text,
       sum((piece.place = '1')::int) over (partition by server, pid, piece.of order by n) as run from each
"""
JOIN = (
    _PIECES,
    """update exim_heads set rest = joined.text
       from (select min(n) as n, string_agg(text, '' order by place) filter (place <= ends) as text
             from (select *, coalesce(min(place) filter (last) over one, place) as ends from exim_pieces where run > 0
                   window one as (partition by server, pid, whole, run))
             group by server, pid, whole, run) joined
       where exim_heads.n = joined.n""",
    "insert into noise select n, 'exim/continued' from exim_pieces where place > 1 and run > 0",
    "delete from exim_heads where n in (select n from exim_pieces where place > 1)",
)
# Exim tells syslog of each rejection twice, for mainlog and for rejectlog.
TWICE = (
    """create or replace temp table exim_again as
       select n from (select n, row_number() over (partition by server, pid, time, rest order by n) as time_told
                      from exim_heads where contains(rest, ' rejected ')) where time_told % 2 = 0""",
    "insert into noise select n, 'exim/rejectlog' from exim_again",
    "delete from exim_heads where n in (select n from exim_again)",
)
