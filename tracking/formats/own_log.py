r"""Log files that a program writes itself, without syslog: a stamp, then at once its own text (Dovecot's log_path, rspamd's rspamd.log).

`Nov 21 14:00:01 imap-login: Info: ..`, `2026-11-21 14:00:01.123456 lmtp(7): Info: ..`, `2026-11-21 14:00:01 #7(normal) <ab12cd>; task; ..`.
No line names its server: the source does. The lines are read as those of a syslog file of this one program.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tracking.formats import syslog_cut
from tracking.formats.syslog import Syslog, parse_cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
_STAMP = rf"(?:[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d|{_ISO}) "
HEADS = {  # software -> how its text begins
    "dovecot": r"[a-z][\w-]*(?:\([^)]*\))?(?:<[^<>]*>)*: (?:[\w+/:=-]+: )?(?:Info|Debug|Warning|Error|Fatal|Panic): ",
    "rspamd": r"#\d+\(\w[\w-]*\) (?:<[^<>]*>)?; ?\w",
}
_CUT = rf"""
insert into cut
select n, stamp, iso, '- ' || $software, substr(line, length(stamp) + 2)
from (
    select n, line, line < ':' as iso,
           case when line < ':' then regexp_extract(line, '^{_ISO}') else left(line, 15) end as stamp
    from landed
)
where stamp <> '' and substr(line, length(stamp) + 1, 1) = ' '
"""
_FIRST = "select line from landed where line <> '' order by n limit 50"


class OwnLog:
    """The format of one program's own log files; under its name the same lines through syslog are read too."""

    def __init__(self, name: str, about: str) -> None:
        """Take the software's name, a key of HEADS."""
        self.name = name
        self.about = about
        self._head = re.compile(_STAMP + HEADS[name])

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether most lines begin as the program's own do."""
        lines = [line for line in head if line]
        return sum(bool(self._head.match(line)) for line in lines) * 2 > len(lines)

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; return the date and fold in which the batch ended, as JSON."""
        first = [line for (line,) in con.execute(_FIRST).fetchall()]
        if Syslog().recognises(first) and not self.recognises(first):
            return Syslog().parse(con, context)
        con.execute(syslog_cut.CUT[0])
        con.execute(_CUT, {"software": self.name})
        for statement in syslog_cut.WHOS:
            con.execute(statement)
        return parse_cut(con, context)
