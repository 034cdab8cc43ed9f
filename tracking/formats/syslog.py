"""A syslog file: lines of many programs, whatever wrote their prefix (RFC 3164, RFC 5424, ISO stamps, Postfix's own maillog_file).

The prefix is read here, once for all; each mail program's lines go to its parser (`syslog_programs`). What is not a mail program's is
noise of kind `other/TAG`; a line without a readable prefix is unparsed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracking.formats import syslog_cut, syslog_programs, syslog_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_PREFIX = re.compile(
    r"\ufeff?(?:<\d{1,3}>)?(?:1 \d{4}-\S+ \S+ \S+ \S+ \S+ (?:-|\[)"
    r"|(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*) \S+ "
    r"(?:[^\s:\[]+(?:\[\d+\])?:(?: |$)|last message repeated))"
)
_TAGS = "create or replace temp table tags (tag VARCHAR, software VARCHAR, program VARCHAR, instance VARCHAR)"
# ISO stamps are times; without a zone they are local ($zone); a comma before the fraction and a leap second are mended.
_MENDED = "replace(replace(cut.stamp, ',', '.'), ':60', ':59')"
_ISO = f"""
case when right(cut.stamp, 1) = 'Z' or substr(cut.stamp, 20) like '%+%' or substr(cut.stamp, 20) like '%-%'
     then coalesce(try_cast(cut.stamp as timestamptz), try_cast({_MENDED} as timestamptz)) at time zone 'UTC'
     else timezone($zone, coalesce(try_cast(cut.stamp as timestamp), try_cast({_MENDED} as timestamp))) at time zone 'UTC' end
"""
_RESOLUTION = """
case when substr(cut.stamp, 20, 1) in ('.', ',')
     then power(10, -least(length(cut.stamp) - 20 - length(ltrim(substr(cut.stamp, 21), '0123456789')), 6)) else 1 end
"""
_HEADS = """
create or replace temp table heads as
select * from (
    select n, coalesce({exact}, {iso}, times.time) as time, coalesce({wide}, {resolution}, 1)::float as uncertainty,
           coalesce(nullif($server, ''), nullif(host, '-')) as server, software, instance, program, tag, pid,
           null::varchar as severity, rest
    from cut join whos using (who) join tags using (tag) left join times on {key} {timed}
) where time is not null
"""
_SEVERITY = r"""
update heads set severity = split_part(rest, ': ', 1), rest = substr(rest, strpos(rest, ': ') + 2)
where software is not null and regexp_matches(rest, '^(?:warning|error|fatal|panic): ')
"""
_REPEATED = r"^message repeated \d+ times: \[ ?(.*)\]$"
_UNWRAP = (
    f"""create or replace temp table repeats as
        select n, regexp_extract(rest, '^message repeated (\\d+)', 1) as times, regexp_extract(rest, '{_REPEATED}', 1) as rest
        from heads where rest like 'message repeated %' and regexp_matches(rest, '{_REPEATED}')""",
    "update heads set rest = repeats.rest from repeats where heads.n = repeats.n",
)
_SOLARIS = r"update heads set rest = regexp_replace(rest, '^\[ID \d+ \w+\.\w+\] ', '') where rest like '[ID %'"
_MARK = "update parsed set extra = json_object('repeated', repeats.times::bigint) from repeats where parsed.n = repeats.n"
_NOISE = (
    "insert into noise select n, 'blank' from landed where line = ''",
    r"""insert into noise select n, 'syslog/repeated' from landed
        where line like '% last message repeated %' and regexp_matches(line, '^\S+ .{0,60} last message repeated \d+ times?$')""",
    r"""insert into noise select n, 'syslog/mark' from landed
        where line like '%-- MARK --' and regexp_matches(line, '^\S+ .{0,60} -- MARK --$')""",
    r"""insert into noise
        select n, case when regexp_full_match(tag, '[\w.@/-]{1,32}') then 'other/' || lower(split_part(tag, '/', -1))
                       else 'other/odd' end as kind
        from heads where software is null""",
)


def _tag(con: DuckDBPyConnection) -> list[str]:
    con.execute(_TAGS)
    found = []
    for (tag,) in con.execute("select distinct tag from whos").fetchall():
        software = syslog_programs.software(tag)
        instance = software and syslog_programs.instance(tag, software)
        con.execute("insert into tags values (?, ?, ?, ?)", [tag, software, tag.rpartition("/")[2], instance])
        found += [software] if software else []
    return found


def _heads(con: DuckDBPyConnection, context: Context) -> None:
    kinds = {kind for (kind,) in con.execute("select distinct iso from cut").fetchall()}
    lines = con.execute("select count(*) from timed").fetchone() != (0,)
    parts = {
        "iso": f"case when iso then {_ISO} end" if True in kinds else "null",
        "resolution": f"case when iso then {_RESOLUTION} end" if True in kinds else "null",
        "key": "times.stamp = cut.stamp" if kinds == {False} else "times.stamp = case when iso then null else cut.stamp end",
        "exact": "timed.time" if lines else "null",
        "wide": "timed.uncertainty" if lines else "null",
        "timed": "left join timed using (n)" if lines else "",
    }
    zone = {"zone": context.timezone} if True in kinds else {}
    con.execute(_HEADS.format(**parts), {"server": context.server.lower().rstrip(".")} | zone)


def _cut(con: DuckDBPyConnection) -> None:
    for statement in syslog_cut.CUT:
        con.execute(statement)
    if con.execute(syslog_cut.ANY_ODD).fetchone() != (0,):
        for statement in syslog_cut.ODD:
            con.execute(statement)
    for statement in syslog_cut.WHOS:
        con.execute(statement)


def _mend(con: DuckDBPyConnection) -> bool:
    """Take off what stands between the head and the text; say whether a line stands for several."""
    con.execute(_SOLARIS)
    for statement in _UNWRAP:
        con.execute(statement)
    con.execute(_SEVERITY)
    return con.execute("select count(*) from repeats").fetchone() != (0,)


def parse_cut(con: DuckDBPyConnection, context: Context) -> str:
    """Turn the lines of `cut` and `whos` into `parsed` and `noise`; return the date and fold in which the batch ended, as JSON."""
    carry = syslog_time.read(con, context)
    software = _tag(con)
    _heads(con, context)
    repeated = _mend(con)
    for statement in _NOISE:
        con.execute(statement)
    for name, parser in syslog_programs.PARSERS.items():
        if name in software:
            parser(con, context)
    if repeated:
        con.execute(_MARK)
    return carry


class Syslog:
    """The format of syslog files."""

    name = "syslog"
    about = "Postfix, Dovecot, sendmail, amavis, rspamd and others through syslog, or Postfix's maillog_file"

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether most lines begin as syslog's do."""
        lines = [line for line in head if line]
        return sum(bool(_PREFIX.match(line)) for line in lines) * 2 > len(lines)

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; return the date and fold in which the batch ended, as JSON."""
        _cut(con)
        return parse_cut(con, context)
