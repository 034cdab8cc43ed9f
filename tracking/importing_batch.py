"""From a chunk of lines to rows: landed for DuckDB, parsed by its format, each line told as event, noise or unparsed.

All SQL of landing stands here: `read_csv` with nothing but lines is DuckDB's own. What comes of it waits in `importing_pending`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import duckdb

from tracking.errors import TrackError
from tracking.lake.days import latest
from tracking.lake.durable import PRIVATE
from tracking.lake.privacy import KEEP, PSEUDONYM
from tracking.schema import NOISE, PARSED, ddl

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
# A line without an event is from about the time of the last one before it: only these few are looked up (an asof join sorts).
_TOLD = """
create or replace temp table told as
with said as materialized (select n, min(time) as time from parsed group by n),
quiet as (
    select l.n, t.time, z.kind from (select n from landed anti join said using (n)) l
    left join (select n, min(kind) as kind from noise group by n) z on z.n = l.n asof left join said t on l.n >= t.n)
select l.n, coalesce(e.time, q.time, $before, (select arg_min(time, n) from said)) as time,
       case when e.n is not null then 'event' when q.kind is not null then 'noise' else 'unparsed' end as state,
       case when e.n is null then coalesce(q.kind, $expected) end as kind, l.line as text
from landed l left join said e on e.n = l.n left join quiet q on q.n = l.n"""
# Python's times end where DuckDB's go on. A day of each end stays free, for zones and clocks; what begins or ends there is none.
_WITHIN = "between timestamp '0001-01-02' and timestamp '9999-12-30'"
_BOUND = (
    f"delete from parsed where time not {_WITHIN}",
    f"update parsed set arrived_at = null where arrived_at not {_WITHIN}",
)
_LAST = "select arg_max(time, n) from parsed"
_COUNTS = "select state, coalesce(kind, ''), count(*) from told group by all"
_UNPARSED = f"select n from told where state = 'unparsed' order by n limit {EXAMPLES}"
_SPAN = """
select min(time) filter (good), max(time) filter (good), count(*) filter (not good), list(distinct server)
from (select time, server, coalesce(time >= timestamp '1990-01-01' and time <= $latest, false) as good from parsed)"""
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


class GivenUp(TrackError):  # noqa: N818 - it names the file's state, as Unreadable does
    """A format cannot read a file: the message is one sentence for its reader, and names the file."""


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
    """Make `parsed` and `noise` of what landed; return the format's carry. Raises: TrackError; GivenUp where the format does.

    A line whose time is outside the years 1 to 9999 is not understood: it is taken out of `parsed`.
    """
    con.execute(ddl("parsed", PARSED))
    con.execute(ddl("noise", NOISE))
    (landed,) = con.execute("select count(*) from landed").fetchone() or (0,)
    if landed != lines:
        raise TrackError(f"{context.file}: {lines} lines became {landed} when they were landed: report this, with the file")
    try:
        carry = of.parse(con, context)
    except ValueError as error:
        raise GivenUp(str(error)) from error
    except duckdb.DataError as error:
        raise GivenUp(f"{context.file}: one of its lines holds a number that is out of every range: report this, with the file") from error
    for statement in _BOUND:
        con.execute(statement)
    return carry


def span(con: DuckDBPyConnection, now: datetime) -> Span:
    """Look at what was parsed: from when, and of which servers."""
    first, last, odd, servers = con.execute(_SPAN, {"latest": latest(now)}).fetchone() or (None, None, 0, None)
    return Span(_aware(first), _aware(last), odd, tuple(sorted(name for name in servers or () if name)))


def _aware(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def tell(con: DuckDBPyConnection, expected: str, before: datetime | None) -> Told:
    """Make the table `told (n, time, state, kind, text)` of what each landed line is, and count it.

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


def first_lines(text: bytes, count: int = 50) -> list[str]:
    """Return the first lines of a chunk, for a format to be recognised by."""
    return [line.decode("utf-8", "replace") for line in text[: 1 << 20].split(b"\n", count)[:count] if line]
