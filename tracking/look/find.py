"""Finds flows: by message id, addresses, subject, time, server, outcome, least delay. What is asked goes into SQL as parameters alone.

`*` and `?` stand for any letters and for one; letters match whatever their case. Refused: an outcome that there is none of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from sys import maxsize
from typing import TYPE_CHECKING, Any

from tracking.errors import TrackError
from tracking.lake import manifest as manifests
from tracking.lake.reader import open_lake, rows
from tracking.look import mask
from tracking.look.clocks import OFFSETS, Clocks
from tracking.look.flows import Ground, flow
from tracking.values import Flow, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from thresholds.scope import Scope

BATCH = 2_000  # rows that are turned into values at once
AROUND = timedelta(days=2)  # files of the days around a span are read too: clocks are off, and a flow has one day alone
OUTCOMES = tuple(str(outcome) for outcome in Outcome)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which flows; what is empty asks nothing."""

    message_id: str = ""  # with or without brackets
    sender: str = ""  # `<>` = the null sender
    recipient: str = ""  # the final one, or one on the way to it
    subject: str = ""  # a part of it
    server: str = ""  # any hop; a short name is its long one too
    outcomes: tuple[str, ...] = ()
    since: datetime | None = None  # entered then or later, aware
    until: datetime | None = None  # entered before
    least_seconds: float | None = None  # end to end
    probe: bool | None = None  # our own test messages alone, or none of them
    newest: bool = False  # the newest first
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A flow, and the names by which the lake knows it."""

    flow_id: str
    part_of: str
    flow: Flow


_LIKE = "ilike ${0} escape '\\'"
_CONDITIONS = {
    "message_id": "message_id in ($message_id, '<' || $message_id || '>')",
    "sender": f"sender {_LIKE.format('sender')}",
    "recipient": f"(recipient {_LIKE.format('recipient')} or len(list_filter(via, lambda v: v {_LIKE.format('recipient')})) > 0)",
    "subject": f"subject {_LIKE.format('subject')}",
    "server": f"len(list_filter(hops, lambda h: h.server {_LIKE.format('server')} or h.server {_LIKE.format('server_long')})) > 0",
    "outcomes": "outcome in (select unnest($outcomes))",
    "since": "coalesce(entered_at, left_at) >= $since",
    "until": "coalesce(entered_at, left_at) < $until",
    "least_seconds": "epoch(left_at) - epoch(entered_at) >= $least_seconds",
    "probe": "probe = $probe",
}  # one per field of Wanted


def like(pattern: str) -> str:
    """Return a pattern with `*` and `?` as SQL's LIKE has it (escape: a backslash)."""
    for letter in "\\%_":
        pattern = pattern.replace(letter, f"\\{letter}")
    return pattern.replace("*", "%").replace("?", "_")


def _parameters(wanted: Wanted, slack: timedelta) -> dict[str, Any]:
    """Return the parameters of what is asked. Raises: TrackError."""
    if wrong := [outcome for outcome in wanted.outcomes if outcome not in OUTCOMES]:
        raise TrackError(f"there is no outcome {wrong[0]!r}: they are {', '.join(OUTCOMES)}")
    texts = {name: like(getattr(wanted, name)) for name in ("sender", "recipient", "server") if getattr(wanted, name)}
    if "server" in texts:
        texts["server_long"] = f"{texts['server']}.%"
    if wanted.sender == "<>":
        texts["sender"] = ""
    return {
        **({"message_id": wanted.message_id} if wanted.message_id else {}),
        **texts,
        **({"subject": f"%{like(wanted.subject)}%"} if wanted.subject else {}),
        **({"outcomes": list(wanted.outcomes)} if wanted.outcomes else {}),
        **_measures(wanted, slack),
    }


def _measures(wanted: Wanted, slack: timedelta) -> dict[str, Any]:
    """Return the parameters that clocks move, as wide as they may: `_fits` is exact."""
    found: dict[str, Any] = {
        "since": wanted.since and _naive(wanted.since) - slack,
        "until": wanted.until and _naive(wanted.until) + slack,
        "least_seconds": None if wanted.least_seconds is None else wanted.least_seconds - slack.total_seconds(),
        "probe": wanted.probe,
    }
    return {name: value for name, value in found.items() if value is not None}


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def statement(given: dict[str, Any], *, newest: bool) -> str:
    """Return the query for these parameters, in a stable order."""
    where = " and ".join(f"({_CONDITIONS[name]})" for name in given if name in _CONDITIONS) or "true"
    way = "desc" if newest else "asc"
    return f"select * from flows where {where} order by coalesce(entered_at, left_at) {way} nulls last, flow_id"  # noqa: S608 - constants of this file


def _fits(one: Flow, wanted: Wanted) -> bool:
    """Say whether corrected times are what was asked for."""
    at = one.entered_at or one.left_at
    early = wanted.since is not None and (at is None or at < wanted.since)
    late = wanted.until is not None and (at is None or at >= wanted.until)
    quick = wanted.least_seconds is not None and (one.end_to_end_seconds is None or one.end_to_end_seconds < wanted.least_seconds)
    return not (early or late or quick)


def _named(one: Flow, wanted: Wanted) -> bool:
    """Say whether the addresses asked for are what is shown: nobody finds out what is masked by asking for it letter by letter."""
    return _stands(wanted.sender, one.sender) and _stands(wanted.recipient, one.recipient, *one.via)


def _stands(pattern: str, *shown: str | None) -> bool:
    if pattern in ("", "<>"):
        return True
    wild = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return any(re.fullmatch(wild, (address or "").removeprefix(mask.MASK), re.IGNORECASE | re.DOTALL) for address in shown)


def ground_of(con: DuckDBPyConnection, lake: Path) -> Ground:
    """Return the names and clocks by which the rows of a lake are read."""
    files = {file_id: source.name for file_id, source in manifests.load(lake).files.items()}
    return Ground(files, Clocks(rows(con, OFFSETS)))


def flows_of(con: DuckDBPyConnection, query: str, given: dict[str, Any], seen: tuple[Ground, Scope]) -> Iterator[Found]:
    """Yield the flows of a query on the view `flows`, masked for the scope; the query takes the connection until the end."""
    ground, scope = seen
    answer = con.execute(query, given)
    heads = [column[0] for column in answer.description or ()]
    while batch := answer.fetchmany(BATCH):
        for values in batch:
            row = dict(zip(heads, values, strict=True))
            yield Found(row["flow_id"], row["part_of"], mask.flow(flow(row, ground), scope))


def found_in(con: DuckDBPyConnection, lake: Path, wanted: Wanted, scope: Scope) -> Iterator[Found]:
    """Yield what is found on an open lake. Raises: TrackError."""
    ground = ground_of(con, lake)
    given = _parameters(wanted, timedelta(seconds=ground.clocks.slack_seconds))
    found = flows_of(con, statement(given, newest=wanted.newest), given, (ground, scope))
    fitting = (one for one in found if _fits(one.flow, wanted) and (scope.domains is None or _named(one.flow, wanted)))
    return islice(fitting, None if wanted.limit is None else min(wanted.limit, maxsize))


def opened(lake: Path, wanted: Wanted, scope: Scope) -> DuckDBPyConnection:
    """Open a lake for what is asked: files of other days are left out. Raises: TrackError."""
    since, until = wanted.since and wanted.since - AROUND, wanted.until and wanted.until + AROUND
    return open_lake(lake, scope, since=since, until=until)
