"""What is older than it is to be kept goes, slice by slice; what is not rolled up stays; the file does not keep the room for ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from probe.values import Outcome
from store import retention
from store.history import history
from store.retention import Keep, forget
from store.rollups import read_marks, roll
from store.slices import REST, TARGET_SECONDS, Size, in_slices
from store.store import Store
from tests.store.histories import MONDAY, Told, a_run, a_trip, rollups, trip_rollups, true_rollups
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

DAY_S = 86_400.0
DAY = 24 * 60
KEEP = Keep(runs_seconds=2 * DAY_S, days_seconds=20 * DAY_S, hours_seconds=5 * DAY_S)
# ?1 microseconds at which the first begins, ?2 how many, ?3 check; one a minute
MANY_RUNS = """
    WITH RECURSIVE minute(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM minute WHERE number + 1 < ?2)
    INSERT INTO runs (check_id, started_us, duration_us, bucket, level, suspect, by_hand, late_us, uncertainty_us, words_id, steps)
    SELECT ?3, ?1 + number * 60000000, 100000 + number % 7, 235, 0, 0, 0, 0, 0, 1, '[12345,23456,34567]' FROM minute
"""


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "s.db")
    yield opened
    await opened.close()


def at(minute: int) -> datetime:
    return MONDAY + timedelta(minutes=minute)


async def ask(store: Store, sql: str) -> Any:
    """The one value that a query gives."""
    return (await store.read(lambda connection: connection.execute(sql).fetchone()))[0]


async def thirty_days(store: Store) -> list[Told]:
    told = [Told(minute, check) for minute in range(0, 30 * DAY, 360) for check in ("abc.example/imap", "xyz.example/imap")]
    store.put(*map(a_run, told), *(a_trip(minute, Outcome.DELIVERED) for minute in range(0, 30 * DAY, 720)))
    assert await store.flush()
    return told


async def fill(store: Store, checks: int, runs: int) -> None:
    """Checks that ran once a minute since MONDAY."""
    start = round(MONDAY.timestamp() * 1_000_000)

    def work(connection: sqlite3.Connection) -> None:
        for check in range(1, checks + 1):
            connection.execute(
                "INSERT INTO checks VALUES (?, ?, ?, 'imap', 'imap')", (check, f"d{check}.example/imap", f"d{check}.example")
            )
            connection.execute(MANY_RUNS, (start + check * 1_000_000, runs, check))

    await store.transact(work)


async def test_each_thing_goes_at_its_time(store: Store) -> None:
    told = await thirty_days(store)
    now = at(30 * DAY + 10)
    await roll(store, now)
    truth = true_rollups(told, now)
    await forget(store, KEEP, now)
    assert await ask(store, "SELECT min(started_us) FROM runs") == round(at(28 * DAY).timestamp() * 1_000_000)
    assert await ask(store, "SELECT min(started_us) FROM trips") == round(at(28 * DAY).timestamp() * 1_000_000)
    since = {3_600: at(25 * DAY), 86_400: at(10 * DAY)}
    assert await store.read(rollups) == {key: summary for key, summary in truth.items() if key[2] >= since[key[0]]}
    trips = await store.read(trip_rollups)
    assert {period: min(start for length, _, start in trips if length == period) for period in since} == since


async def test_a_history_goes_on_where_runs_and_hours_have_gone(store: Store) -> None:
    await thirty_days(store)
    await roll(store, at(30 * DAY + 10))
    await forget(store, KEEP, at(30 * DAY + 10))
    for days, width in ((30, 86_400), (4, 3_600), (1, 60)):
        found = await history(store, EVERYTHING, "abc.example/imap", at((30 - days) * DAY), at(30 * DAY), 2_000)
        assert {point.width_seconds for point in found} == {width}
        assert sum(point.summary.count for point in found) == 4 * min(days, 20)


async def test_what_is_not_rolled_up_stays(store: Store) -> None:
    told = await thirty_days(store)
    await forget(store, KEEP, at(30 * DAY))
    assert await ask(store, "SELECT count(*) FROM runs") == len(told)
    await roll(store, at(10 * DAY + 100))
    await forget(store, KEEP, at(30 * DAY))
    assert await ask(store, "SELECT min(started_us) FROM runs") == round(at(10 * DAY).timestamp() * 1_000_000)


async def test_trips_go_where_nothing_but_trips_is_made(store: Store) -> None:
    store.put(a_trip(0), a_trip(29 * DAY))
    assert await store.flush()
    await forget(store, KEEP, at(30 * DAY))
    assert await ask(store, "SELECT count(*) FROM trips") == 2  # not rolled up yet
    await roll(store, at(30 * DAY))
    await forget(store, KEEP, at(30 * DAY))
    assert await ask(store, "SELECT count(*) FROM trips") == 1


async def test_a_late_run_spoils_no_rollup_of_runs_that_went(store: Store) -> None:
    await thirty_days(store)
    await roll(store, at(30 * DAY))
    await forget(store, KEEP, at(30 * DAY))
    before = await store.read(rollups)
    store.put(a_run(Told(DAY + 1)), a_trip(DAY + 1))
    assert await store.flush()
    await roll(store, at(30 * DAY))
    assert await store.read(rollups) == before
    await forget(store, KEEP, at(30 * DAY))
    assert await ask(store, "SELECT min(started_us) FROM runs") == round(at(28 * DAY).timestamp() * 1_000_000)


async def test_marks_never_go_back(store: Store) -> None:
    """`keep` was made longer, or the clock was wrong: what has gone stays gone, and is not taken for whole."""
    await thirty_days(store)
    await roll(store, at(30 * DAY))
    await forget(store, KEEP, at(30 * DAY))
    marks = await store.read(read_marks)
    await forget(store, replace(KEEP, runs_seconds=25 * DAY_S, hours_seconds=25 * DAY_S), at(30 * DAY))
    assert await store.read(read_marks) == marks


async def test_words_go_when_no_run_can_refer_to_them(store: Store) -> None:
    await thirty_days(store)
    before = await ask(store, "SELECT count(*) FROM words")
    await roll(store, at(30 * DAY + 10))
    await forget(store, KEEP, at(30 * DAY + 10))
    assert await ask(store, "SELECT count(*) FROM runs LEFT JOIN words ON words.id = words_id WHERE words.id IS NULL") == 0
    store.put(a_run(Told(60 * DAY)))
    assert await store.flush()
    await roll(store, at(62 * DAY))
    await forget(store, replace(KEEP, runs_seconds=60.0), at(62 * DAY + 10))
    assert await ask(store, "SELECT count(*) FROM words") < before + 1


async def test_what_is_cut_short_is_finished_later(store: Store) -> None:
    await fill(store, 5, 3 * DAY)
    await roll(store, at(3 * DAY + 10))
    before = await store.read(rollups)
    cut = asyncio.create_task(forget(store, replace(KEEP, runs_seconds=60.0), at(3 * DAY + 10)))
    while await ask(store, "SELECT count(*) FROM runs") == 5 * 3 * DAY:
        pass  # asking is waiting
    cut.cancel()
    await asyncio.gather(cut, return_exceptions=True)
    assert await ask(store, "SELECT count(*) FROM runs") > 0
    await forget(store, replace(KEEP, runs_seconds=60.0), at(3 * DAY + 10))
    assert await ask(store, "SELECT count(*) FROM runs") == 0
    assert await store.read(rollups) == before


async def test_a_large_file_gives_its_room_back_in_slices_and_its_log_stays_bounded(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(store, 20, 5_000)
    await roll(store, at(5 * DAY))
    full = await ask(store, "PRAGMA page_count")
    monkeypatch.setattr(retention, "FREE_PAGES", 100)
    assert await forget(store, Keep(runs_seconds=60.0, days_seconds=20 * DAY_S), at(6 * DAY)) > 50
    assert await ask(store, "SELECT count(*) FROM runs") == 0
    assert await ask(store, "PRAGMA auto_vacuum") == 2
    assert await ask(store, "PRAGMA page_count") < full / 2
    assert await ask(store, "PRAGMA integrity_check") == "ok"
    assert (tmp_path / "s.db-wal").stat().st_size < 40_000_000
    assert await ask(store, "SELECT count(*) FROM rollups WHERE period_s = 86400") == 20 * 4


async def test_a_slice_gives_back_as_many_pages_as_it_is_asked_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(store, 20, 5_000)
    monkeypatch.setattr(retention, "FREE_PAGES", 100)
    await store.transact(lambda connection: connection.execute("DELETE FROM runs").fetchall())
    before = await ask(store, "PRAGMA freelist_count")
    assert before > 300
    assert await store.transact(lambda connection: retention._give_room_back(connection, 200))
    assert await ask(store, "PRAGMA freelist_count") == before - 200


async def test_free_pages_that_the_next_runs_will_fill_stay(store: Store) -> None:
    await fill(store, 10, 3 * DAY)
    await roll(store, at(3 * DAY + 10))
    await forget(store, replace(KEEP, runs_seconds=60.0), at(3 * DAY + 10))
    assert await ask(store, "PRAGMA freelist_count") > 500


def test_slices_follow_the_time_that_they_take() -> None:
    size = Size(100, least=10, most=1_000)
    size.learn(TARGET_SECONDS / 100)
    assert size.now == 150  # grows by half at the most
    size.learn(TARGET_SECONDS * 3)
    assert size.now == 50
    size.learn(TARGET_SECONDS * 1_000)
    assert size.now == 10
    for _ in range(100):
        size.learn(0.0)
    assert size.now == 1_000


async def test_slices_rest_between(store: Store) -> None:
    """The connection is free for others most of the time."""
    answers = iter([True, True, False])

    def work(_connection: sqlite3.Connection, _many: int) -> bool:
        sleep(0.02)
        return next(answers)

    began = monotonic()
    assert await in_slices(store, work, Size(1)) == 3
    assert monotonic() - began >= 3 * 0.02 + 2 * REST * 0.02
