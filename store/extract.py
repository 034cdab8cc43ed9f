"""Takes what has come into the store since last time, for the lake: a slice of rows as they stand, and how far they reach.

How far is a cursor of plain JSON values, one place for each kind: lost or old, rows come again, and the lake knows them by their keys.
What the rows mean: store/extract_rows.py, which runs in another process: here it must be quick.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from store.mute_rows import MAINTENANCES
from store.rollups import DAY_S, HOUR_S, read_marks
from store.summary import COLUMNS, TRIP_COLUMNS
from store.trip_rows import TRIP_COLUMNS as OF_TRIP

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    Place = list[Any]
    Taken = tuple[list[tuple[Any, ...]], Place]

MANY = 300  # rows of a kind in one slice: some milliseconds of the connection
HEAVY = 10  # incidents: each may hold sixty thousand cells
SEEKS = 5_000  # into the index by check, of one kind and slice
LATE_S = 3_600  # after its end, before an hour or a day is taken: runs that come late roll it again
TRIPS_LATE_S = 25 * 3_600  # likewise: a trip ends up to a day after its start

TRIPS = f"SELECT id, {OF_TRIP} FROM trips WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 - a constant
CHANGES = """
    SELECT id, incident, number, at_us, kind, muted, iif(json_valid(line), json_extract(line, '$.incident.level'), NULL)
    FROM changes WHERE id > ? ORDER BY id LIMIT ?
"""
FACTS = ", ".join(
    f"'$.{path}'"
    for path in ("cause.confidence", "cause.doubt", "cause.evidence", "reasons", "domains", "ended", "flapping", "acknowledged.by")
)
INCIDENTS = f"""
    SELECT id, cause_kind, cause_name, level, began_us, opened_us, closed_us, told, changes, json_array_length(line, '$.cells'),
        json_extract(line, {FACTS})
    FROM incidents WHERE json_valid(line) AND id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - constants
# ?1 period, ?2 ?3 checks after and up to
OLDEST = """
    SELECT min((SELECT min(start_s) FROM rollups WHERE period_s = ?1 AND check_id = checks.id)) FROM checks WHERE id > ?2 AND id <= ?3
"""
# ?1 period, ?2 start, ?3 ?4 checks after and up to
ROLLUPS = f"""
    SELECT checks.name, checks.domain, checks.server, checks.kind, period_s, start_s, {COLUMNS}
    FROM checks CROSS JOIN rollups ON rollups.check_id = +checks.id
    WHERE period_s = ?1 AND start_s = ?2 AND checks.id > ?3 AND checks.id <= ?4
"""  # noqa: S608 - a constant
TRIP_ROLLUPS = f"""
    SELECT name, domain, period_s, start_s, {TRIP_COLUMNS} FROM trip_rollups INDEXED BY trip_rollups_by_time
    WHERE period_s = ?1 AND start_s >= ?2 AND start_s < ?5 AND (start_s > ?2 OR name > ?3 OR (name = ?3 AND domain > ?4))
    ORDER BY start_s, name, domain LIMIT ?6
"""  # noqa: S608 - a constant
MUTED = "SELECT count(*), count(ended_us), coalesce(max(made_us), 0), coalesce(max(ended_us), 0) FROM maintenances"


@dataclass(frozen=True, slots=True)
class Extract:
    """One slice: rows as store.extract_rows reads them, and how far they reach."""

    rows: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)  # name of TAKERS, or incidents -> rows; none is empty
    cursor: dict[str, Any] = field(default_factory=dict)


def extract(connection: sqlite3.Connection, cursor: dict[str, Any], now_s: int, many: int = MANY) -> Extract:
    """Return what follows on a cursor ({} = the beginning); where nothing does the cursor stays as it is. Raises: sqlite3.Error."""
    rows, places = {}, dict(cursor)
    for name, take in TAKERS.items():
        found, place = take(connection, cursor.get(name, []), now_s, many)
        if found:
            rows[name] = found
        if place:
            places[name] = place
    changed = sorted({row[1] for row in rows.get("changes", [])})
    if changed:
        rows["incidents"] = connection.execute(INCIDENTS, (json.dumps(changed),)).fetchall()
    return Extract(rows, places)


def _trips(connection: sqlite3.Connection, place: Place, _: int, many: int) -> Taken:
    return _beyond(connection, "trips", TRIPS, place, many)


def _changes(connection: sqlite3.Connection, place: Place, _: int, many: int) -> Taken:
    return _beyond(connection, "changes", CHANGES, place, min(many, HEAVY))


def _beyond(connection: sqlite3.Connection, table: str, query: str, place: Place, many: int) -> Taken:
    """Take rows by their rising ids; of a store that has begun anew, or was restored, from the beginning."""
    (newest,) = connection.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()  # noqa: S608 - a name of ours
    after = place[0] if place and place[0] <= newest else 0
    rows = connection.execute(query, (after, many)).fetchall()
    return rows, [rows[-1][0] if rows else after] if rows or place else []


def _maintenance(connection: sqlite3.Connection, place: Place, _: int, __: int) -> Taken:
    """Take all windows once one of them has changed: they are few."""
    state = list(connection.execute(MUTED).fetchone())
    return ([], place) if state == place or not state[0] else (connection.execute(MAINTENANCES).fetchall(), state)


def _rolled(period_s: int) -> Callable[[sqlite3.Connection, Place, int, int], Taken]:
    """Return what takes the rollups of checks: one hour or day after the other, each check by check."""

    def take(connection: sqlite3.Connection, place: Place, now_s: int, many: int) -> Taken:
        marks = read_marks(connection)
        until_s = min(marks.hours_s if period_s == HOUR_S else marks.days_s, now_s - LATE_S)
        (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM checks").fetchone()
        place = place if place and place[0] else _first(connection, period_s, place, last)
        if not place or not place[0]:
            return [], place
        start_s, check = place[:2]
        rows: list[tuple[Any, ...]] = []
        for _ in range(SEEKS // min(many, last + 1) + 1):
            if len(rows) >= many or start_s + period_s > until_s:
                break
            upto = check + many - len(rows)
            rows += map(_sendable, connection.execute(ROLLUPS, (period_s, start_s, check, upto)).fetchall())
            start_s, check = (start_s + period_s, 0) if upto >= last else (start_s, upto)
        return rows, [start_s, check]

    return take


def _first(connection: sqlite3.Connection, period_s: int, place: Place, last: int) -> Place:
    """Look for the oldest rollup, among so many checks at a time: [0, check, oldest so far] until all were asked; [] = there is none."""
    (any_is,) = connection.execute("SELECT EXISTS (SELECT 1 FROM rollups WHERE period_s = ?)", (period_s,)).fetchone()
    if not any_is:
        return []
    _, check, oldest_s = place or (0, 0, 0)
    (found_s,) = connection.execute(OLDEST, (period_s, check, check + SEEKS)).fetchone()
    oldest_s = min((one for one in (found_s, oldest_s) if one), default=0)
    if check + SEEKS < last:
        return [0, check + SEEKS, oldest_s]
    return [oldest_s, 0] if oldest_s else []


def _trips_rolled(period_s: int) -> Callable[[sqlite3.Connection, Place, int, int], Taken]:
    """Return what takes the rollups of trips, by their time and name."""

    def take(connection: sqlite3.Connection, place: Place, now_s: int, many: int) -> Taken:
        until_s = now_s - TRIPS_LATE_S - period_s
        rows = connection.execute(TRIP_ROLLUPS, (period_s, *(place or (0, "", "")), until_s, many)).fetchall()
        if not rows:
            return [], place
        name, domain, _, start_s, *_ = rows[-1]
        return [_sendable(row) for row in rows], [start_s, name, domain]

    return take


def _sendable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row with its histogram, the last value, as text."""
    return (*row[:-1], b64encode(row[-1]).decode("ascii"))


TAKERS: dict[str, Callable[[sqlite3.Connection, Place, int, int], Taken]] = {
    "trips": _trips,
    "changes": _changes,
    "maintenance": _maintenance,
    "hours": _rolled(HOUR_S),
    "days": _rolled(DAY_S),
    "trip_hours": _trips_rolled(HOUR_S),
    "trip_days": _trips_rolled(DAY_S),
}
