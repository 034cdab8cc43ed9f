"""Forgets what is older than it is to be kept, in slices, and gives room back. It forgets no run that is not rolled up yet.

Never VACUUM: it writes the whole file again and holds the connection meanwhile. What is deleted leaves free pages that the next runs fill;
only when much of the file is free (`keep` was shortened, domains went) are free pages cut off its end, few at a time. The write-ahead log
is bounded by the automatic checkpoint of store/opening.py: with one connection no reader can hold it up (decision 0087).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from store.incident_retention import OLD_TOKENS, forgetting
from store.rollups import DAY_S, HOUR_S, read_marks, write_marks
from store.rows import MICRO
from store.slices import Size, in_slices

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from store.rollups import Marks
    from store.store import Store

FREE_SHARE, FREE_PAGES = 0.25, 16_384  # room is given back above both: a quarter of the file, and 64 MiB
AT_ONCE = 2_000  # in one slice at the most: each run touches a page of its own in the index by check, 8 MB of log in all
WORDS_LIVE_US = 2 * DAY_S * MICRO  # after words were born, no run refers to them for the first time


@dataclass(frozen=True, slots=True)
class Keep:
    """How long is remembered, in seconds."""

    runs_seconds: float  # runs, trips
    days_seconds: float  # rollups by day; incidents and who was told of them
    hours_seconds: float = 400 * DAY_S  # rollups by hour; never longer than those by day


# The last value of each is how many at the most. By time: neighbours in the table; it is the index by check that bears the scatter.
OLD_RUNS = "DELETE FROM runs WHERE id IN (SELECT id FROM runs INDEXED BY runs_by_time WHERE started_us < ?1 ORDER BY started_us LIMIT ?2)"
# ?2 the last trip that is rolled up
OLD_TRIPS = """
    DELETE FROM trips WHERE id IN (
        SELECT id FROM trips INDEXED BY trips_by_time WHERE started_us < ?1 AND id <= ?2 ORDER BY started_us LIMIT ?3)
"""
OLD_WORDS = "DELETE FROM words WHERE born_us < ?1 AND id IN (SELECT id FROM words ORDER BY id LIMIT ?2)"
OLD_TRIP_ROLLUPS = """
    DELETE FROM trip_rollups WHERE (period_s, name, domain, start_s) IN (
        SELECT period_s, name, domain, start_s FROM trip_rollups INDEXED BY trip_rollups_by_time
        WHERE period_s = ?1 AND start_s < ?2 ORDER BY start_s LIMIT ?3)
"""
# ?1 period, ?2 seconds before which all goes, ?3 ?4 first and last check. Without the plus SQLite reads every rollup of these checks.
OLD_ROLLUPS = """
    DELETE FROM rollups WHERE (period_s, check_id, start_s) IN (
        SELECT period_s, check_id, start_s FROM checks CROSS JOIN rollups ON check_id = +checks.id
        WHERE period_s = ?1 AND start_s < ?2 AND checks.id BETWEEN ?3 AND ?4)
"""

Slice: TypeAlias = "Callable[[sqlite3.Connection, int], bool]"  # does so many; False = nothing is left


async def forget(store: Store, keep: Keep, now: datetime) -> int:
    """Delete all that is older than it is to be kept, in slices; call it every few minutes. Returns the number of slices.

    Whole days (UTC) go, so that no rollup is ever made of half of its runs. Raises: StoreError.
    """
    now_s = now.timestamp()
    marks = await store.transact(lambda connection: _move_marks(connection, keep, now_s))
    runs_us, days_s = marks.runs_from_s * MICRO, _whole_days(now_s - keep.days_seconds)
    works = [
        _deleting(OLD_RUNS, runs_us),
        _deleting(OLD_TRIPS, runs_us, marks.trip_id),
        _deleting(OLD_WORDS, runs_us - WORDS_LIVE_US),
        *(_deleting_rollups(period_s, cut_s) for period_s, cut_s in ((HOUR_S, marks.hours_from_s), (DAY_S, days_s))),
        *(_deleting(OLD_TRIP_ROLLUPS, period_s, cut_s) for period_s, cut_s in ((HOUR_S, marks.hours_from_s), (DAY_S, days_s))),
        forgetting(days_s * MICRO),
        _deleting(OLD_TOKENS, days_s * MICRO),
        _give_room_back,
    ]
    return sum([await in_slices(store, work, Size(200, most=AT_ONCE)) for work in works])


def _whole_days(seconds: float) -> int:
    """Return the start of the day in which this second lies; 0 for what lies before 1970."""
    return max(0, int(seconds // DAY_S) * DAY_S)


def _move_marks(connection: sqlite3.Connection, keep: Keep, now_s: float) -> Marks:
    """Say, before anything goes, from when on runs and hours are whole: only what is rolled up may go."""
    marks = read_marks(connection)
    (any_runs,) = connection.execute("SELECT EXISTS (SELECT 1 FROM runs)").fetchone()
    rolled_s = marks.days_s if any_runs else _whole_days(now_s)
    runs_s = min(rolled_s, _whole_days(now_s - keep.runs_seconds))
    hours_s = min(rolled_s, _whole_days(now_s - min(keep.hours_seconds, keep.days_seconds)))
    moved = replace(marks, runs_from_s=max(marks.runs_from_s, runs_s), hours_from_s=max(marks.hours_from_s, hours_s))
    if moved != marks:
        write_marks(connection, moved)
    return moved


def _deleting(sql: str, *values: int) -> Slice:
    return lambda connection, many: connection.execute(sql, (*values, many)).rowcount == many


def _deleting_rollups(period_s: int, cut_s: int) -> Slice:
    """Return a work that goes from check to check: a check's rollups lie together, those of a day do not."""
    following = 1

    def delete(connection: sqlite3.Connection, many: int) -> bool:
        nonlocal following
        connection.execute(OLD_ROLLUPS, (period_s, cut_s, following, following + many - 1))
        following += many
        return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM checks WHERE id >= ?)", (following,)).fetchone()[0])

    return delete


def _give_room_back(connection: sqlite3.Connection, many: int) -> bool:
    """Cut so many free pages off the file when much of it is free; they are moved to its end first, a page each."""
    (pages,), (free,) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count"))
    if free <= max(FREE_PAGES, FREE_SHARE * pages):
        return False
    for _ in range(min(many, free)):
        connection.execute("PRAGMA incremental_vacuum(1)")  # one at a time: sqlite3 ends the pragma after its first page, whatever it says
    return True
