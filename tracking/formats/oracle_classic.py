"""Lines of the Oracle (Sun, iPlanet) Messaging Server's classic log formats 1, 2 and 3 into `oracle_rows` (FORMATS 7): SQL.

Which fields there are is the site's choice. So those in front of the action code are counted from it backwards, and those behind the
addresses are told by their shape, in their order. In format 3 each is preceded by its length.
"""

from __future__ import annotations

from tracking.formats.postfix_rule import word

STAMP = r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\.\d\d"
CODE = "[EDQZRKJVWB][ACELSPTXH]{0,6}"
_ADDRESS = r'(?:[^\s"]|"(?:[^"\\]|\\.)*")*'
FRONT = rf"^({STAMP}) +(?:(.*?) +)?({CODE}) (\d+) (.*)$"
CONNECTED = rf"^({STAMP}) +(?:(.*?) +)?([+-]) *([OCXYUI])[A-Z]{{0,4}}(?: +(.*))?$"
# what may stand behind the addresses, in this order: flags of the recipient, file, envelope id, message id, words
_TAIL = r"^ *(?:(?:(\d{1,3}) +)?(/\S+) +)?(?:([^\s<>;()]+@[^\s<>;()]+) +)?(?:(<[^<>]*>) *)?(.*)$"
_PID = r"[0-9a-f]+(?:\.[0-9a-f]+){1,3}"
_COUNTED = 9  # fields behind the size: three addresses and up to six more


def _word_lists(rows: str) -> str:
    """Return SQL: the rows with the words in front of the code, and those of them that are no process id."""
    every = "list_filter(string_split(regexp_replace(front, '(^| )\\d+:', ' ', 'g'), ' '), lambda one: one <> '')"
    return f"""select *, list_filter(every, lambda one: not regexp_full_match(one, '{_PID}')) as words,
        list_filter(every, lambda one: regexp_full_match(one, '{_PID}'))[1] as pid from (select *, {every} as every from ({rows}))"""


def _counted() -> str:
    """Return SQL: rows with the fields f0, f1, .. of a body such as `5:hello 3:all`."""
    rows = "select *, body as left_0 from oracle_front where counted"
    for at in range(_COUNTED):
        number = f"regexp_extract(left_{at}, '^ *(\\d{{1,6}}):', 1)"
        start = f"length(regexp_extract(left_{at}, '^ *\\d{{1,6}}:')) + 1"
        rows = f"select *, try_cast(nullif({number}, '') as int) as size_{at}, {start} as start_{at} from ({rows})"
        field = f"substr(left_{at}, start_{at}, size_{at}) as f{at}, substr(left_{at}, start_{at} + size_{at}) as left_{at + 1}"
        rows = f"select *, {field} from ({rows})"
    return rows


_CUT = f"""
create or replace temp table oracle_front as
select n, cut.stamp as stamp, cut.front as front, cut.code as code, cut.size as size, cut.body as body,
       regexp_matches(cut.body, '^\\d+:.* \\d+:.* \\d+:\\S') as counted
from (select n, regexp_extract(line, {word(FRONT)}, ['stamp', 'front', 'code', 'size', 'body']) as cut
      from landed where line[3] = '-' and line[7] = '-' and not regexp_matches(line, {word(CONNECTED)}))
where cut.stamp <> ''
"""
_THREE = word(rf"^({_ADDRESS}) +({_ADDRESS}) +({_ADDRESS})(?: (.*))?$")
_BLANKS = f"""
create or replace temp table oracle_cut as
select n, stamp, front, code, size, part.sender as sender, part.first as first, part.current as current, part.tail as tail
from (select *, regexp_extract(body, {_THREE}, ['sender', 'first', 'current', 'tail']) as part from oracle_front where not counted)
"""
_COUNTS = f"""
insert into oracle_cut
select n, stamp, front, code, size, f0, f1, f2, concat_ws(' ', {", ".join(f"f{at}" for at in range(3, _COUNTED))})
from ({_counted()}) where f2 is not null
"""
# A line of the door or of arrival has two channels, any other one: the queue that the message sits in. A word more is the node.
_ROWS = f"""
insert into oracle_rows by name
select n, 'en' as element, stamp, code as ac, size as sz, nullif(sender, '') as so, nullif(first, '') as od, current as de, pid as pi,
       words[-1 - two] as sc, case when two > 0 then words[-1] end as dc, words[-2 - two] as no,
       nullif(cut.rf, '') as rf, nullif(cut.fi, '') as fi, nullif(cut.ei, '') as ei, nullif(cut.mi, '') as mi,
       nullif(trim(cut.words), '') as di
from (select *, regexp_extract(tail, {word(_TAIL)}, ['rf', 'fi', 'ei', 'mi', 'words']) as cut,
             (code[1] in ('E', 'J', 'V') and len(words) > 1)::int as two
      from ({_word_lists("select * from oracle_cut")}))
where current <> '' and len(words) > 0
"""
_CONNECTIONS = f"""
insert into oracle_rows by name
select n, 'co' as element, stamp, code as ac, words[-1] as sc, words[-2] as no, pid as pi, mark as dr,
       nullif(regexp_extract(body, '(?:^| )(TCP\\|\\S+)', 1), '') as tr, nullif(body, '') as di
from ({
    _word_lists(
        f'''select n, unnest(regexp_extract(line, {word(CONNECTED)}, ['stamp', 'front', 'mark', 'code', 'body']))
            from landed where line[3] = '-' and line[7] = '-' and regexp_matches(line, {word(CONNECTED)})'''
    )
})
"""
STATEMENTS = (_CUT, _BLANKS, _COUNTS, _ROWS, _CONNECTIONS)
