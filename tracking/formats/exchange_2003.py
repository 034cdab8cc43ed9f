"""Exchange 2000 and 2003 tracking logs: TAB between fields, a `#` line with the names, numbers for events, one line per recipient, GMT.

Stamps have one second. Messages have no internal id: their stay is named by the Message-ID, and several 1019 (each re-entry of the queue)
are one stay. `-` is an absent value. A line with too few fields is half, and stays unparsed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tracking.formats.exchange import name_servers
from tracking.formats.exchange_columns import plain
from tracking.formats.exchange_header import BOM, HEADED, SKIPPED, carried
from tracking.formats.exchange_rows import Reading, tell
from tracking.formats.exchange_split import spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_NOISE = f"insert into noise select n, case when line = '' then 'blank' else 'exchange/header' end from landed where {SKIPPED}"  # noqa: S608
_LINES = f"create or replace temp table exchange_lines as select n, line from landed where not ({SKIPPED})"  # noqa: S608
_HEADS = f"select ltrim(line, '{BOM}# ') from landed where {HEADED} and contains(line, chr(9)) order by n desc limit 1"  # noqa: S608
_TIME = "try_strptime(stamp || ' ' || split_part(time_of_day, ' ', 1), '%Y-%m-%d %H:%M:%S')"


def _names(line: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in line.lstrip(BOM + "# ").split("\t"))


def _is_header(line: str) -> bool:
    ours = {plain(name) for name in _names(line)}
    return line.lstrip(BOM).startswith("#") and {"date", "time", "eventid", "msgid"} <= ours


class Exchange2003:
    """Tracking logs of Exchange 2000 and 2003."""

    name = "exchange-2003"
    about = "Exchange 2000 and 2003: message tracking logs (yyyymmdd.log)"

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether a file that begins with these lines is of this format."""
        return any(_is_header(line) for line in head)

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; return the columns in force and the server."""
        con.execute(_NOISE)
        head = con.execute(_HEADS).fetchone()
        names = _names(head[0]) if head else carried(context.carry)
        if names:
            con.execute(_LINES)
            spread(con, names, "\t")
            tell(con, Reading(names, time=_TIME, uncertainty="1", absent="-"))
        return json.dumps({"fields": names, "server": name_servers(con, context)})
