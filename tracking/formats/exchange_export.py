"""Exports of Get-MessageTrackingLog (Export-Csv): names without hyphens, local time in a regional format, lists that may be lost.

The first line, or the one behind `#TYPE ..`, names the columns; `,`, `;` (-UseCulture) or TAB stands between them. A quoted field may hold
line breaks, and a batch may cut one: the record stands at its last line, the lines before it are noise `exchange/continued`, and what is
open at a batch's end is carried (exchange_records). `System.String[]` is the name of a type: the recipients are lost, the event says so in
`extra`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tracking.formats.exchange import name_servers
from tracking.formats.exchange_columns import MOST, plain
from tracking.formats.exchange_header import BOM
from tracking.formats.exchange_records import gather
from tracking.formats.exchange_rows import Reading, tell
from tracking.formats.exchange_split import spread
from tracking.formats.exchange_stamps import decide, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context

_LOST = "System.String[]"
_JOINED = r"""case when {0} = 'System.String[]' then null
    when starts_with({0}, '{{') then replace(regexp_replace(trim({0}, '{{}} '), '\.\.\.$', ''), ', ', ';')
    when contains({0}, '@') and not contains({0}, ';') and not contains({0}, '"')
    then regexp_replace({0}, '[,\s]+', ';', 'g') else {0} end"""
_FLAGS = f"""nullif(concat_ws(',', unknown, case when recipients = '{_LOST}' then '"recipients_lost":true' end,
    case when starts_with(recipients, '{{') and ends_with(rtrim(recipients, '}}'), '...') then '"recipients_cut":true' end), '')"""
REPLACED = (
    f"{_JOINED.format('recipients')} as recipients, case when statuses = '{_LOST}' then null when starts_with(statuses, '{{') "
    f"then replace(trim(statuses, '{{}} '), ', ', ';') else statuses end as statuses, {_FLAGS} as unknown"
)
_HEAD = "select n, ltrim(line, ?) from landed where line <> '' and not starts_with(ltrim(line, ?), '#TYPE') order by n limit 1"
_RAGGED = "select n, line from landed where n > ? order by n"
_ANY_ODD = "select bool_or((length(line) - length(replace(line, '\"', ''))) % 2 = 1) from landed where n > ?"
_LINES = """create or replace temp table exchange_lines as
select landed.n, coalesce(whole.line, landed.line) as line from landed left join exchange_whole whole on whole.n = landed.n
where landed.n > ? and landed.line <> '' and landed.n not in (select n from exchange_beginnings)"""


@dataclass(frozen=True, slots=True)
class Head:
    """What the first line of a file said, and what is carried."""

    names: tuple[str, ...]
    delimiter: str
    order: str = ""  # of day and month
    open: tuple[str, ...] = ()  # lines of a record that the batch before cut


def read_head(line: str) -> Head:
    """Read the line that names the columns."""
    text = line.lstrip(BOM)
    delimiter = max(",;\t", key=text.count)
    return Head(tuple(name.strip().strip('"') for name in text.split(delimiter)[:MOST]), delimiter)


class ExchangeExport:
    """Get-MessageTrackingLog | Export-Csv."""

    name = "exchange-export"
    about = "Exchange: Get-MessageTrackingLog | Export-Csv"
    wanted: ClassVar[frozenset[str]] = frozenset({"timestamp", "eventid", "recipients"})
    home = ""  # server of rows that name none
    local = True  # stamps are of Context.timezone

    def recognises(self, head: Sequence[str]) -> bool:
        """Say whether a file that begins with these lines is of this format."""
        lines = [line for line in head if line.strip() and not line.lstrip(BOM).startswith("#TYPE")]
        return bool(lines) and self.wanted <= {plain(name) for name in read_head(lines[0]).names}

    def parse(self, con: DuckDBPyConnection, context: Context) -> str:
        """Turn `landed` into `parsed` and `noise`; ValueError when its stamps or its zone cannot be understood."""
        head, after = _begin(con, context)
        left = _land(con, head, after)
        spread(con, head.names, head.delimiter)
        stamp = {plain(name): at for at, name in enumerate(head.names)}
        at = next((stamp[name] for name in ("timestamp", "datetimeutc", "received", "date") if name in stamp), 0)
        con.execute(f"create or replace temp view exchange_stamps as select c{at} as stamp from exchange_raw")  # noqa: S608 a number
        order = head.order or decide(con, context)
        stamps = read(order or "day-first", context.timezone if self.local else "UTC")
        tell(con, Reading(head.names, time=stamps.time, uncertainty=stamps.uncertainty, replaced=REPLACED))
        server = name_servers(con, context)
        if self.home and not context.server:
            con.execute("update parsed set server = ? where server is null", [self.home])
        return json.dumps({"fields": head.names, "delimiter": head.delimiter, "order": order, "open": left, "server": server})


def _begin(con: DuckDBPyConnection, context: Context) -> tuple[Head, int]:
    """Return the columns, and the number of the last line before the data."""
    if context.carry:
        was = json.loads(context.carry)
        return Head(tuple(was["fields"]), was["delimiter"], was["order"], tuple(was["open"])), context.first_line - 1
    found = con.execute(_HEAD, [BOM, BOM]).fetchone()
    if found is None:
        raise ValueError(f"{context.file} is empty: an export begins with a line that names its columns")
    con.execute("insert into noise select n, 'exchange/header' from landed where n <= ? and line <> ''", [found[0]])
    return read_head(found[1]), found[0]


def _land(con: DuckDBPyConnection, head: Head, after: int) -> list[str]:
    """Fill `exchange_lines` with whole records, and `noise`; return the lines of a record that the batch cuts."""
    con.execute("create or replace temp table exchange_whole (n BIGINT, line VARCHAR)")
    con.execute("create or replace temp table exchange_beginnings (n BIGINT)")
    left: list[str] = []
    if head.open or (con.execute(_ANY_ODD, [after]).fetchone() or (False,))[0]:
        found = gather(con.execute(_RAGGED, [after]).fetchall(), head.open, (len(head.names), head.delimiter))
        left = found.open
        if found.whole:
            con.executemany("insert into exchange_whole values (?, ?)", list(found.whole.items()))
        if found.beginnings:
            con.execute("insert into exchange_beginnings select unnest(?::bigint[])", [found.beginnings])
    con.execute("insert into noise select n, 'exchange/continued' from exchange_beginnings")
    con.execute("insert into noise select n, 'blank' from landed where line = '' and n not in (select n from exchange_beginnings)")
    con.execute(_LINES, [after])
    return left
