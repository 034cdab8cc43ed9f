"""When the disk takes nothing: probing goes on, the loss is bounded, counted and told in one line, and ends when the disk is well."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
import threading
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from store.store import Store, StoreError
from tests.store.made_runs import BAD, GOOD, runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from store.values import Run

NO_ROOM = "there is no room on the disk for {}: free some, and what waits in memory is written by itself"
MAY_MOUNT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")


def many(count: int, run: Run = GOOD) -> list[Run]:
    """Return runs that are all different, a second apart."""
    return [
        replace(run, result=replace(run.result, started_at=run.result.started_at + timedelta(seconds=number))) for number in range(count)
    ]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "s.db", queue_limit=1_000)
    yield store
    await store.close()


def root(*words: str | Path) -> None:
    subprocess.run(words, check=True)


async def limit_pages(store: Store, pages: int) -> None:
    """Let the file grow to so many pages and no further; 0 = to as many as it has."""
    await store.read(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages or 1}").fetchall())


async def until_well(store: Store) -> None:
    for _ in range(600):
        if not store.health.broken and not store.health.queued:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"still broken: {store.health}")


async def test_a_full_disk_costs_the_oldest_of_a_bounded_queue_and_ends_by_itself(store: Store, tmp_path: Path) -> None:
    store.put(GOOD)
    assert await store.flush()
    await limit_pages(store, 0)
    store.put(*many(1_500))
    assert not await store.flush()
    told = NO_ROOM.format(tmp_path / "s.db")
    assert store.health.broken == told
    assert (store.health.queued, store.health.lost) == (1_000, 500)
    await refused(store, told)

    await limit_pages(store, 100_000)
    await until_well(store)
    assert (store.health.queued, store.health.lost, store.health.committed) == (0, 500, 1_001)
    kept = [run.started_at for run in await runs(store)]
    assert kept == [run.result.started_at for run in (GOOD, *many(1_500)[500:])]
    assert len(await store.read(lambda connection: connection.execute("SELECT DISTINCT id FROM runs").fetchall())) == 1_001


async def refused(store: Store, told: str) -> None:
    with pytest.raises(StoreError) as error:
        await store.transact(lambda connection: connection.execute("INSERT INTO meta VALUES ('big', zeroblob(100000))"))
    assert str(error.value) == told
    assert store.health.broken == told


async def test_a_refused_transaction_is_not_tried_again_but_the_disk_is(store: Store, tmp_path: Path) -> None:
    await store.read(lambda connection: connection.execute("PRAGMA journal_size_limit = 0").fetchall())
    await limit_pages(store, 0)
    await refused(store, NO_ROOM.format(tmp_path / "s.db"))
    await until_well(store)  # nothing waits: it tries by itself
    await limit_pages(store, 100_000)
    assert await store.read(lambda connection: connection.execute("SELECT count(*) FROM meta WHERE key = 'big'").fetchall()) == [(0,)]


@MAY_MOUNT
async def test_a_disk_that_is_really_full_takes_the_rest_when_it_has_room_again(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    root("mount", "-t", "tmpfs", "-o", "size=512k", "none", small)
    try:
        store = await Store.open(small / "s.db")
        store.put(*many(5_000))
        assert not await store.flush()
        assert store.health.broken == NO_ROOM.format(small / "s.db")
        root("mount", "-o", "remount,size=64m", small)
        await until_well(store)
        assert await store.flush()
        assert (store.health.lost, len(await runs(store))) == (0, 5_000)
        await store.close()
    finally:
        root("umount", "-l", small)


async def test_a_disk_that_fails_is_told_by_the_name_of_its_failure(store: Store, tmp_path: Path) -> None:
    store.put(GOOD)
    assert await store.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store.health.file_bytes // 2, hard))  # of the process: a longer file cannot be written
    try:
        store.put(*many(900))
        assert not await store.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    path = tmp_path / "s.db"
    assert store.health.broken == f"the disk fails under {path} (SQLITE_IOERR_WRITE): look at the disk and at the system's log"
    await until_well(store)
    assert (store.health.lost, len(await runs(store))) == (0, 901)


async def test_what_can_never_be_written_does_not_hold_up_the_rest(store: Store) -> None:
    half = "\ud800"  # half a character: no encoding takes it
    spoiled = replace(BAD, result=replace(BAD.result, message_id=half))
    store.put(GOOD, spoiled, BAD)
    assert not await store.flush()
    assert [run.level for run in await runs(store)] == [GOOD.verdict.level, BAD.verdict.level]
    assert (store.health.lost, store.health.committed, store.health.broken) == (1, 2, "")
    store.put(GOOD)
    assert await store.flush()


async def test_a_file_that_is_taken_away_gets_nothing_until_it_is_put_back(store: Store, tmp_path: Path) -> None:
    path, away = tmp_path / "s.db", tmp_path / "away.db"
    store.put(GOOD)
    assert await store.flush()
    path.rename(away)
    store.put(BAD)
    assert not await store.flush()
    assert store.health.broken == f"{path} was deleted or replaced while in use: put it back, or restart the service to begin anew"
    assert store.health.queued == 1
    shutil.copy(away, path)
    assert not await store.flush(), "a copy is another file"
    away.rename(path)
    assert await store.flush()
    assert len(await runs(store)) == 2


async def test_a_deleted_log_loses_nothing_that_was_acknowledged(store: Store, tmp_path: Path) -> None:
    store.put(GOOD)
    assert await store.flush()
    (tmp_path / "s.db-wal").unlink()
    store.put(BAD)
    assert await store.flush()
    crashed = tmp_path / "crashed"  # what a kill -9 would leave
    crashed.mkdir()
    for name in ("s.db", "s.db-wal"):
        shutil.copy(tmp_path / name, crashed)
    again = await Store.open(crashed / "s.db")
    assert len(await runs(again)) == 2
    await again.close()


async def test_a_damaged_file_is_told_and_probing_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "s.db"
    store = await Store.open(path)
    store.put(*many(3_000))
    assert await store.flush()
    await store.close()
    data = bytearray(path.read_bytes())
    half = len(data) // 2
    data[half:] = b"\xff" * (len(data) - half)
    path.write_bytes(data)

    store = await Store.open(path)
    told = f"{path} is damaged (database disk image is malformed): stop the service and put a backup in its place with `probe restore`"
    with pytest.raises(StoreError) as refused:
        await runs(store)
    assert str(refused.value) == told
    assert store.health.broken == told
    store.put(*many(3_000))
    assert not await store.flush()
    assert store.health.broken == told
    await store.close()
    assert store.health.lost == 3_000
    (said,) = (one for one in caplog.records if one.message == "results could not be written before the end")
    assert said.__dict__["facts"] == {"lost": 3_000}


async def test_a_disk_that_hangs_does_not_hold_up_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, release = tmp_path / "s.db", threading.Event()
    store = await Store.open(path)
    hanging = asyncio.create_task(store.read(lambda _: release.wait(30.0)))
    await asyncio.sleep(0.05)
    store.put(GOOD)
    began = monotonic()
    await store.close()
    assert monotonic() - began < 5.0
    assert not hanging.done()
    assert caplog.messages[-1] == f"the store did not close: the disk of {path} does not answer"
    with pytest.raises(StoreError, match="is in use by process"):  # its thread may write still
        await Store.open(path)
    release.set()
    await hanging
    await asyncio.to_thread(store._disk._connection._thread.join, 10.0)
