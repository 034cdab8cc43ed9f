"""Rollups are a pure function of the stored runs: whatever came late, twice, or was cut short, they say what truly was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.values import Outcome
from store.rollups import read_marks, roll, roll_slice, write_marks
from store.slices import Size
from store.store import Store
from store.summary import merged, merged_trips
from tests.store.histories import (
    MONDAY,
    Told,
    a_run,
    a_trip,
    connect,
    insert,
    marked,
    roll_all,
    rollups,
    trip_rollups,
    true_rollups,
    true_summary,
)
from thresholds.values import Level

if TYPE_CHECKING:
    from pathlib import Path

HOUR, DAY = 3_600, 86_400
CHECKS = ("abc.example/imap", "abc.example/smtp", "xyz.example/imap")
TOLD = st.builds(
    Told,
    minute=st.integers(0, 3 * 24 * 60 - 1),
    check=st.sampled_from(CHECKS),
    seconds=st.floats(0.0001, 20),
    level=st.sampled_from(Level),
    fault=st.booleans(),
    suspect=st.booleans(),
    by_hand=st.booleans(),
)
# Each story: runs are stored, and then all is rolled that is due so many hours after Monday began; or nothing is.
STORIES = st.lists(st.tuples(st.lists(TOLD, max_size=8), st.none() | st.integers(0, 100), st.integers(1, 4)), max_size=6)


def after(**span: float) -> datetime:
    return MONDAY + timedelta(**span)


@settings(max_examples=150, deadline=None)
@given(STORIES)
def test_rollups_are_what_the_runs_come_to_in_whatever_order_they_came(story: list[tuple[list[Told], int | None, int]]) -> None:
    connection = connect()
    told: list[Told] = []
    for runs, hours, checks in story:
        insert(connection, runs)
        told += runs
        if hours is not None:
            roll_all(connection, after(hours=hours), checks)
    roll_all(connection, after(days=9))
    assert rollups(connection) == true_rollups(told, after(days=9))
    connection.close()


def test_what_counts_and_what_does_not() -> None:
    connection = connect()
    insert(
        connection,
        [
            Told(0, seconds=0.1),
            Told(1, seconds=0.3, level=Level.WARNING),
            Told(2, seconds=9.0, level=Level.CRITICAL, fault=True),
            Told(3, seconds=7.0, level=Level.CRITICAL, suspect=True),
            Told(4, seconds=8.0, level=Level.CRITICAL, by_hand=True),
            Told(5, seconds=0.2, level=Level.UNKNOWN),
        ],
    )
    roll_all(connection, after(hours=2))
    hour = rollups(connection)[HOUR, CHECKS[0], MONDAY]
    assert (hour.count, hour.suspects, hour.faults, hour.levels) == (5, 1, 1, (1, 1, 1, 1))
    assert (hour.times.sum_us, hour.times.min_us, hour.times.max_us, hour.times.histogram.count) == (600_000, 100_000, 300_000, 3)
    assert hour.availability == 2 / 3
    assert hour.times.mean_seconds == pytest.approx(0.2)
    assert hour.times.seconds(0.5) == pytest.approx(0.2, rel=0.02)
    assert hour.times.seconds(1.0) == pytest.approx(0.3, rel=0.02)
    connection.close()


def test_an_hour_is_rolled_once_it_is_over_and_its_stragglers_are_in() -> None:
    connection = connect()
    insert(connection, [Told(0), Told(70)])
    roll_all(connection, after(hours=1, seconds=119))
    assert rollups(connection) == {}
    roll_all(connection, after(hours=1, seconds=120))
    assert list(rollups(connection)) == [(HOUR, CHECKS[0], MONDAY)]
    connection.close()


def test_a_late_run_rolls_its_hour_and_its_day_again() -> None:
    connection = connect()
    insert(connection, [Told(0), Told(61), Told(60 * 25)])
    roll_all(connection, after(days=2))
    insert(connection, [Told(30, seconds=0.4), Told(31, CHECKS[2])])
    roll_all(connection, after(days=2))
    found = rollups(connection)
    assert found[HOUR, CHECKS[0], MONDAY] == true_summary([Told(0), Told(30, seconds=0.4)])
    assert found[DAY, CHECKS[0], MONDAY].count == 3
    assert found[DAY, CHECKS[2], MONDAY].count == 1
    connection.close()


def test_rolling_anew_from_nothing_gives_the_same() -> None:
    connection = connect()
    insert(connection, [Told(minute, check, 0.1 + minute / 1000) for minute in range(0, 3000, 7) for check in CHECKS])
    roll_all(connection, after(days=3))
    first = rollups(connection)
    connection.execute("DELETE FROM rollups")
    connection.execute("DELETE FROM meta")
    roll_all(connection, after(days=3), checks=1)
    assert rollups(connection) == first
    connection.close()


def test_months_without_a_run_are_passed_over() -> None:
    connection = connect()
    insert(connection, [Told(0), Told(60 * 24 * 300 + 90)])
    assert roll_all(connection, after(days=301)) < 50
    assert marked(connection) == (after(days=300, hours=23), after(days=300))
    connection.close()


def test_a_run_from_the_future_does_not_drag_the_marks_along() -> None:
    """A clock that was wrong for a minute must not make all later runs late ones."""
    connection = connect()
    insert(connection, [Told(60 * 24 * 365)])
    roll_all(connection, after(hours=2))
    insert(connection, [Told(125)])
    roll_all(connection, after(hours=4))
    assert marked(connection)[0] == after(hours=3)
    assert list(rollups(connection)) == [(HOUR, CHECKS[0], after(hours=2))]
    connection.close()


def test_what_has_gone_by_age_is_not_rolled_again() -> None:
    connection = connect()
    insert(connection, [Told(minute) for minute in range(120)])
    roll_all(connection, after(days=2))
    before = rollups(connection)
    connection.execute("DELETE FROM runs")
    write_marks(connection, replace(read_marks(connection), runs_from_s=int(after(days=1).timestamp())))
    insert(connection, [Told(5)])
    roll_all(connection, after(days=2))
    assert rollups(connection) == before
    connection.close()


async def test_a_rolling_that_is_cut_short_goes_on_where_it_was(tmp_path: Path) -> None:
    checks = [f"d{number}.example/imap" for number in range(7)]
    told = [Told(minute, check, 0.05 + minute / 10_000) for minute in range(0, 60 * 26, 20) for check in checks]
    now = int(after(days=2, minutes=2).timestamp())
    store = await Store.open(tmp_path / "s.db")
    store.put(*map(a_run, told))
    assert await store.flush()
    for _ in range(11):
        assert await store.transact(lambda connection: roll_slice(connection, now, 2))
    with pytest.raises(ZeroDivisionError):
        await store.transact(lambda connection: roll_slice(connection, now, 2) // 0)  # fails after it has written: nothing of it stands
    await store.close()
    store = await Store.open(tmp_path / "s.db")
    assert await roll(store, after(days=2, minutes=2), Size(3)) > 1
    assert await store.read(rollups) == true_rollups(told, after(days=2))
    await store.close()


def test_no_slice_does_more_checks_than_it_is_told() -> None:
    connection = connect()
    insert(connection, [Told(0, f"d{number}.example/imap") for number in range(10)])
    assert roll_slice(connection, int(after(hours=2).timestamp()), 3)
    assert len(rollups(connection)) == 3
    assert read_marks(connection).check_id == 4
    connection.close()


def test_trips_by_the_hour_in_which_they_started() -> None:
    connection = connect()
    insert(connection, trips=[a_trip(0, total=2.0), a_trip(5, Outcome.LATE, total=200.0), a_trip(65), a_trip(0, name="xyz.example")])
    roll_all(connection, after(hours=3))
    insert(connection, trips=[a_trip(10, Outcome.LOST, total=None)])  # a day later
    roll_all(connection, after(days=2))
    found = trip_rollups(connection)
    hour = found[HOUR, "abc.example", MONDAY]
    assert (hour.count, hour.outcomes) == (3, {"delivered": 1, "late": 1, "lost": 1})
    assert (hour.times.sum_us, hour.times.min_us, hour.times.max_us, hour.times.histogram.count) == (202_000_000, 2_000_000, 200_000_000, 2)
    assert found[DAY, "abc.example", MONDAY] == merged_trips([hour, found[HOUR, "abc.example", after(hours=1)]])
    assert found[DAY, "xyz.example", MONDAY].count == 1
    connection.close()


@given(st.lists(st.lists(TOLD, max_size=5), max_size=4))
def test_summaries_merge_as_if_all_had_been_counted_at_once(parts: list[list[Told]]) -> None:
    assert merged([true_summary(part) for part in parts]) == true_summary([told for part in parts for told in part])
