"""Histories: never more points than asked for, nothing lost between what is rolled up and what is not, the present always there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from probe.values import Outcome
from store.grid import DAYS, HOURS, MOST_S, RAW, grid_of
from store.history import history, steps, trip_history
from store.rollups import roll
from store.store import Store
from store.summary import merged
from store.usual import Asked, usual, usual_trips
from tests.store.histories import MONDAY, Told, a_run, a_trip, true_summary
from thresholds.scope import EVERYTHING
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

IMAP = "abc.example/imap"
DAY = 24 * 60


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "s.db")
    yield opened
    await opened.close()


def at(minute: int) -> datetime:
    return MONDAY + timedelta(minutes=minute)


async def remember(store: Store, told: list[Told]) -> list[Told]:
    store.put(*map(a_run, told))
    assert await store.flush()
    return told


SPANS = ((0, 10 * DAY), (0, 12 * DAY), (60, 5 * DAY), (9 * DAY, 10 * DAY), (9 * DAY + 120, 9 * DAY + 240))  # minutes
TEN_DAYS = [Told(minute, IMAP, 0.05 + minute / 1e6, Level.WARNING if minute % 7 == 0 else Level.OK) for minute in range(0, 10 * DAY, 15)]


@pytest.mark.parametrize("rolled", [0, 1, 3 * DAY + 90, 5 * DAY, 9 * DAY + 500, 20 * DAY])  # up to when rollups were made
async def test_nothing_is_lost_between_rollups_and_runs(store: Store, rolled: int) -> None:
    await remember(store, TEN_DAYS)
    await roll(store, at(rolled))
    for (since, until), points in product(SPANS, (2, 9, 48, 500)):
        found = await history(store, EVERYTHING, IMAP, at(since), at(until), points)
        width = found[0].width_seconds
        assert len(found) <= points
        assert {point.start.timestamp() % width for point in found} == {0}
        begin = since - since % DAY if width >= 86_400 else since  # days are not cut
        whole = [told for told in TEN_DAYS if begin <= told.minute < until]
        assert merged([point.summary for point in found]) == true_summary(whole)
        for point in found:
            assert point.summary == true_summary([told for told in whole if 0 <= (told.at - point.start).total_seconds() < width])


async def test_a_gap_has_no_point(store: Store) -> None:
    await remember(store, [Told(0), Told(200)])
    found = await history(store, EVERYTHING, IMAP, at(0), at(240), 100)
    assert [point.start for point in found] == [at(0), at(200)]


async def test_a_year_by_days(store: Store) -> None:
    await remember(store, [Told(day * DAY, IMAP, 0.1) for day in range(365)])
    await roll(store, at(366 * DAY))
    found = await history(store, EVERYTHING, IMAP, at(0), at(365 * DAY), 400)
    assert len(found) == 365
    assert len(await history(store, EVERYTHING, IMAP, at(0), at(365 * DAY), 50)) <= 50
    assert await history(store, EVERYTHING, "nobody.example/imap", at(0), at(365 * DAY)) == []


@pytest.mark.parametrize(
    ("span", "points", "message"),
    [
        ((0, 0), 10, "a history needs a span: its end must lie behind its beginning"),
        ((5, 4), 10, "a history needs a span: its end must lie behind its beginning"),
        ((0, 9), 1, "a history has at least 2 points, not 1"),
    ],
)
async def test_a_span_that_is_none_is_refused(store: Store, span: tuple[int, int], points: int, message: str) -> None:
    for function in (history, steps, trip_history):
        with pytest.raises(ValueError, match=message):
            await function(store, EVERYTHING, IMAP, at(span[0]), at(span[1]), points)


@given(st.integers(0, 2_000_000_000), st.integers(1, 200_000_000), st.integers(2, 2_000), st.integers(0, 2_000_000_000), st.integers(0, 9))
def test_a_grid_keeps_to_its_points_and_reads_little(since: int, length: int, points: int, kept_from: int, days: int) -> None:
    grid = grid_of(since, since + length, points, {RAW: kept_from})
    starts = {grid.start(second) for second in (since, since + length - 1)}
    assert (max(starts) - min(starts)) // grid.width_s + 1 <= points
    assert length <= MOST_S.get(grid.source, length)
    assert since >= kept_from or grid.source != RAW
    assert grid.width_s % grid.source == 0
    hours_s = since + days * 40_000
    parts = list(grid.parts(hours_s, hours_s - hours_s % DAYS))
    assert parts[0][1] <= since
    assert parts[-1][2] == since + length
    assert all(before[2] == after[1] and before[0] > after[0] for before, after in pairwise(parts))
    assert all(source in (RAW, HOURS, DAYS) for source, _, _ in parts)


async def test_steps_of_the_answers(store: Store) -> None:
    told = [
        Told(0, seconds=0.4),
        Told(1, seconds=0.8),
        Told(2, fault=True),
        Told(3, suspect=True),
        Told(4, by_hand=True),
        Told(2 * DAY, seconds=0.4),
    ]
    await remember(store, told)
    first, last = await steps(store, EVERYTHING, IMAP, at(-500 * DAY), at(3 * DAY), 5_000)
    assert (first.start, last.start) == (at(0), at(2 * DAY))
    assert (first.steps["connect"].sum_us, first.steps["login"].max_us, first.steps["login"].histogram.count) == (300_000, 600_000, 2)
    assert last.steps["login"].seconds(0.5) == pytest.approx(0.3)
    assert await steps(store, EVERYTHING, "nobody.example/imap", at(0), at(1)) == []


async def test_trips_over_time(store: Store) -> None:
    store.put(*(a_trip(minute, total=1.0 + minute) for minute in range(0, 300, 50)))
    assert await store.flush()
    await roll(store, at(DAY * 2))
    found = await trip_history(store, EVERYTHING, "abc.example", at(0), at(300), 10)
    assert [(point.start, point.summary.count) for point in found] == [(at(0), 2), (at(60), 1), (at(120), 1), (at(180), 1), (at(240), 1)]
    (day,) = await trip_history(store, EVERYTHING, "abc.example", at(0), at(200 * DAY), 300)
    assert (day.width_seconds, day.summary.count, day.summary.outcomes) == (86_400, 6, {"delivered": 6})


# -- what is usual


async def test_what_is_usual_at_each_hour_of_the_week(store: Store) -> None:
    week = 7 * DAY
    nine = 9 * 60
    told = [Told(number * week + nine + minute, IMAP, 0.1 * (1 + number)) for number in range(3) for minute in range(0, 60, 10)]
    told += [Told(nine + 2 * week + minute, IMAP, 9.0, Level.CRITICAL, fault=True) for minute in range(1, 60, 10)]  # no times of a service
    await remember(store, told)
    await roll(store, at(4 * week))
    (hour,) = await usual(store, EVERYTHING, [IMAP, "nobody.example/imap"], Asked(MONDAY, UTC))
    assert (hour.name, hour.domain, hour.server) == (IMAP, "abc.example", "imap")
    assert (hour.hour_of_week, hour.weeks, hour.count, hour.first_at) == (9, 3, 18, at(nine))
    assert hour.median_seconds == pytest.approx(0.2, rel=0.02)
    (hour,) = await usual(store, EVERYTHING, [IMAP], Asked(at(week), UTC))
    assert (hour.weeks, hour.count) == (2, 12)


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 0), ("Europe/Berlin", 1), ("America/New_York", 163), ("Asia/Kolkata", 6), ("Asia/Kathmandu", 6)]
)
async def test_hours_of_the_week_are_those_of_the_wall_clock(store: Store, zone: str, hour: int) -> None:
    await remember(store, [Told(0)])
    await roll(store, at(DAY))
    assert [found.hour_of_week for found in await usual(store, EVERYTHING, [IMAP], Asked(MONDAY, ZoneInfo(zone)))] == [hour]


async def test_the_same_hour_of_the_wall_clock_stays_together_through_a_change_of_clocks(store: Store) -> None:
    """In Berlin the clocks go forward on 28 March 2027: nine in the morning is 08:00 UTC before, 07:00 UTC after."""
    monday = 17 * 7 * DAY  # 15 March 2027
    await remember(store, [Told(monday + 8 * 60), Told(monday + 7 * DAY + 8 * 60), Told(monday + 14 * DAY + 7 * 60)])
    await roll(store, at(monday + 30 * DAY))
    (hour,) = await usual(store, EVERYTHING, [IMAP], Asked(MONDAY, ZoneInfo("Europe/Berlin")))
    assert (hour.hour_of_week, hour.weeks) == (9, 3)


async def test_one_hour_of_the_week_is_what_all_of_them_say_of_it(store: Store) -> None:
    checks = (IMAP, "xyz.example/imap")
    await remember(store, [Told(minute, check, 0.1 + minute % 997 / 1e3) for minute in range(0, 21 * DAY, 30) for check in checks])
    await roll(store, at(22 * DAY))
    zone = ZoneInfo("Europe/Berlin")
    every = await usual(store, EVERYTHING, checks, Asked(MONDAY, zone))
    assert len(every) == 2 * 168
    for hour in (0, 1, 90, 167):
        found = await usual(store, EVERYTHING, checks, Asked(MONDAY, zone, hour))
        assert found == [one for one in every if one.hour_of_week == hour]
        assert len(found) == 2


async def test_what_is_usual_for_a_trip(store: Store) -> None:
    store.put(*(a_trip(week * 7 * DAY + minute, total=seconds) for week, seconds in enumerate((2.0, 4.0, 90.0)) for minute in (5, 10)))
    store.put(a_trip(20, Outcome.LOST, total=None))
    assert await store.flush()
    await roll(store, at(22 * DAY))
    (hour,) = await usual_trips(store, EVERYTHING, ["abc.example"], Asked(MONDAY, UTC))
    assert (hour.name, hour.domain, hour.server, hour.hour_of_week, hour.weeks, hour.count) == ("abc.example", "abc.example", "", 0, 3, 6)
    assert hour.median_seconds == pytest.approx(4.0, rel=0.02)
