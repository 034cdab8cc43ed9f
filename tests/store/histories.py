"""Histories for the tests of rollups and reads: runs and trips of our choice, in a real schema, and what they truly come to."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from probe.values import Check, Endpoint, Fault, FaultKind, Outcome, Result, Step, Trip
from store.histogram import Histogram, bucket_of
from store.inserter import Inserter
from store.migrations import schema
from store.rollups import look_for_late, read_marks, roll_slice, roll_trips_slice
from store.rows import run_row
from store.summary import COLUMNS, TRIP_COLUMNS, Summary, Times, TripSummary, summary_of, trip_summary_of
from store.trip_rows import trip_row
from store.values import Run, TripRun
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
Key = tuple[int, str, datetime]  # length of the period in seconds, check, start


@dataclass(frozen=True, slots=True)
class Told:
    """A run in short."""

    minute: int = 0  # after MONDAY
    check: str = "abc.example/imap"
    seconds: float = 0.1
    level: Level = Level.OK
    fault: bool = False
    suspect: bool = False
    by_hand: bool = False

    @property
    def at(self) -> datetime:
        return MONDAY + timedelta(minutes=self.minute)


def a_run(told: Told) -> Run:
    domain, server = told.check.split("/")
    check = Check(told.check, domain, server, server, Endpoint("mail.isp.example", 143))
    fault = Fault(FaultKind.TIMEOUT, "login", "nothing came") if told.fault else None
    steps = (Step("connect", told.seconds / 4), Step("login", told.seconds * 3 / 4))
    verdict = Verdict(told.level, ("slow",) if told.level else (), suspect=told.suspect)
    return Run(Result(check, told.at, steps, {"certificate_days": 50.5}, fault), verdict, by_hand=told.by_hand)


def a_trip(minute: int, outcome: Outcome = Outcome.DELIVERED, name: str = "abc.example", total: float | None = 3.0) -> TripRun:
    """Return a trip that has ended; `total` is its whole time in seconds."""
    at = MONDAY + timedelta(minutes=minute)
    rest = None if total is None else 0.0
    trip = Trip(
        name,
        name,
        f"<{name}.{minute}.{outcome}@probe>",
        at,
        outcome,
        submit_seconds=rest,
        transit_seconds=total,
        retrieve_seconds=rest,
    )
    return TripRun(trip, Verdict(Level.OK))


def connect() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(schema())
    return connection


def insert(connection: sqlite3.Connection, runs: Iterable[Told] = (), trips: Iterable[TripRun] = ()) -> None:
    rows = [run_row(a_run(told)) for told in runs]
    refused, _ = Inserter().commit(connection, [*rows, *filter(None, map(trip_row, trips))], [])
    assert refused == []


def roll_all(connection: sqlite3.Connection, now: datetime, checks: int = 2) -> int:
    """Roll up all that is due and return the number of slices."""
    slices = 1
    while look_for_late(connection, 5):
        slices += 1
    while roll_slice(connection, int(now.timestamp()), checks):
        slices += 1
    while roll_trips_slice(connection, 3):
        slices += 1
    return slices


def rollups(connection: sqlite3.Connection) -> dict[Key, Summary]:
    rows = connection.execute(f"SELECT period_s, name, start_s, {COLUMNS} FROM rollups JOIN checks ON checks.id = check_id")  # noqa: S608 - a constant
    return {(period, name, datetime.fromtimestamp(start, UTC)): summary_of(row) for period, name, start, *row in rows}


def trip_rollups(connection: sqlite3.Connection) -> dict[Key, TripSummary]:
    rows = connection.execute(f"SELECT period_s, name, start_s, {TRIP_COLUMNS} FROM trip_rollups")  # noqa: S608 - a constant
    return {(period, name, datetime.fromtimestamp(start, UTC)): trip_summary_of(row) for period, name, start, *row in rows}


def true_rollups(told: Sequence[Told], until: datetime) -> dict[Key, Summary]:
    """Return what the rollups of all hours and days that ended before `until` must be, counted the slow way."""
    keys: dict[Key, list[Told]] = {}
    for one in told:
        for seconds in (3_600, 86_400):
            start = MONDAY + (one.at - MONDAY) // timedelta(seconds=seconds) * timedelta(seconds=seconds)
            if not one.by_hand and start + timedelta(seconds=seconds) <= until:
                keys.setdefault((seconds, one.check, start), []).append(one)
    return {key: true_summary(runs) for key, runs in keys.items()}


def true_summary(told: Sequence[Told]) -> Summary:
    sure = [one for one in told if not one.suspect]
    levels = Counter(one.level for one in sure)
    spent = [round((one.seconds / 4 + one.seconds * 3 / 4) * 1_000_000) for one in sure if not one.fault]
    histogram = Histogram.of(bucket_of(us / 1_000_000) for us in spent)
    times = Times(sum(spent), min(spent, default=None), max(spent, default=None), histogram)
    ok, unknown, warning, critical = (levels[level] for level in Level)
    return Summary(len(told) - len(sure), (ok, unknown, warning, critical), sum(one.fault for one in sure), times)


def marked(connection: sqlite3.Connection) -> tuple[datetime, datetime]:
    """Return up to when hours and days are rolled."""
    marks = read_marks(connection)
    return datetime.fromtimestamp(marks.hours_s, UTC), datetime.fromtimestamp(marks.days_s, UTC)
