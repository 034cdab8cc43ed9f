"""Look at a sample through its format, on a connection that is handed in: what was seen, and which facts are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tracking import importing_batch as batches
from tracking.doctor.fact import finding
from tracking.doctor.facts import FACTS, GENERATIONS
from tracking.doctor.values import Block, Finding, Weight, worst_first
from tracking.errors import TrackError
from tracking.formats.format import Context, Format
from tracking.formats.registry import recognise
from tracking.importing_words import unknown
from tracking.schema import PARSED

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from tracking.doctor.sample import Sample
    from tracking.doctor.values import Window

NAMING = "; name one with --format"  # as an import can
GENERIC = ("probe track import --format generic --options EXPRESSION PATH   # reads any log of lines",)
MUCH = 0.05  # of the lines that are not understood
_COLUMNS = ", ".join(f'"{column.name}"' for column in PARSED)
_EMPTY = (
    f"create or replace temp table events as select 0::bigint as w, ''::varchar as line, {_COLUMNS} from parsed limit 0",  # noqa: S608 our own words
    "create or replace temp table lines (w BIGINT, n BIGINT, line VARCHAR, state VARCHAR)",
)
_ADD = (
    "insert into events select $w, l.line, p.* from parsed p join landed l using (n)",
    "insert into lines select $w, n, line, state from told join landed using (n)",
)
_COUNTS = (
    "select count(*), count(*) filter (state = 'event'), count(*) filter (state = 'noise'), count(*) filter (state = 'unparsed') from lines"
)
_OF_WHOM = "select list_sort(list(distinct software)), list_sort(list(distinct server)) from events"
_ODD = "select line from lines where state = 'unparsed' order by w, n limit 1"
_HANDS = {  # to whom on the same host messages are handed, whose own log says the rest
    "dovecot": "software = 'postfix' and event in ('send', 'deliver') and regexp_matches(line, ', relay=[^ ]*\\[private/dovecot')",
    "mailbox-delivery": "software = 'exchange' and original = 'SEND' and contains(line, '[Hostname=') and not contains(line, 'InternalId=')"
    " and regexp_matches(line, '(?i),Intra-Organization SMTP Send Connector,')",
}
_MAILBOXES = "software in ('dovecot', 'exchange') and event = 'deliver'"
LEAST_HANDED = 3


@dataclass(frozen=True, slots=True)
class How:
    """How a source is to be read, where its lines do not say it."""

    format: Format | None = None  # None = to be recognised
    server: str = ""
    timezone: str = "UTC"
    year: int | None = None
    options: str = ""


def examine(con: DuckDBPyConnection, folder: Path, seen: Sample, how: How, block: Block) -> Block:
    """Fill the block of a source with what its sample says.

    Args:
        con: a connection of its own.
        folder: where a window's lines may be put while they are read.
        seen: the sample.
        how: what the lines do not say.
        block: the source, with what is known without its lines.
    """
    head = batches.first_lines(seen.windows[0].text) if seen.windows else []
    if not head:
        return replace(block, findings=(Finding("no-lines", Weight.WARNING, "no whole line yet"),))
    of = how.format or recognise(head)
    if of is None:
        return replace(block, findings=(Finding("unknown-format", Weight.CRITICAL, unknown(head).removesuffix(NAMING), GENERIC),))
    try:
        first = _first(con, folder, seen, how, of)
        _gather(con, folder, seen, how, of)
    except TrackError as error:
        return replace(block, format=of.name, findings=(Finding("unreadable-lines", Weight.CRITICAL, str(error)),))
    return _told(con, replace(block, format=of.name), first)


def _context(window: Window, how: How, carry: str, landing: Path) -> Context:
    return Context(window.name, window.first_line, window.until, how.server, how.timezone, how.year, carry, how.options, landing)


def _first(con: DuckDBPyConnection, folder: Path, seen: Sample, how: How, of: Format) -> datetime | None:
    """Return from when the series' first lines are, where they are not among the windows."""
    if seen.oldest is None:
        return None
    _parse(con, folder, seen.oldest, how, of, "")
    return batches.span(con, seen.windows[-1].until).first


def _parse(con: DuckDBPyConnection, folder: Path, window: Window, how: How, of: Format, carry: str) -> str:
    landing = batches.land(con, window.text, window.first_line, folder)
    return batches.parse(con, of, _context(window, how, carry, landing), window.text.count(b"\n"))


def _gather(con: DuckDBPyConnection, folder: Path, seen: Sample, how: How, of: Format) -> None:
    """Make `events` and `lines` of all windows."""
    carry = ""
    for number, window in enumerate(seen.windows):
        carry = _parse(con, folder, window, how, of, "" if window.begins else carry)
        batches.tell(con, of.name, None)
        for statement in _EMPTY if number == 0 else ():
            con.execute(statement)
        for statement in _ADD:
            con.execute(statement, {"w": number})


def _told(con: DuckDBPyConnection, block: Block, first: datetime | None) -> Block:
    lines, events, noise, unparsed = con.execute(_COUNTS).fetchone() or (0, 0, 0, 0)
    software, servers = con.execute(_OF_WHOM).fetchone() or (None, None)
    since, until = con.execute("select min(time), max(time) from events where time >= timestamp '1990-01-01'").fetchone() or (None, None)
    block = replace(
        block,
        lines=lines,
        events=events,
        noise=noise,
        unparsed=unparsed,
        software=tuple(software or ()),
        servers=tuple(name for name in servers or () if name),
        first_at=first or _aware(since),
        last_at=_aware(until),
        mailboxes=_count(con, _MAILBOXES) > 0,
        hands_to=tuple(name for name, condition in _HANDS.items() if _count(con, condition) >= LEAST_HANDED),
    )
    return replace(block, findings=worst_first([*block.findings, *_of_lines(con, block), *_of_facts(con, block)]))


def _aware(time: datetime | None) -> datetime | None:
    return None if time is None else time.replace(tzinfo=UTC)


def _count(con: DuckDBPyConnection, condition: str) -> int:
    return int((con.execute(f"select count(*) from events where {condition}").fetchone() or (0,))[0])  # noqa: S608 our own words


def _of_lines(con: DuckDBPyConnection, block: Block) -> list[Finding]:
    """Say what is wrong with the lines as such."""
    odd = con.execute(_ODD).fetchone()
    if odd and block.unparsed > MUCH * block.lines:
        says = f"{block.unparsed:,} of {block.lines:,} lines are not understood: they are kept and counted, and followed by nobody"
        return [Finding("not-understood", Weight.WARNING, says, example=odd[0])]
    if not block.events and not block.format.startswith("exchange"):
        return [Finding("nothing-of-mail", Weight.CRITICAL, f"not one of {block.lines:,} lines is of a mail server that is known")]
    return []


def generation(con: DuckDBPyConnection) -> str:
    """Return which of the generations that have commands of their own the lines prove; "" = none."""
    for name, proof in GENERATIONS:
        if con.execute(f"select count(*) from lines where {proof}").fetchone() != (0,):  # noqa: S608 our own words
            return name
    return ""


def _of_facts(con: DuckDBPyConnection, block: Block) -> list[Finding]:
    which = generation(con)
    asked = [(fact, con.execute(fact.question).fetchall()) for fact in FACTS if fact.format in {"", block.format}]
    return [found for fact, answers in asked for answer in answers if (found := finding(fact, answer, which))]
