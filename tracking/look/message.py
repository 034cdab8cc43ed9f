"""All that the lake knows of one message: by Message-ID, a server's own id or a flow's; its flows, its raw lines, the probe's own trip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Any

from probe.values import Outcome as TripOutcome
from probe.values import Trip
from tracking.errors import TrackError
from tracking.lake.reader import rows
from tracking.look import mask
from tracking.look.find import flows_of, ground_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from thresholds.scope import Scope
    from tracking.look.find import Found

ORDER = """
order by coalesce(entered_at, left_at) desc nulls last, outcome in ('delivered', 'relayed'), left_at desc nulls first, flow_id
"""  # the newest message first, of its recipients those in trouble, then the slowest
BY = (
    "message_id in ($id, '<' || $id || '>')",
    "flow_id = $id",
    "part_of in (select part_of from hops where id = $id) and len(list_filter(hops, lambda h: h.id = $id)) > 0",
    "len(list_filter(hops, lambda h: lower(h.id) = lower($id))) > 0",
    "lower(message_id) in (lower($id), lower('<' || $id || '>'))",
    "length($id) >= 8 and starts_with(flow_id, lower($id))",  # as `probe track find` lists it
)  # what an id may be, the likeliest first
_LINES = """
with wanted as (
    select distinct l.file_id, l.line from (
        select unnest(lines) as l from (select unnest(hops, max_depth := 2) from flows where flow_id in (select unnest($flows)))))
select w.file_id, w.line, l.text from wanted w left join lines l on l.file_id = w.file_id and l.line = w.line
order by l.time nulls last, w.file_id, w.line
"""
_BESIDE = f"""
select * from flows
where part_of in (select unnest($parts)) and flow_id not in (select unnest($flows))
    and (message_id is null or message_id not in (select unnest($told)))
{ORDER}
"""  # noqa: S608 - a constant of this file; $told: messages that have more recipients than are shown
BESIDE = 20  # of other messages that belong to it


@dataclass(frozen=True, slots=True)
class RawLine:
    """One line as it stood in its file."""

    file: str
    line: int
    text: str | None  # None = forgotten by now


@dataclass(frozen=True, slots=True)
class Message:
    """What was found of an id, the newest flow first."""

    flows: tuple[Found, ...]
    more: bool  # there are more flows than were asked for
    beside: tuple[Found, ...]  # of what belongs to it: its bounces, what it was forwarded as
    lines: tuple[RawLine, ...] = ()
    trip: Trip | None = None  # the prober's own view


def message(con: DuckDBPyConnection, lake: Path, wanted: tuple[str, int, bool], scope: Scope) -> Message:
    """Return a message.

    Args:
        con: an open lake.
        lake: its folder.
        wanted: the id; how many flows at most; whether with raw lines.
        scope: which domains the reader may see.

    Raises: TrackError where there is none.
    """
    text, most, with_lines = wanted
    seen = (ground_of(con, lake), scope)
    for condition in BY:
        query = f"select * from flows where {condition} {ORDER}"  # noqa: S608 - constants of this file
        found = list(islice(flows_of(con, query, {"id": text}, seen), most + 1))
        if found:
            break
    else:
        raise TrackError(f"nothing is known of {text!r}: neither a Message-ID nor a server's id nor a flow's (`probe track find` searches)")
    shown = tuple(found[:most])
    more = len(found) > most
    told = sorted({one.flow.message_id for one in found if more and one.flow.message_id})
    given = {"flows": [one.flow_id for one in found], "parts": [one.part_of for one in found], "told": told}
    others = tuple(islice(flows_of(con, _BESIDE, given, seen), BESIDE))
    return Message(shown, more, others, _lines(con, shown, seen) if with_lines else (), trip_of(con, shown))


def _lines(con: DuckDBPyConnection, found: Sequence[Found], seen: tuple[Any, Scope]) -> tuple[RawLine, ...]:
    ground, scope = seen
    got = rows(con, _LINES, {"flows": [one.flow_id for one in found]})
    lines = [RawLine(ground.files.get(row["file_id"], ""), row["line"], _masked(row["text"], scope)) for row in got]
    return tuple(sorted(lines, key=_on_the_way(found)))


def _on_the_way(found: Sequence[Found]) -> Callable[[RawLine], int]:
    """Return what puts lines in the order of the way: server by server, whatever their clocks say."""
    places = [(line.file, line.line) for one in found for hop in one.flow.hops for line in hop.lines]
    order = {place: number for number, place in reversed(list(enumerate(places)))}
    return lambda line: order.get((line.file, line.line), len(order))


def _masked(text: str | None, scope: Scope) -> str | None:
    return None if text is None else mask.line(text, scope)


def trip_of(con: DuckDBPyConnection, found: Sequence[Found]) -> Trip | None:
    """Return the prober's trip of a message of ours, where the service has put it into the lake."""
    ids = sorted({one.flow.message_id for one in found if one.flow.probe and one.flow.message_id})
    got = rows(con, "select * from trips where message_id in (select unnest($ids)) order by started_at desc limit 1", {"ids": ids})
    return _trip(got[0]) if got else None


def _trip(row: dict[str, Any]) -> Trip:
    started: datetime = row["started_at"].replace(tzinfo=UTC)
    return Trip(
        row["trip"],
        row["domain"],
        row["message_id"],
        started,
        TripOutcome(row["outcome"]),
        submit_seconds=row["submit_seconds"],
        transit_seconds=row["transit_seconds"],
        retrieve_seconds=row["retrieve_seconds"],
        uncertainty_seconds=row["uncertainty_seconds"] or 0.0,
        folder=row["folder"],
        said=row["said"] or "",
        submitted_at=row["submitted_at"].replace(tzinfo=UTC) if row["submitted_at"] else None,
    )
