"""From a chunk of lines to rows: landed for DuckDB, parsed by its format, each line told as event, noise or unparsed, kept until a commit.

The rows wait in two tables, `pending_lines` and `pending_events`, so that a thousand small files make one commit. All SQL of landing
stands here: `read_csv` with nothing but lines is DuckDB's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from tracking.collect.values import Unreadable
from tracking.errors import TrackError
from tracking.lake.days import latest
from tracking.lake.durable import PRIVATE
from tracking.lake.kinds import names
from tracking.lake.privacy import KEEP, PSEUDONYM
from tracking.schema import EVENTS, LINES, NOISE, PARSED, ddl

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from tracking.formats.format import Context, Format
    from tracking.lake.privacy import Privacy

EXAMPLES = 3  # of lines that were not understood, kept by number
MANY_SERVERS = 16  # a file with more holds "*"
LONGEST_LINE = 1 << 26  # bytes; the collector cuts at less
LANDING = "landing"

_LAND = f"""
create or replace temp table landed as
select row_number() over () + $before as n, coalesce(line, '') as line
from read_csv($file, columns = {{'line': 'VARCHAR'}}, delim = '', quote = '', escape = '', header = false, auto_detect = false,
              max_line_size = {LONGEST_LINE})"""
_TOLD = """
create or replace temp table told as
select l.n, coalesce(t.time, $before, (select arg_min(time, n) from parsed)) as time,
       case when e.n is not null then 'event' when z.n is not null then 'noise' else 'unparsed' end as state,
       case when e.n is not null then null else coalesce(z.kind, $expected) end as kind
from (select n from landed) l
left join (select distinct n from parsed) e on e.n = l.n
left join (select n, min(kind) as kind from noise group by n) z on z.n = l.n
asof left join (select n, min(time) as time from parsed group by n) t on l.n >= t.n"""
_LAST = "select arg_max(time, n) from parsed"
_COUNTS = "select state, coalesce(kind, ''), count(*) from told group by all"
_UNPARSED = f"select n from told where state = 'unparsed' order by n limit {EXAMPLES}"
_SPAN = """
select min(time) filter (good), max(time) filter (good), count(*) filter (not good), list(distinct server)
from (select time, server, coalesce(time >= timestamp '1990-01-01' and time <= $latest, false) as good from parsed)"""
_KEEP_LINES = """
insert into pending_lines select cast($file_id as ubigint), l.n, t.time, t.state, t.kind, l.line from landed l join told t on t.n = l.n"""
# Each subject and what stands for it; a CSV has its quotes doubled. The longest first, so that no subject within another is left.
_SUBJECTS = """
create or replace temp table subjects as
select n, subject, case when $key = '' then '' else 's-' || sha256($key || sha256($key || lower(subject)))[1:12] end as instead
from (select distinct n, subject from parsed where subject <> '')"""
_COVER = (
    """update landed set line = replace(replace(line, s.subject, s.instead), replace(s.subject, '"', '""'), s.instead)
       from subjects s where s.n = landed.n""",
    """update parsed set subject = nullif(s.instead, ''),
           extra = replace(extra, s.subject, s.instead), said = replace(said, s.subject, s.instead)
       from subjects s where s.n = parsed.n""",
)
_OF_PARSED = ", ".join(f'"{column.name}"' for column in PARSED if column.name != "n")
_KEEP_EVENTS = f"""
insert into pending_events ({names(EVENTS)})
select cast($file_id as ubigint), n, {_OF_PARSED}, nullif($server_group, '') from parsed"""

EMPTY = (ddl("pending_lines", LINES), ddl("pending_events", EVENTS))


@dataclass(frozen=True, slots=True)
class Whose:
    """Which file a chunk is of."""

    file_id: int
    group: str


@dataclass(frozen=True, slots=True)
class Span:
    """Whose and from when a chunk's events are."""

    first: datetime | None  # aware UTC; None = no event has a time that can be
    last: datetime | None
    odd_times: int
    servers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a chunk's lines."""

    events: int  # lines that say something
    noise_kinds: dict[str, int]
    unparsed: int
    unparsed_at: tuple[int, ...]
    at: datetime | None  # of the last event up to here


def land(con: DuckDBPyConnection, text: bytes, first_line: int, folder: Path) -> Path:
    """Make the table `landed` of a chunk's lines; return the file that holds exactly them."""
    file = folder / LANDING
    file.touch(PRIVATE)
    file.write_bytes(text)
    con.execute(_LAND, {"before": first_line - 1, "file": str(file)})
    return file


def parse(con: DuckDBPyConnection, of: Format, context: Context, lines: int) -> str:
    """Make `parsed` and `noise` of what landed; return the format's carry. Raises: TrackError, Unreadable where the format gives up."""
    con.execute(ddl("parsed", PARSED))
    con.execute(ddl("noise", NOISE))
    (landed,) = con.execute("select count(*) from landed").fetchone() or (0,)
    if landed != lines:
        raise TrackError(f"{context.file}: {lines} lines became {landed} when they were landed: report this, with the file")
    try:
        return of.parse(con, context)
    except ValueError as error:
        raise Unreadable(str(error)) from error


def span(con: DuckDBPyConnection, now: datetime) -> Span:
    """Look at what was parsed: from when, and of which servers."""
    first, last, odd, servers = con.execute(_SPAN, {"latest": latest(now)}).fetchone() or (None, None, 0, None)
    return Span(_aware(first), _aware(last), odd, tuple(sorted(name for name in servers or () if name)))


def _aware(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def tell(con: DuckDBPyConnection, expected: str, before: datetime | None) -> Told:
    """Make the table `told` of what each landed line is, and count it.

    Args:
        con: where `landed`, `parsed` and `noise` are.
        expected: what an unparsed line should have been.
        before: when the file's last event before this chunk was: lines without an event are from about the time of the one before them.
    """
    con.execute(_TOLD, {"expected": expected, "before": None if before is None else before.replace(tzinfo=None)})
    counted = con.execute(_COUNTS).fetchall()
    return Told(
        sum(count for state, _, count in counted if state == "event"),
        {kind: count for state, kind, count in counted if state == "noise"},
        sum(count for state, _, count in counted if state == "unparsed"),
        tuple(n for (n,) in con.execute(_UNPARSED).fetchall()),
        _aware((con.execute(_LAST).fetchone() or (None,))[0]) or before,
    )


def cover(con: DuckDBPyConnection, privacy: Privacy) -> None:
    """Take the subjects out of what was parsed and out of its lines, or put what stands for them there, where that is wanted."""
    if privacy.subjects == KEEP:
        return
    con.execute(_SUBJECTS, {"key": privacy.key.hex() if privacy.subjects == PSEUDONYM else ""})
    for statement in _COVER:
        con.execute(statement)


def keep(con: DuckDBPyConnection, whose: Whose) -> None:
    """Add what was told to what waits for the next commit."""
    con.execute(_KEEP_LINES, {"file_id": whose.file_id})
    con.execute(_KEEP_EVENTS, {"file_id": whose.file_id, "server_group": whose.group})


def empty(con: DuckDBPyConnection) -> None:
    """Forget what waited: it is committed."""
    for statement in EMPTY:
        con.execute(statement)


def first_lines(text: bytes, count: int = 50) -> list[str]:
    """Return the first lines of a chunk, for a format to be recognised by."""
    return [line.decode("utf-8", "replace") for line in text[: 1 << 20].split(b"\n", count)[:count] if line]
