"""What is remembered, asked for by whoever may see it: states, runs, conversations, trips. Each function demands a Scope.

No query holds the connection for long: what may be much is read in parts, and a search that finds little stops and says where to go on.
What a reader may not see is to him as if it were not there. Histories and what is usual: store/history.py, store/usual.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from probe.values import Line
from store.cursors import look, newest, place_of
from store.rows import MICRO, REMEMBERED, microseconds, remembered, time_of
from store.scoping import allowed, within
from store.searching import LOOKED_AT, search
from store.trip_rows import TRIPS, trip_of
from thresholds.values import Level

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from store.cursors import Found, Place
    from store.store import Store
    from store.values import Remembered, TripRun
    from thresholds.scope import Scope

STATES_AT_ONCE = 10_000
FEW_CHECKS = 30  # up to so many are looked through one by one, each by its own index

# Start and id of the runs of one check; of many, with whether they fit; of trips likewise. The newest first.
OF_ONE = """
    SELECT started_us, id FROM runs INDEXED BY runs_by_check
    WHERE check_id = :check AND started_us >= :since AND (started_us, id) < (:at, :id) AND level >= :level
    ORDER BY started_us DESC, id DESC LIMIT :limit
"""
OF_MANY = """
    SELECT started_us, runs.id, {fits} AND level >= :level
    FROM runs INDEXED BY {index} CROSS JOIN checks ON checks.id = runs.check_id
    WHERE {bad}started_us >= :since AND (started_us, runs.id) < (:at, :id) ORDER BY started_us DESC, runs.id DESC
"""
OF_TRIPS = """
    SELECT started_us, id, {fits} FROM trips INDEXED BY {index}
    WHERE {narrow}started_us >= :since AND (started_us, id) < (:at, :id) ORDER BY started_us DESC, id DESC
"""
TRIP_INDEXES = {"message_id": "sqlite_autoindex_trips_1", "name": "trips_by_name", "domain": "trips_by_domain", "": "trips_by_time"}


class State(NamedTuple):
    """The last thing known of a check. A tuple, for there are 60,000 of them at once."""

    check: str
    domain: str
    server: str
    kind: str
    run_id: int  # the run itself may have gone by age
    started_us: int  # microseconds since 1970
    duration_us: int
    level: int  # thresholds.values.Level
    suspect: int
    fault_kind: str | None

    @property
    def started_at(self) -> datetime:
        """Return when it began: aware, UTC."""
        return time_of(self.started_us)

    @property
    def seconds(self) -> float:
        """Return its total time."""
        return self.duration_us / MICRO


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs; what is left empty does not narrow them."""

    check: str = ""
    domain: str = ""
    server: str = ""
    kind: str = ""
    level: Level = Level.OK  # at least as bad
    since: datetime | None = None  # aware
    until: datetime | None = None  # aware; not included


@dataclass(frozen=True, slots=True)
class WantedTrips:
    """Which trips; what is left empty does not narrow them."""

    name: str = ""
    domain: str = ""
    outcome: str = ""  # probe.values.Outcome
    message_id: str = ""  # with its brackets; there is at most one
    since: datetime | None = None  # aware
    until: datetime | None = None  # aware; not included


@dataclass(frozen=True, slots=True)
class Page:
    """Runs, the newest first."""

    runs: tuple[Remembered, ...]
    cursor: str = ""  # where the next page begins; "" = there is none. A page may be short, even empty, and yet have one


@dataclass(frozen=True, slots=True)
class TripPage:
    """Trips that have ended, the newest first."""

    trips: tuple[TripRun, ...]
    cursor: str = ""  # as in Page


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, redacted."""

    check: str
    which: str  # "last_good" or "first_bad"
    run_id: int  # the run itself may have gone by age
    started_at: datetime  # aware, UTC
    level: Level
    lines: tuple[Line, ...]


# -- states


async def states(store: Store, scope: Scope, since: datetime | None = None) -> list[State]:
    """Return the last state of every check, in no order; only of those run since, where that is said."""
    sql = f"""
        SELECT name, domain, server, kind, run_id, started_us, duration_us, level, suspect, fault_kind
        FROM checks JOIN states ON states.check_id = checks.id
        WHERE {within(scope)} AND checks.id BETWEEN :first AND :last AND started_us >= :since
    """  # noqa: S608 - our own conditions; values are parameters
    values: dict[str, Any] = {"since": microseconds(since) if since else 0, **allowed(scope)}
    (newest,) = await store.read(lambda connection: connection.execute("SELECT coalesce(max(id), 0) FROM checks").fetchone())
    found: list[State] = []
    for first in range(1, newest + 1, STATES_AT_ONCE):
        some = values | {"first": first, "last": first + STATES_AT_ONCE - 1}
        rows = await store.read(lambda connection: connection.execute(sql, some).fetchall())  # noqa: B023 - awaited at once
        found += [tuple.__new__(State, row) for row in rows]  # `_make` does the same and counts the fields each time
    return found


# -- runs


async def run(store: Store, scope: Scope, run_id: int) -> Remembered | None:
    """Return the run of this id; None = there is none, or none that the reader may see."""
    found = await store.read(lambda connection: _runs_of(connection, scope, [run_id]))
    return found[0] if found else None


async def runs(store: Store, scope: Scope, wanted: Wanted, cursor: str = "", limit: int = 100) -> Page:
    """Return the newest runs that are wanted, at most `limit` (1 to MOST). Raises: ValueError for a cursor or limit that is none."""
    ids, following = await search(store, partial(_find_runs, scope=scope, wanted=wanted), place_of(cursor, wanted.until), limit)
    return Page(tuple(await store.read(lambda connection: _runs_of(connection, scope, ids))), following)


def _runs_of(connection: sqlite3.Connection, scope: Scope, ids: Sequence[int]) -> list[Remembered]:
    sql = f"""
        {REMEMBERED} WHERE r.id IN (SELECT value FROM json_each(:ids)) AND {within(scope, "c.domain")}
        ORDER BY r.started_us DESC, r.id DESC
    """  # noqa: S608 - our own condition; values are parameters
    return [remembered(row) for row in connection.execute(sql, {"ids": json.dumps(ids), **allowed(scope)})]


def _find_runs(connection: sqlite3.Connection, scope: Scope, wanted: Wanted, start: Place, limit: int) -> Found:
    """Go through the runs of few checks by each one's own index, through those of many by time."""
    exact = {"name": wanted.check, "domain": wanted.domain, "server": wanted.server, "kind": wanted.kind}
    fits = " AND ".join([within(scope), *(f"checks.{column} = :{column}" for column, value in exact.items() if value)])
    since = microseconds(wanted.since) if wanted.since else 0
    values = {**exact, **allowed(scope), "level": int(wanted.level), "since": since, "at": start.at_us, "id": start.id, "limit": limit}
    few = f"SELECT id FROM checks WHERE {fits} LIMIT {FEW_CHECKS + 1}"  # noqa: S608 - our own conditions; values are parameters
    checks = connection.execute(few, values).fetchall()
    if len(checks) <= FEW_CHECKS:
        return newest([row for (check,) in checks for row in connection.execute(OF_ONE, values | {"check": check})], limit)
    bad = wanted.level >= Level.WARNING
    sql = OF_MANY.format(fits=fits, index="runs_bad" if bad else "runs_by_time", bad="level >= 2 AND " if bad else "")
    return look(connection.execute(sql, values), limit, LOOKED_AT)


# -- conversations


async def conversation(store: Store, scope: Scope, check: str, which: str) -> Conversation | None:
    """Return a check's 'last_good' conversation, or its newest 'first_bad' one; None = there is none, or none that the reader may see."""
    sql = f"""
        SELECT name, which, run_id, started_us, level, lines FROM checks JOIN conversations ON check_id = checks.id
        WHERE name = :check AND which = :which AND {within(scope)} ORDER BY started_us DESC LIMIT 1
    """  # noqa: S608 - our own condition; values are parameters
    return await _one_conversation(store, sql, {"check": check, "which": which, **allowed(scope)})


async def conversation_of(store: Store, scope: Scope, run_id: int) -> Conversation | None:
    """Return what was said in this run; None = it was not kept, or the run has gone, or the reader may see none."""
    sql = f"""
        SELECT name, which, run_id, conversations.started_us, conversations.level, lines FROM runs
        JOIN conversations ON conversations.check_id = runs.check_id AND run_id = runs.id JOIN checks ON checks.id = runs.check_id
        WHERE runs.id = :run AND {within(scope)} LIMIT 1
    """  # noqa: S608 - our own condition; values are parameters
    return await _one_conversation(store, sql, {"run": run_id, **allowed(scope)})


async def _one_conversation(store: Store, sql: str, values: dict[str, Any]) -> Conversation | None:
    row = await store.read(lambda connection: connection.execute(sql, values).fetchone())
    return _conversation_of(row) if row else None


def _conversation_of(row: Sequence[Any]) -> Conversation:
    check, which, run_id, started_us, level, text = row
    lines = tuple(Line(bool(ours), step, said, at_us / MICRO) for ours, step, said, at_us in json.loads(text))
    return Conversation(check, which, run_id, time_of(started_us), Level(level), lines)


# -- trips


async def trips(store: Store, scope: Scope, wanted: WantedTrips, cursor: str = "", limit: int = 100) -> TripPage:
    """Return the newest ended trips that are wanted, at most `limit` (1 to MOST). Raises: ValueError for a cursor or limit that is none."""
    ids, following = await search(store, partial(_find_trips, scope=scope, wanted=wanted), place_of(cursor, wanted.until), limit)
    sql = f"{TRIPS} WHERE id IN (SELECT value FROM json_each(:ids)) AND {within(scope, 'trips.domain')} ORDER BY started_us DESC, id DESC"  # noqa: S608 - as above
    values = {"ids": json.dumps(ids), **allowed(scope)}
    return TripPage(tuple(map(trip_of, await store.read(lambda connection: connection.execute(sql, values).fetchall()))), following)


def _find_trips(connection: sqlite3.Connection, scope: Scope, wanted: WantedTrips, start: Place, limit: int) -> Found:
    exact = {"message_id": wanted.message_id, "name": wanted.name, "domain": wanted.domain, "outcome": wanted.outcome}
    fits = " AND ".join([within(scope, "trips.domain"), *(f"{column} = :{column}" for column, value in exact.items() if value)])
    by = next((column for column in TRIP_INDEXES if exact.get(column)), "")
    narrow = f"{by} = :{by} AND " if by else ""
    since = microseconds(wanted.since) if wanted.since else 0
    values = {**exact, **allowed(scope), "since": since, "at": start.at_us, "id": start.id}
    return look(connection.execute(OF_TRIPS.format(fits=fits, index=TRIP_INDEXES[by], narrow=narrow), values), limit, LOOKED_AT)
