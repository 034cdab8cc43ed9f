"""Text that was shipped twice by two ways: a line that another file of its server holds too is no second event.

Counted: of n equal lines in one file and m in another the larger number are events. It asks only where a file's time and server overlap
those of another one, so that the usual case costs nothing. Such a line is kept as noise of the kind `twice`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.importing_sources import TWICE
from tracking.lake.reader import within
from tracking.lake.views import source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from tracking.importing_batch import Span
    from tracking.lake.manifest import Source
    from tracking.lake.write import Writer

_FIELDS = "file_id, line, time, state, kind, text"
# Of each other file, how often it has each line of this span; of several files the most.
_THEIRS = """
create or replace temp table theirs as
select text, max(many) as many from (
    select text, file_id, count(*) as many from stored
    where file_id in (select unnest($others)) and time between $first and $last and (state = 'event' or kind = $twice) group by all)
group by text"""
_SHARED = """
create or replace temp table shared as
select l.n, l.line from landed l semi join theirs t on t.text = l.line semi join parsed p on p.n = l.n"""
# Of equal lines in this file, the first ones are those that the other file has.
_AGAIN = """
create or replace temp table again as
select n from (
    select s.n, row_number() over (partition by s.line order by s.n) + coalesce(e.many, 0) as nth, t.many
    from shared s join theirs t on t.text = s.line
    left join (select text, count(*) as many from stored where file_id = $mine and time between $first and $last group by text) e
        on e.text = s.line)
where nth <= many"""


def rivals(mine: Source, span: Span, sources: Iterable[Source]) -> list[int]:
    """Return the other files that may hold lines of this span: of the same format and server, and of overlapping time. Pure."""
    return [other.file_id for other in sources if other.file_id != mine.file_id and other.format == mine.format and _meets(other, span)]


def _meets(other: Source, span: Span) -> bool:
    if other.first is None or other.last is None or span.first is None or span.last is None:
        return False
    servers = "*" in other.servers or bool(set(other.servers) & set(span.servers))
    return servers and other.first <= span.last and span.first <= other.last


def leave_out(con: DuckDBPyConnection, pen: Writer, mine: Source, span: Span, others: list[int]) -> None:
    """Take the events of lines that others brought before out of `parsed`; they become noise."""
    parts = within(pen.manifest.of("lines"), span.first, span.last)
    stored = source(pen.lake, "lines", parts)
    every = f"select {_FIELDS} from pending_lines union all select {_FIELDS} from ({stored})"
    con.execute(f"create or replace temp view stored as {every}")
    between = {"first": _naive(span.first), "last": _naive(span.last)}
    con.execute(_THEIRS, {**between, "others": others, "twice": TWICE})
    con.execute(_SHARED)
    con.execute(_AGAIN, {**between, "mine": mine.file_id})
    con.execute("insert into noise select n, $twice from again", {"twice": TWICE})
    con.execute("delete from parsed where n in (select n from again)")


def _naive(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=None)
