"""Rolls trips up into hours and days (UTC), by when they started. A trip ends up to a day after its start: its hour is simply rolled again.

A pure function of what is stored: the hours and days that new trips belong to are made anew, whole.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from store.histogram import Histogram
from store.rows import MICRO
from store.summary import TRIP_COLUMNS, Times, TripSummary, merged_trips, trip_summary_of, trip_summary_row

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

HOUR_S, DAY_S = 3_600, 86_400

NEW = "SELECT id, name, domain, started_us FROM trips WHERE id > ? ORDER BY id LIMIT ?"
OF_HOUR = """
    SELECT suspect, outcome, total_us, bucket FROM trips INDEXED BY trips_by_name
    WHERE name = ? AND domain = ? AND started_us >= ? AND started_us < ?
"""
OF_DAY = f"SELECT {TRIP_COLUMNS} FROM trip_rollups WHERE period_s = 3600 AND name = ? AND domain = ? AND start_s >= ? AND start_s < ?"  # noqa: S608 - a constant
WRITE = f"INSERT OR REPLACE INTO trip_rollups (period_s, name, domain, start_s, {TRIP_COLUMNS}) VALUES ({', '.join('?' * 10)})"  # noqa: S608 - a constant


def roll_trips(connection: sqlite3.Connection, after_id: int, whole_from_s: int, many: int) -> tuple[int, bool]:
    """Roll what the next so many trips belong to; days before whole_from_s may have lost trips or hours by age and stay as they are.

    Returns: the id up to which trips are rolled, and whether there may be more.
    """
    new = connection.execute(NEW, (after_id, many)).fetchall()
    hours = {(name, domain, started_us // MICRO // HOUR_S * HOUR_S) for _, name, domain, started_us in new}
    hours = {(name, domain, hour_s) for name, domain, hour_s in hours if hour_s >= whole_from_s}
    for name, domain, hour_s in sorted(hours):
        _write(connection, (HOUR_S, name, domain, hour_s), summary_of_hour(connection, name, domain, hour_s))
    for name, domain, day_s in sorted({(name, domain, hour_s - hour_s % DAY_S) for name, domain, hour_s in hours}):
        rows = connection.execute(OF_DAY, (name, domain, day_s, day_s + DAY_S)).fetchall()
        _write(connection, (DAY_S, name, domain, day_s), merged_trips([trip_summary_of(row) for row in rows]))
    return (new[-1][0] if new else after_id), len(new) == many


def summary_of_hour(connection: sqlite3.Connection, name: str, domain: str, hour_s: int) -> TripSummary:
    """Return what the trips that started in this hour came to."""
    rows = connection.execute(OF_HOUR, (name, domain, hour_s * MICRO, (hour_s + HOUR_S) * MICRO)).fetchall()
    sure = [(outcome, total_us, bucket) for suspect, outcome, total_us, bucket in rows if not suspect]
    totals = [total_us for _, total_us, _ in sure if total_us is not None]
    histogram = Histogram.of(bucket for _, _, bucket in sure if bucket is not None)
    times = Times(sum(totals), min(totals, default=None), max(totals, default=None), histogram)
    return TripSummary(len(rows) - len(sure), Counter(outcome for outcome, _, _ in sure), times)


def _write(connection: sqlite3.Connection, key: Sequence[str | int], summary: TripSummary) -> None:
    connection.execute(WRITE, (*key, *trip_summary_row(summary)))
