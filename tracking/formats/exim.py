"""Exim's mainlog, as a file of its own or through syslog (FORMATS 5).

A rejectlog says nothing that the mainlog does not: its lines are noise, or each rejection would be told twice. A line that names a message
and is of no kind we know is an event `other` with its words; one that names none is unparsed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracking.formats import exim_head
from tracking.formats.exim_ids import ID
from tracking.formats.exim_rules import KINDS, WHICH
from tracking.formats.postfix_rule import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.exim_kind import Kind
    from tracking.formats.format import Context

_ANY_OF_OURS = (
    rf"(?:{ID}) (?:<=|=>|->|>>|\*\*|==|Completed)|Start queue run|End queue run|exim \S+ daemon started|H=\S|cwd=|SMTP connection"
    r"|no host name|\S+ authenticator failed"
)
_LINE = re.compile(rf"{exim_head.STAMP}(?:\.\d+)?(?: [+-]\d{{4}})?(?: \[\d+\])? (?:{_ANY_OF_OURS})")
_LINES = rf"""
create or replace temp table exim_lines as
select * exclude (flagged, body), case when flagged then left(body, 2) end as flag,
       case when flagged then substr(body, 4) else body end as text
from (
    select *, id is not null and substr(body, 3, 1) = ' ' and left(body, 2) in ('<=', '(=', '=>', '->', '>>', '*>', '**', '==') as flagged
    from (
        select * exclude (rest, front), case when named then front end as id,
               case when named then substr(rest, length(front) + 2) else rest end as body
        from (
            select *, substr(rest, 7, 1) = '-' and regexp_full_match(front, '{ID}') as named
            from (select *, split_part(rest, ' ', 1) as front from exim_heads)
        )
    )
)
"""
_KIND = f"create or replace temp table exim_kinds as select *, {WHICH} as kind from exim_lines"
_NOISE = "insert into noise select n, kind from exim_kinds where contains(kind, '/')"
_OWN = {
    "n": "n", "part": "0", "server": "server", "software": "'exim'", "instance": "instance", "program": "program", "time": "time",
    "uncertainty_seconds": "uncertainty", "internal_message_id": "id",
}  # fmt: skip
# A bounce names the message that it is about: told on that message's side, as Postfix does.
_REPORTS = """
insert into parsed (n, part, server, software, instance, program, time, uncertainty_seconds, event, original,
                    internal_message_id, link_rule, link_id, link_way)
select n, 1, server, software, instance, program, time, uncertainty_seconds, 'dsn', 'R=', reference,
       'notification', internal_message_id, 'out'
from parsed where software = 'exim' and event = 'receive' and part = 0 and sender = '' and reference is not null
    and regexp_full_match(reference, $id)
"""
_APART = (
    "insert into noise select n, 'blank' from landed where line = ''",
    rf"""insert into noise select n, 'exim/continued' from landed
         where line <> '' and not regexp_matches(line, '^{exim_head.STAMP}')
               and (line[1] in (' ', chr(9)) or regexp_full_match(line, '-+'))""",
)


def _over(rows: str, layer: Mapping[str, str], seen: set[str]) -> str:
    """Return the query with one more layer of names; a name that is there already gets its new meaning."""
    again = ", ".join(f"{sql} as {name}" for name, sql in layer.items() if name in seen)
    more = "".join(f", {sql} as {name}" for name, sql in layer.items() if name not in seen)
    seen.update(layer)
    return f"select *{f' replace ({again})' if again else ''}{more} from ({rows})"


def insert(kind: Kind) -> str:
    """Return the statement that makes events of a kind's lines. Materialised, or the filter would cut all twice."""
    rows, seen = f"select * from exim_kinds where kind = {word(kind.name)}", set[str]()
    for layer in kind.layers:
        rows = _over(rows, layer, seen)
    columns = {**_OWN, "event": kind.event, **kind.columns}
    return f"""insert into parsed ({", ".join(columns)})
        with parts as materialized ({rows}) select {", ".join(columns.values())} from parts where {kind.where}"""


PROGRAMS = ("exim", "exim4")
STATEMENTS = {kind.name: insert(kind) for kind in KINDS}


def _tell(con: DuckDBPyConnection) -> None:
    con.execute(_LINES)
    con.execute(_KIND)
    con.execute(_NOISE)
    for (kind,) in con.execute("select distinct kind from exim_kinds where not contains(kind, '/')").fetchall():
        con.execute(STATEMENTS[kind])
    con.execute(_REPORTS, {"id": ID})


def parse(con: DuckDBPyConnection, context: Context) -> None:  # noqa: ARG001 what a parser is; the head has told all
    """Turn Exim's lines of a syslog file (`heads`) into events and noise."""
    con.execute(exim_head.FROM_SYSLOG)
    pieces = exim_head.JOIN if con.execute(exim_head.ANY_PIECE).fetchone() != (0,) else ()
    for statement in (*pieces, *exim_head.TWICE):
        con.execute(statement)
    _tell(con)


class Exim:
    """Exim's own log files."""

    name = "exim"
    about = "Exim: mainlog (through syslog: the format syslog)"

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether a file that begins with these lines is of this format."""
        return any(_LINE.match(line) for line in head)

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; return the server that the lines named, and the fold, as JSON."""
        if "rejectlog" in context.file.rpartition("/")[2]:
            con.execute("insert into noise select n, 'exim/rejectlog' from landed")
            return context.carry
        for statement in _APART:
            con.execute(statement)
        carry = exim_head.read(con, context)
        _tell(con)
        return carry
