"""Landed lines into fields: straight from the landing file where every line is clean CSV, else line by line (RFC 4180, never failing).

Both leave a temporary table `exchange_raw (n, damaged, c0, c1, ..)`. The fast way counts: read_csv must give exactly one row for each line
that holds one, or its rows are thrown away. The slow way keeps an unbalanced quote inside its own line: such a line has too many fields,
and is mended when one of the free texts, put together again, gives a known event and a size; else it stays unparsed. A line with too few
is half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.formats.exchange_columns import keys
from tracking.formats.exchange_events import EVENTS
from tracking.formats.exchange_header import BOM, HEADED, SKIPPED

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from tracking.formats.exchange_header import Segment

_COUNTS = f"""
select count(*) filter ({SKIPPED}), max(n) filter ({SKIPPED}), min(n), count(*), bool_or(line = '') from landed"""  # noqa: S608 our own words
_MENDABLE = ("subject", "context", "statuses")  # free text, in the order in which damage is likely


def split(con: DuckDBPyConnection, segment: Segment, landing: Path | None, whole: bool) -> None:
    """Fill `exchange_raw` with a segment's lines. `whole`: the segment is the whole batch, so the landing file may be read instead."""
    if not (whole and landing is not None and _fast(con, len(segment.names), landing)):
        _slow(con, segment)


def _fast(con: DuckDBPyConnection, width: int, landing: Path) -> bool:
    """Read the landing file as CSV; say whether each line gave a row."""
    import duckdb  # noqa: PLC0415 - the names of formats are asked for where DuckDB must not be loaded

    skipped, last, first, lines, blank = con.execute(_COUNTS).fetchone() or (0, None, 0, 0, None)
    if blank or (skipped and last - first + 1 != skipped):
        return False  # a header inside
    types = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(width))
    reader = f"""read_csv(?, columns = {{{types}}}, delim = ',', quote = '"', escape = '"', header = false, auto_detect = false,
        new_line = '\\n', skip = {skipped}, max_line_size = 16777216)"""
    try:
        con.execute(f"create or replace temp table exchange_rows as select * from {reader}", [str(landing)])  # noqa: S608 names are c0, c1 ..
    except duckdb.Error:
        return False  # not clean: the slow way knows what to do with it
    if (con.execute("select count(*) from exchange_rows").fetchone() or (0,))[0] != lines - skipped:
        return False
    numbered = f"select rowid + {first + skipped} as n, false as damaged, * from exchange_rows"  # noqa: S608 numbers
    con.execute(f"create or replace temp view exchange_raw as {numbered}")
    return True


def fields(delimiter: str, line: str = "line") -> str:
    """Return SQL: the list of a line's fields, quotes removed. It never fails; a quote that nobody closes is text."""
    found = f"""regexp_extract_all({line} || '{delimiter}', '("(?:[^"]|"")*"|[^{delimiter}]*){delimiter}', 1)"""
    bare = """case when length(x) > 1 and starts_with(x, '"') and ends_with(x, '"') then replace(x[2:-2], '""', '"') else x end"""
    return f"case when contains({line}, '\"') then list_transform({found}, lambda x: {bare}) else string_split({line}, '{delimiter}') end"


def _slow(con: DuckDBPyConnection, segment: Segment) -> None:
    con.execute(
        f"""create or replace temp table exchange_lines as select n, ltrim(line, '{BOM}') as line from landed
        where n between ? and ? and line <> '' and not {HEADED}""",  # noqa: S608 our own words
        [segment.first, segment.last],
    )
    spread(con, segment.names, ",")


def spread(con: DuckDBPyConnection, names: tuple[str, ...], delimiter: str) -> None:
    """Split `exchange_lines (n, line)` into `exchange_raw`."""
    width = len(names)
    con.execute(f"create or replace temp table exchange_fields as select n, {fields(delimiter)} as f from exchange_lines")  # noqa: S608
    columns = ", ".join(f"f[{position + 1}] as c{position}" for position in range(width))
    sources = f"select n, false as damaged, f from exchange_fields where len(f) = {width}"  # noqa: S608
    mended = _mended(names, delimiter)
    if mended:
        many = f"select n, {mended} as f from exchange_fields where len(f) > {width}"  # noqa: S608
        sources += f" union all select n, true, f from ({many}) where f is not null"  # noqa: S608
    con.execute("drop view if exists exchange_raw")
    con.execute("drop table if exists exchange_split")
    con.execute(f"create temp table exchange_split as select n, damaged, {columns} from ({sources})")  # noqa: S608
    con.execute("create or replace temp view exchange_raw as select * from exchange_split")


def _mended(names: tuple[str, ...], delimiter: str) -> str:
    """Return SQL: the fields with the surplus put back into one free text; NULL where that gives no event."""
    ours = keys(names)
    if "event" not in ours or "bytes" not in ours:
        return ""
    event, size = ours.index("event") + 1, ours.index("bytes") + 1
    known = ", ".join(f"'{name}'" for name in EVENTS)
    arms = []
    for key in _MENDABLE:
        if key in ours:
            text = _joined(ours.index(key) + 1, len(names), delimiter)
            arms.append(f"when ({text})[{event}] in ({known}) and regexp_full_match(({text})[{size}], '[0-9]*') then {text}")
    return f"case {' '.join(arms)} end" if arms else ""


def _joined(position: int, width: int, delimiter: str) -> str:
    surplus = f"(len(f) - {width})"
    text = f"trim(array_to_string(f[{position}:{position} + {surplus}], '{delimiter}'), '\"')"
    return f"f[1:{position - 1}] || [{text}] || f[{position} + {surplus} + 1:]"
