"""How groups come together: who waits is not made to linger, what nobody waits for lingers, and the task outlives every error."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from probe.values import Check, Endpoint
from store.inserter import WORDS_KNOWN, Inserter
from store.rows import DAY_US, RunRow, run_row
from store.store import Store, StoreError
from store.waiting import Waiting
from store.writer import LINGER_SECONDS
from tests.store.made_runs import GOOD, runs

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator
    from pathlib import Path

    from store.values import Run


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "s.db")
    yield store
    await store.close()


def test_what_waits_is_settled_once_and_the_oldest_go_first() -> None:
    lost: list[int] = []
    waiting: Waiting[int] = Waiting(3, lost.append)
    for number in range(5):
        waiting.put(number)
    assert (lost, len(waiting), waiting.settled, waiting.lost) == ([0, 1], 3, 2, 2)
    assert list(waiting.take(2)) == [2, 3]
    waiting.put(5)
    waiting.put(6)  # what is on its way counts, and can no longer be lost
    assert (lost, len(waiting)) == ([0, 1, 4, 5], 3)
    waiting.give_back()
    assert list(waiting.take(9)) == [2, 3, 6]
    waiting.kept(refused=[3])
    assert (lost, len(waiting), waiting.settled, waiting.put_total) == ([0, 1, 4, 5, 3], 0, 7, 7)


async def test_results_linger_to_come_together_and_a_flush_does_not(store: Store) -> None:
    for _ in range(5):
        store.put(GOOD)
        await asyncio.sleep(LINGER_SECONDS / 25)
    assert store.health.committed == 0
    await asyncio.sleep(2 * LINGER_SECONDS)
    assert store.health.committed == 5
    store.put(GOOD)
    began = monotonic()
    assert await store.flush()
    assert monotonic() - began < LINGER_SECONDS
    assert store.health.committed == 6


async def test_a_closing_store_writes_what_waits(store: Store, tmp_path: Path) -> None:
    store.put(*[GOOD] * 5_000)
    await store.close()
    again = await Store.open(tmp_path / "s.db")
    assert len(await runs(again)) == 5_000
    await again.close()


async def test_a_closing_store_ends_the_works_under_way(store: Store) -> None:
    works = [asyncio.create_task(store.transact(lambda connection: connection.total_changes)) for _ in range(3)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*works)) == 3


async def test_who_goes_away_does_not_take_the_others_along(store: Store) -> None:
    def slow(connection: sqlite3.Connection) -> int:
        return int(
            connection.execute(
                "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300000) SELECT max(n) FROM c"
            ).fetchone()[0]
        )

    gone = asyncio.create_task(store.transact(slow))
    stays = asyncio.create_task(store.transact(slow))
    await asyncio.sleep(0.01)
    gone.cancel()
    assert await stays == 300_000
    with pytest.raises(asyncio.CancelledError):
        await gone
    store.put(GOOD)
    assert await store.flush()


async def test_a_work_that_commits_by_itself_is_an_error_and_the_writer_lives(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.put(GOOD)
    with caplog.at_level(logging.ERROR), pytest.raises(StoreError, match="refuses what was asked of it"):
        await store.transact(lambda connection: connection.execute("COMMIT"))
    assert await store.flush()
    assert store.health.broken == ""
    assert len(await runs(store)) >= 1


async def test_a_result_that_is_no_result_is_lost_and_counted_and_nothing_is_raised(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        store.put("not a run", GOOD)  # type: ignore[arg-type] # wrong on purpose
    assert "a result cannot be put into words: it is lost" in caplog.text
    assert not await store.flush()
    assert (store.health.lost, store.health.committed) == (1, 1)
    assert await store.flush()


# -- ids and words


def later(run: Run, us: int) -> RunRow:
    row = run_row(run)
    return replace(row, values=(row.started_us + us, *row.values[1:]))


async def words(store: Store) -> list[tuple[int, int]]:
    query = "SELECT count(*), count(DISTINCT born_us) FROM words"
    return await store.read(lambda connection: connection.execute(query).fetchall())


async def test_words_stand_once_a_day(store: Store) -> None:
    inserter = Inserter()
    for days in (0, 0, 1, 0, 1, 2):  # a run of yesterday takes today's words
        await store.read(lambda connection, days=days: inserter.commit(connection, [later(GOOD, days * DAY_US)], []))  # type: ignore[misc] # mypy cannot infer a lambda with a default
    assert await words(store) == [(3, 3)]
    query = "SELECT count(*) FROM runs JOIN words ON words.id = words_id WHERE started_us > born_us + ?"
    assert await store.read(lambda connection: connection.execute(query, (DAY_US,)).fetchall()) == [(0,)]


async def test_a_server_whose_words_change_each_time_does_not_fill_the_memory(store: Store) -> None:
    inserter = Inserter()
    row = run_row(GOOD)
    for chunk in range(0, WORDS_KNOWN + 20_000, 10_000):
        rows = [replace(row, words=(*row.words[:3], f"limit {number}")) for number in range(chunk, chunk + 10_000)]
        await store.read(lambda connection, rows=rows: inserter.commit(connection, rows, []))  # type: ignore[misc] # as above
    assert len(inserter._words) <= WORDS_KNOWN + 10_000


async def test_a_check_keeps_its_id_when_its_kind_changes(store: Store) -> None:
    check = GOOD.result.check
    changed = Check(check.name, check.domain, check.server, "pop3", Endpoint("h", 1))
    other = replace(GOOD, result=replace(GOOD.result, check=changed))
    store.put(GOOD, other, GOOD)
    assert await store.flush()
    store.put(other)
    assert await store.flush()
    query = "SELECT checks.id, kind, count(*) FROM checks JOIN runs ON check_id = checks.id GROUP BY checks.id"
    assert await store.read(lambda connection: connection.execute(query).fetchall()) == [(1, "pop3", 4)]
