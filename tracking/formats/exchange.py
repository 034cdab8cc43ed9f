"""Exchange's message tracking log, 2007 to Subscription Edition: CSV whose columns its own `#Fields:` line names, in any order.

A header may stand anywhere; unknown columns are kept; a half line, or one whose quotes cannot be mended, stays unparsed. The carry is
JSON: the columns in force and the last server that a line named, for the kinds of line that name none. Context.server speaks for all lines
but deliveries: those name the hub whose stay they end.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tracking.formats.exchange_columns import FORMS
from tracking.formats.exchange_events import EVENTS
from tracking.formats.exchange_header import BOM, SKIPPED, assumed, carried, names_of, segments
from tracking.formats.exchange_rows import Reading, tell
from tracking.formats.exchange_split import split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_PROGRAMS = {"MD": "delivery", "MS": "submission", "MA": "moderation", "M": "mailbox", "": "transport"}
_FILE = re.compile(r"MSGTRK(MD|MS|MA|M|)\d{8}", re.IGNORECASE)
_ROW = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z,")
_NOISE = f"""insert into noise select n, case when line = '' then 'blank' else 'exchange/header' end from landed where {SKIPPED}"""  # noqa: S608
_DELIVERIES = "('DELIVER', 'DUPLICATEDELIVER', 'DELIVERFAIL', 'PROCESS')"
_OWN_SERVER = f"server is not null and original not in {_DELIVERIES}"
_NEAREST = f"""
update parsed set server = told.server
from (select missing.n as at, coalesce(max_by(named.server, named.n) filter (named.n < missing.n), min_by(named.server, named.n)) as server
    from (select distinct n from parsed where server is null) missing, (select n, server from parsed where {_OWN_SERVER}) named
    group by 1) told
where parsed.server is null and parsed.n = told.at"""  # noqa: S608 our own words


class Exchange:
    """Message tracking logs of Exchange 2007, 2010, 2013, 2016, 2019 and SE."""

    name = "exchange"
    about = "Exchange 2007 to SE: message tracking logs (MSGTRK*.LOG)"

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether a file that begins with these lines is of this format."""
        lines = [line.lstrip(BOM).strip() for line in head[:50]]
        if any(line.lower().startswith("#log-type: message tracking log") for line in lines):
            return True
        if any(line.lower().startswith("#log-type:") for line in lines):
            return False
        headers = [line for line in lines if line.lower().startswith("#fields:")]
        return any(names_of(line) for line in headers) or any(_looks_like_row(line) for line in lines if not line.startswith("#"))

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; return the columns in force and the server. Raises nothing for what a line holds."""
        con.execute(_NOISE)
        before = carried(context.carry)
        parts = segments(con, before or assumed(con))
        for part in parts:
            if part.names:
                split(con, part, context.landing, len(parts) == 1)
                tell(con, Reading(part.names, program_of(context.file)))
        names = parts[-1].names if parts else before
        return json.dumps({"fields": names, "server": name_servers(con, context)})


def _looks_like_row(line: str) -> bool:
    fields = line.split(",")
    return bool(_ROW.match(line)) and len(fields) >= min(FORMS) and any(field in EVENTS for field in fields)


def program_of(file: str) -> str | None:
    """Return which of Exchange's services writes files of this name; None = it does not tell."""
    found = _FILE.search(file)
    return _PROGRAMS[found.group(1).upper()] if found else None


def name_servers(con: DuckDBPyConnection, context: Context) -> str:
    """Give lines that name no server the one of their neighbours before them (a log is one server's); return the batch's last."""
    if context.server:
        con.execute(f"update parsed set server = lower(?) where original not in {_DELIVERIES} or server is null", [context.server])  # noqa: S608
        return context.server
    last = json.loads(context.carry).get("server", "") if context.carry else ""
    found = con.execute(
        f"""select count(distinct server), max_by(server, n), count(*) filter (server is null)
        from parsed where {_OWN_SERVER} or server is null"""  # noqa: S608 our own words
    ).fetchone()
    servers, latest, unnamed = found or (0, None, 0)
    if unnamed and servers > 1:
        con.execute(_NEAREST)
    elif unnamed:
        con.execute("update parsed set server = ? where server is null", [last or latest])
    return latest or last
