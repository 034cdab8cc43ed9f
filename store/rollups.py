"""Rolls runs up into hours and days (UTC): in slices, a pure function of what is stored, so that doing it twice gives the same.

How far it has come stands in `meta`, written in the transaction of the slice itself. A run that comes late rolls its hour and its day
again. Nothing is rolled again of which runs have gone by age already: that would forget what the rollup still knows. There are no stored
minutes: of a check that runs once a minute they would be the runs themselves (decision 0085).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from store.rows import MICRO
from store.slices import Size, in_slices
from store.summary import COLUMNS, merged, summary_of, summary_row
from store.trip_rollups import roll_trips

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from store.store import Store

HOUR_S, DAY_S = 3_600, 86_400
GRACE_S = 120  # after its end, before an hour is rolled: conversations under way and queued results are still to come
DAY_WEIGHT = 8  # to merge the hours of a check's day costs about as much as to roll so many checks' hours
CHECKS_AT_ONCE = 500  # rolled in one slice at the most: a night without runs must not let the first hour of the day be one slice
LOOKED_AT = 20_000  # runs looked at for being late, in one slice
LATE_AT_ONCE = 500

# The columns of store.summary.COLUMNS, made of runs with the columns of TIMED.
TALLIES = """
    sum(suspect), sum(NOT suspect AND level = 0), sum(NOT suspect AND level = 1), sum(NOT suspect AND level = 2),
    sum(NOT suspect AND level = 3), sum(NOT suspect AND fault_kind IS NOT NULL), coalesce(sum(timed_us), 0), min(timed_us),
    max(timed_us), group_concat(timed)
"""
TIMED = """
    suspect, level, fault_kind,
    CASE WHEN NOT suspect AND fault_kind IS NULL THEN duration_us END AS timed_us,
    CASE WHEN NOT suspect AND fault_kind IS NULL THEN bucket END AS timed
"""
# ?1 ?2 first and last check, ?3 ?4 span in microseconds. One pass over the index alone; rows come in the order of the checks.
RAW = f"""
    SELECT id, {TALLIES} FROM (
        SELECT checks.id, {TIMED} FROM checks CROSS JOIN runs INDEXED BY runs_by_check ON runs.check_id = checks.id
        WHERE checks.id BETWEEN ?1 AND ?2 AND started_us >= ?3 AND started_us < ?4 AND NOT by_hand
    )
    GROUP BY id
"""  # noqa: S608 - a constant
# ?1 ?2 first and last check, ?3 ?4 span in seconds. Without the plus SQLite reads every hour there ever was of these checks.
HOURS = f"""
    SELECT checks.id, {COLUMNS} FROM checks CROSS JOIN rollups ON rollups.check_id = +checks.id
    WHERE period_s = 3600 AND checks.id BETWEEN ?1 AND ?2 AND start_s >= ?3 AND start_s < ?4
"""  # noqa: S608 - a constant
WRITE = f"INSERT OR REPLACE INTO rollups (period_s, start_s, check_id, {COLUMNS}, median) VALUES ({', '.join('?' * 14)})"  # noqa: S608 - a constant
# ?1 ?2 ids of runs from and to, ?3 microseconds before which all is rolled, ?4 at most so many
LATE = """
    SELECT id, check_id, started_us FROM runs WHERE id > ?1 AND id <= ?2 AND started_us < ?3 AND NOT by_hand ORDER BY id LIMIT ?4
"""


@dataclass(frozen=True, slots=True)
class Marks:
    """How far rolling up and forgetting have come. Seconds since 1970, ids of runs, trips and checks."""

    hours_s: int = 0  # every hour before is rolled; 0 = nothing is
    days_s: int = 0  # every day before is rolled
    check_id: int = 0  # of the period under way, the next check; 0 = none is under way
    seen_id: int = 0  # runs up to this one have been looked at for being late
    trip_id: int = 0  # trips up to this one are rolled
    runs_from_s: int = 0  # runs and trips before may have gone by age
    hours_from_s: int = 0  # hours before may have gone by age


def read_marks(connection: sqlite3.Connection) -> Marks:
    """Return the marks that stand in the store."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'rollups'").fetchone()
    return Marks(**json.loads(row[0])) if row else Marks()


def write_marks(connection: sqlite3.Connection, marks: Marks) -> None:
    """Set the marks, within the transaction of what they speak of."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('rollups', ?)", (json.dumps(asdict(marks)),))


async def roll(store: Store, now: datetime, size: Size | None = None) -> int:
    """Roll up all that is due, in slices; call it every few minutes. Returns the number of slices. Raises: StoreError."""
    now_s = int(now.timestamp())
    late = await in_slices(store, look_for_late, Size(LOOKED_AT, most=LOOKED_AT))
    runs = await in_slices(store, lambda connection, many: roll_slice(connection, now_s, many), size or Size(100, most=CHECKS_AT_ONCE))
    return late + runs + await in_slices(store, roll_trips_slice, Size(40))


def roll_slice(connection: sqlite3.Connection, now_s: int, checks: int) -> bool:
    """Roll so many checks of the next hour or day that is due. False = none is due."""
    before = read_marks(connection)
    marks = before if before.check_id else _next_period(connection, before, now_s)
    due = bool(marks.hours_s) and _is_due(marks, now_s)
    marks = _roll_checks(connection, marks, checks) if due else marks
    if marks != before:
        write_marks(connection, marks)
    return due


# -- the period under way


def _period(marks: Marks) -> tuple[int, int]:
    """Return the length and the start, in seconds, of what is to be rolled next: a day once its hours are, else an hour."""
    return (DAY_S, marks.days_s) if marks.hours_s >= marks.days_s + DAY_S else (HOUR_S, marks.hours_s)


def _is_due(marks: Marks, now_s: int) -> bool:
    length_s, start_s = _period(marks)
    return now_s >= start_s + length_s + GRACE_S


def _next_period(connection: sqlite3.Connection, marks: Marks, now_s: int) -> Marks:
    """Pass over hours and days in which nothing ran: months may lie between two runs. What a wrong clock put into the future waits."""
    if _period(marks)[0] == DAY_S:
        return marks
    (first_us,) = connection.execute("SELECT min(started_us) FROM runs WHERE started_us >= ?", (marks.hours_s * MICRO,)).fetchone()
    last_s = now_s - GRACE_S
    next_s = last_s if first_us is None else min(first_us // MICRO, last_s)
    if next_s < marks.hours_s + HOUR_S or not (marks.hours_s or (first_us is not None and first_us < last_s * MICRO)):
        return marks
    if marks.hours_s == marks.days_s:
        return replace(marks, hours_s=next_s - next_s % HOUR_S, days_s=next_s - next_s % DAY_S)
    return replace(marks, hours_s=min(next_s - next_s % HOUR_S, marks.days_s + DAY_S))


def _roll_checks(connection: sqlite3.Connection, marks: Marks, count: int) -> Marks:
    length_s, start_s = _period(marks)
    count = count if length_s == HOUR_S else max(1, count // DAY_WEIGHT)
    first = max(1, marks.check_id)
    _roll(connection, (first, first + count - 1), start_s, length_s)
    (last,) = connection.execute("SELECT max(id) FROM checks").fetchone()
    if first + count <= (last or 0):
        return replace(marks, check_id=first + count)
    ended = {"hours_s": start_s + HOUR_S} if length_s == HOUR_S else {"days_s": start_s + DAY_S}
    return replace(marks, check_id=0, **ended)


def _roll(connection: sqlite3.Connection, checks: tuple[int, int], start_s: int, length_s: int) -> None:
    """Write the rollups of these checks (first, last) for one period anew."""
    rows = raw_summaries(connection, checks, start_s * MICRO, (start_s + length_s) * MICRO) if length_s == HOUR_S else None
    summaries = rows if rows is not None else _days(connection, checks, start_s)
    connection.executemany(WRITE, [(length_s, start_s, check, *values) for check, values in summaries])


def raw_summaries(
    connection: sqlite3.Connection, checks: tuple[int, int], since_us: int, until_us: int
) -> Iterable[tuple[int, tuple[Any, ...]]]:
    """Yield each check's id and its rollup's row, made of the runs themselves."""
    for check, *row in connection.execute(RAW, (*checks, since_us, until_us)).fetchall():
        yield check, summary_row(summary_of(row))


def _days(connection: sqlite3.Connection, checks: tuple[int, int], start_s: int) -> Iterable[tuple[int, tuple[Any, ...]]]:
    rows = connection.execute(HOURS, (*checks, start_s, start_s + DAY_S)).fetchall()
    for check, hours in groupby(rows, key=lambda row: int(row[0])):
        yield check, summary_row(merged([summary_of(hour[1:]) for hour in hours]))


# -- runs that come late


def look_for_late(connection: sqlite3.Connection, many: int) -> bool:
    """Look at so many runs that have come since, and roll again what the late ones belong to. False = all have been looked at."""
    marks = read_marks(connection)
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM runs").fetchone()
    upto = min(newest, marks.seen_id + many)
    rolled_us = (marks.hours_s + (HOUR_S if marks.check_id and _period(marks)[0] == HOUR_S else 0)) * MICRO
    late = connection.execute(LATE, (marks.seen_id, upto, rolled_us, LATE_AT_ONCE)).fetchall() if rolled_us else []
    if len(late) == LATE_AT_ONCE:
        upto = late[-1][0]
    hours = {(check, started_us // MICRO // HOUR_S * HOUR_S) for _, check, started_us in late}
    for check, hour_s in sorted(hours):
        _roll_again(connection, marks, check, hour_s)
    if upto > marks.seen_id:
        write_marks(connection, replace(marks, seen_id=upto))
    return bool(upto < newest)


def _roll_again(connection: sqlite3.Connection, marks: Marks, check: int, hour_s: int) -> None:
    day_s = hour_s - hour_s % DAY_S
    if hour_s < marks.runs_from_s:
        return
    _roll(connection, (check, check), hour_s, HOUR_S)
    is_rolled = day_s < marks.days_s or (marks.check_id > 0 and _period(marks) == (DAY_S, day_s))
    if is_rolled and day_s >= marks.hours_from_s:
        _roll(connection, (check, check), day_s, DAY_S)


# -- trips


def roll_trips_slice(connection: sqlite3.Connection, many: int) -> bool:
    """Roll up what the next so many trips belong to. False = nothing is left."""
    marks = read_marks(connection)
    trip_id, more = roll_trips(connection, marks.trip_id, max(marks.runs_from_s, marks.hours_from_s), many)
    if trip_id != marks.trip_id:
        write_marks(connection, replace(marks, trip_id=trip_id))
    return more
