"""Which parser reads which program's lines of a syslog file: a plain table. A further program is a parser and its names here.

The head of every line is parsed once, for all. Then each parser whose programs occur in the batch is called once as `parser(con, context)`,
and reads the temporary table
`heads (n, time, uncertainty, server, software, instance, program, tag, pid, severity, rest)` of its own lines: `where software = '...'`,
- software: its name in PARSERS; program: the last part of the tag (`postfix-out/smtp` -> smtp); instance: the first part, where the tag has
  several and it is not the software's own name; NULL else (then `tag` is the program)
- server: as the line or the settings name it, lower case; time: UTC; uncertainty: its resolution in seconds, more in an undecided DST fold
- severity: `warning`, `error`, `fatal`, `panic` if the text began with such a word and a colon (it is cut off `rest`); NULL else
- rest: all behind `tag[pid]: `, never trusted.
It inserts into `parsed` and `noise`. What it leaves is unparsed. Lines of programs that no table knows are noise of kind `other/TAG`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tracking.formats import amavis, dovecot, exim, filters, postfix, rspamd, sendmail

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

Parser = Callable[["DuckDBPyConnection", "Context"], None]

PARSERS: dict[str, Parser] = {  # software -> what reads its lines
    "postfix": postfix.parse,
    "dovecot": dovecot.PROGRAM.parse,
    "exim": exim.parse,
    "sendmail": sendmail.PROGRAM.parse,
    "amavis": amavis.PROGRAM.parse,
    "rspamd": rspamd.PROGRAM.parse,
    **{software: each.parse for software, each in filters.FILTERS.items()},
}
PROGRAMS: dict[str, str] = {  # last part of a tag -> software; `/smtpd`: only where another part stands before it (`postfix/smtpd`)
    **{f"/{program}": "postfix" for program in postfix.PROGRAMS},
    **dict.fromkeys(dovecot.PROGRAMS, "dovecot"),
    **dict.fromkeys(exim.PROGRAMS, "exim"),
    **dict.fromkeys(sendmail.PROGRAMS, "sendmail"),
    **dict.fromkeys(amavis.PROGRAMS, "amavis"),
    **dict.fromkeys(rspamd.PROGRAMS, "rspamd"),
    **filters.PROGRAMS,
}


def software(tag: str) -> str | None:
    """Return whose program a tag names, None when nobody's that we read. A path (`/usr/sbin/cron`) is its last part."""
    before, slash, last = tag.rpartition("/")
    if slash and before and not tag.startswith("/"):
        return PROGRAMS.get(f"/{last}") or PROGRAMS.get(last)
    return PROGRAMS.get(last)


def instance(tag: str, of: str) -> str | None:
    """Return the first of several parts, if it is not the software's own name: `postfix-out/smtp` -> postfix-out."""
    first, slash, _ = tag.lstrip("/").partition("/")
    return first if slash and not tag.startswith("/") and first != of else None
