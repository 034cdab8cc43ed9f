"""How a check, its steps, or a trip went over time: at most so many points, from the finest of what is stored that can be read quickly.

Up to a week comes from the runs themselves, up to twelve weeks from hours, more from days; what is not rolled up yet is added from finer
sources, so that a history always reaches to the present. A span without runs has no point: nothing is drawn where nothing was measured.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from store.grid import DAY_S, HOURS, RAW, Grid, grid_of
from store.histogram import Histogram, bucket_of
from store.rollups import TALLIES, TIMED, read_marks
from store.rows import EPOCH, MICRO
from store.scoping import allowed, within
from store.summary import COLUMNS, TRIP_COLUMNS, Summary, Times, TripSummary, merged, merged_trips, summary_of, trip_summary_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from store.store import Store
    from thresholds.scope import Scope

STEPS_AT_ONCE_S = DAY_S  # of runs whose steps are read in one go: each must be taken apart

# Both give the start in seconds since 1970 and the columns of a summary. :check, :since and :until in seconds, :width in seconds.
OF_RUNS = f"""
    SELECT start_s, {TALLIES} FROM (
        SELECT started_us / ({MICRO} * :width) * :width AS start_s, {TIMED} FROM runs INDEXED BY runs_by_check
        WHERE check_id = :check AND started_us >= :since * {MICRO} AND started_us < :until * {MICRO} AND NOT by_hand
    )
    GROUP BY start_s
"""  # noqa: S608 - a constant
OF_ROLLUPS = f"""
    SELECT start_s, {COLUMNS} FROM rollups WHERE period_s = :source AND check_id = :check AND start_s >= :since AND start_s < :until
"""  # noqa: S608 - a constant
OF_STEPS = f"""
    SELECT started_us / {MICRO}, words.text, steps FROM runs INDEXED BY runs_by_check JOIN words ON words.id = runs.words_id
    WHERE check_id = :check AND started_us >= :since * {MICRO} AND started_us < :until * {MICRO}
        AND NOT by_hand AND NOT suspect AND fault_kind IS NULL
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Point:
    """Runs of a span. The first and the last point of a history may hold less than their width: they are cut at its ends."""

    start: datetime  # aware, UTC; a multiple of the width since 1970
    width_seconds: float
    summary: Summary


@dataclass(frozen=True, slots=True)
class StepPoint:
    """The steps of the answers of a span; those of suspects and faults are left out."""

    start: datetime  # as in Point
    width_seconds: float
    steps: Mapping[str, Times]


@dataclass(frozen=True, slots=True)
class TripPoint:
    """Trips that started in a span and have ended."""

    start: datetime  # as in Point
    width_seconds: float
    summary: TripSummary


async def history(store: Store, scope: Scope, check: str, since: datetime, until: datetime, points: int = 500) -> list[Point]:
    """Return at most so many points of a check, oldest first; none of a check that is not there or that the reader may not see.

    Rolled up hours and days are not cut: a history made of these begins and ends with whole ones.

    Raises: ValueError for a span that is none.
    """
    span = (int(since.timestamp()), int(until.timestamp()))
    return await store.read(lambda connection: _history(connection, _check_id(connection, scope, check), span, points))


def _check_id(connection: sqlite3.Connection, scope: Scope, check: str) -> int | None:
    sql = f"SELECT id FROM checks WHERE name = :check AND {within(scope)}"  # noqa: S608 - our own condition; values are parameters
    row = connection.execute(sql, {"check": check, **allowed(scope)}).fetchone()
    return int(row[0]) if row else None


def _history(connection: sqlite3.Connection, check: int | None, span: tuple[int, int], points: int) -> list[Point]:
    marks = read_marks(connection)
    grid = grid_of(*span, points, {RAW: marks.runs_from_s, HOURS: marks.hours_from_s})
    found: dict[int, list[Summary]] = defaultdict(list)
    for source, since_s, until_s in grid.parts(marks.hours_s, marks.days_s):
        values = {"check": check, "source": source, "since": since_s, "until": until_s, "width": grid.width_s}
        for start_s, *row in connection.execute(OF_RUNS if source == RAW else OF_ROLLUPS, values):
            found[grid.start(start_s)].append(summary_of(row))
    return [Point(_at(start), grid.width_s, merged(parts)) for start, parts in sorted(found.items())]


def _at(seconds: int) -> datetime:
    return EPOCH + timedelta(seconds=seconds)


# -- steps: made of the runs themselves, as long as these are kept (decision 0085)


async def steps(store: Store, scope: Scope, check: str, since: datetime, until: datetime, points: int = 100) -> list[StepPoint]:
    """Return at most so many points of the steps of a check, oldest first, as far back as its runs are kept.

    A day of runs is read at a time. Raises: ValueError for a span that is none.
    """
    span = (int(since.timestamp()), int(until.timestamp()))
    number = await store.read(lambda connection: _check_id(connection, scope, check))
    grid = await store.read(lambda connection: _grid_of_steps(connection, number, span, points))
    found: dict[int, dict[str, list[int]]] = {}
    for begin in range(grid.since_s, grid.until_s, STEPS_AT_ONCE_S):
        values = {"check": number, "since": begin, "until": min(begin + STEPS_AT_ONCE_S, grid.until_s)}
        await store.read(lambda connection: _add_steps(connection.execute(OF_STEPS, values), grid, found))  # noqa: B023 - awaited at once
    return [StepPoint(_at(start), grid.width_s, {name: _times(us) for name, us in of.items()}) for start, of in sorted(found.items())]


def _grid_of_steps(connection: sqlite3.Connection, check: int | None, span: tuple[int, int], points: int) -> Grid:
    """Return a grid whose span begins where the check's runs do: what is older would cost reads that find nothing."""
    grid = grid_of(*span, points, {})
    (first_us,) = connection.execute("SELECT min(started_us) FROM runs WHERE check_id = ?", (check,)).fetchone()
    first_s = span[1] if first_us is None else first_us // MICRO
    return Grid(RAW, grid.width_s, min(max(span[0], first_s), span[1]), span[1])


def _add_steps(rows: Iterable[tuple[int, str, str]], grid: Grid, found: dict[int, dict[str, list[int]]]) -> None:
    for at_s, words, measured in rows:
        of = found.setdefault(grid.start(at_s), defaultdict(list))
        for name, us in zip(_step_names(words), json.loads(measured), strict=True):
            of[name].append(us)


@lru_cache(1_024)
def _step_names(words: str) -> list[str]:
    return list(json.loads(words)[0])


def _times(measured_us: list[int]) -> Times:
    histogram = Histogram.of(bucket_of(us / MICRO) for us in measured_us)
    return Times(sum(measured_us), min(measured_us), max(measured_us), histogram)


# -- trips


async def trip_history(store: Store, scope: Scope, name: str, since: datetime, until: datetime, points: int = 500) -> list[TripPoint]:
    """Return at most so many points of a trip, oldest first, an hour the finest; trips are in it as soon as they have been rolled up.

    Raises: ValueError for a span that is none.
    """
    span = (int(since.timestamp()), int(until.timestamp()))
    return await store.read(lambda connection: _trip_history(connection, scope, name, span, points))


def _trip_history(connection: sqlite3.Connection, scope: Scope, name: str, span: tuple[int, int], points: int) -> list[TripPoint]:
    grid = grid_of(*span, points, {RAW: span[1], HOURS: read_marks(connection).hours_from_s})  # a raw source is refused: there is none
    sql = f"""
        SELECT start_s, {TRIP_COLUMNS} FROM trip_rollups
        WHERE period_s = :source AND name = :name AND start_s >= :since AND start_s < :until AND {within(scope, "domain")}
    """  # noqa: S608 - our own conditions; values are parameters
    since_s = grid.since_s - grid.since_s % grid.source
    values: dict[str, Any] = {"source": grid.source, "name": name, "since": since_s, "until": grid.until_s, **allowed(scope)}
    found: dict[int, list[TripSummary]] = defaultdict(list)
    for start_s, *row in connection.execute(sql, values):
        found[grid.start(start_s)].append(trip_summary_of(row))
    return [TripPoint(_at(start), grid.width_s, merged_trips(parts)) for start, parts in sorted(found.items())]
