"""The Oracle Communications (Sun Java System, iPlanet) Messaging Server's `mail.log`, in all its log formats (FORMATS 7).

Stamps are local and name no zone. A file whose format was changed on the way is read all the same: each line tells its form.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tracking.formats import oracle_classic, oracle_events, oracle_fields, syslog_fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_LINES = (
    re.compile(oracle_classic.FRONT),
    re.compile(oracle_classic.CONNECTED),
    re.compile(r'<(?:en|co|he) (?:[\w:.-]+="[^"]*" ?)*ts="'),
    re.compile(r'\{"(?:en|co|he)":\s*\{|\{(?=.*"ts":)(?=.*"ac":)(?=.*"(?:sc|tr|ap)":)'),
)
_FORMS = {"<": (oracle_fields.XML,), "{": (oracle_fields.JSON,), "": oracle_classic.STATEMENTS}
_WHICH = "select distinct case when line[1] in ('<', '{') then line[1] else '' end from landed where line <> ''"
_BLANK = r"insert into noise select n, 'blank' from landed where line = '' or regexp_full_match(line, '<\?xml .*\?>|</?log>')"


class Oracle:
    """The format of `mail.log` files."""

    name = "oracle"
    about = "Oracle Communications, Sun Java System and iPlanet Messaging Server: mail.log"

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether a file that begins with these lines is of this format."""
        return any(form.match(line) for line in head for form in _LINES)

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; return the fold in which the batch ended, as JSON."""
        con.execute(_BLANK)
        con.execute(oracle_fields.MADE)
        for (form,) in con.execute(_WHICH).fetchall():
            for statement in _FORMS[form]:
                con.execute(statement)
        carry = _time(con, context)
        con.execute(oracle_events.NOISE)
        con.execute(oracle_events.INSERT, {"server": context.server.lower().rstrip(".")})
        return carry


def _time(con: DuckDBPyConnection, context: Context) -> str:
    for statement in oracle_events.CUT:
        con.execute(statement)
    first, last = con.execute(oracle_events.SPAN).fetchone() or (None, None)
    return json.dumps(syslog_fold.place(con, context, [first, last])) if first else context.carry
