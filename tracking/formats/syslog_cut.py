"""A syslog line cut into stamp, who (host, tag, pid) and the rest, whatever wrote the prefix (FORMATS 3.1). SQL alone.

Forms: `Nov  2 08:00:01 host tag[pid]: rest` (also Postfix's maillog_file), an ISO stamp in its place with or without zone, either with a
priority `<22>` in front, and RFC 5424. The head is cut by position at the first `: `: what stands behind it is foreign text.
"""

from __future__ import annotations

# An ISO stamp ends at the first blank, a BSD one has 15 characters; a line without `: ` has no rest.
_CUT = r"""
insert into cut
select n, stamp, iso, substr(line, long + 2, colon - long - 2) as who, substr(line, colon + 2) as rest
from (
    select n, line, long, iso, colon, left(line, long) as stamp
    from (
        select *, iso as _iso, case when iso then strpos(line, ' ') - 1 else 15 end as long, strpos(line, ': ') as colon
        from (select n, line, line < ':' as iso from ({lines}))
    )
)
where colon > long + 1
"""
_PLAIN = "select n, line from landed where not starts_with(line, '<')"
_MARKED = r"""
select n, regexp_replace(line, '^<\d{1,3}>', '') as line from landed
where starts_with(line, '<') and not regexp_matches(line, '^<\d{1,3}>1 ')
"""
# RFC 5424: priority and version, stamp, host, program, process, message id, structured data, text; `-` is nothing.
_RFC5424 = r"""
insert into cut
select n, stamp, true, host || ' ' || tag || case when pid = '-' then '' else '[' || pid || ']' end, rest
from (
    select n, unnest(regexp_extract(line,
        '^<\d{1,3}>1 (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \x{FEFF}?(.*))?$',
        ['stamp', 'host', 'tag', 'pid', 'rest']))
    from landed where starts_with(line, '<') and regexp_matches(line, '^<\d{1,3}>1 ')
)
where stamp <> ''
"""
CUT = (
    "create or replace temp table cut (n BIGINT, stamp VARCHAR, iso BOOLEAN, who VARCHAR, rest VARCHAR)",
    _CUT.format(lines=_PLAIN),
)
ODD = (_CUT.format(lines=_MARKED), _RFC5424)  # run only where a line begins with `<`
ANY_ODD = "select count(*) from landed where starts_with(line, '<')"

# Every `who` is taken apart once: they are few (in two statements, or the filter on what was found takes apart every line's).
# A tag may hold anything but a blank; a pid is digits.
WHOS = (
    "create or replace temp table seen as select distinct who from cut",
    r"""
create or replace temp table whos as
select who, rtrim(lower(host), '.') as host, tag, nullif(pid, '') as pid
from (select who, unnest(regexp_extract(who, '^(\S+) (\S+?)(?:\[(\d+)\])?$', ['host', 'tag', 'pid'])) from seen)
where tag <> ''
""",
)
