"""The store as its users see it: what was put is there after a reopen, and nothing is acknowledged before it is."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from probe.values import Trip
from store.store import Store, StoreError
from store.trip_rows import TRIPS, trip_of
from store.values import Remembered, TripRun
from tests.store.made_runs import BAD, GOOD, NOON, SECRET, TRIP, runs
from thresholds.values import Level, Verdict

ROOT = Path(__file__).parents[2]


async def test_what_was_put_is_there_after_a_reopen(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    store.put(GOOD, BAD, TRIP)
    assert await store.flush()
    assert (store.health.queued, store.health.committed, store.health.lost, store.health.broken) == (0, 3, 0, "")
    await store.close()

    store = await Store.open(tmp_path / "s.db")
    good, bad = await runs(store)
    trips = await store.read(lambda connection: connection.execute(TRIPS).fetchall())
    await store.close()
    assert good == Remembered(
        1,
        "abc.example/imap",
        "abc.example",
        "imap",
        "imap",
        NOON,
        0.251,
        0.002,
        Level.OK,
        steps=GOOD.result.steps,
        readings=GOOD.result.readings,
        limit="thresholds[0], imap*",
        message_id="<1@abc.example>",
    )
    assert (bad.fault, bad.reasons, bad.level, bad.suspect) == (BAD.result.fault, BAD.verdict.reasons, Level.CRITICAL, True)
    assert [trip_of(row) for row in trips] == [TRIP]


async def test_no_secret_and_no_endpoint_reaches_the_file(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    store.put(GOOD)
    assert await store.flush()
    await store.close()
    data = (tmp_path / "s.db").read_bytes()
    assert b"abc.example" in data
    assert SECRET.reveal().encode() not in data
    assert b"mail.isp.example" not in data


async def test_a_trip_is_stored_once_and_only_when_it_has_ended(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    store.put(TripRun(Trip("abc.example", "abc.example", "<3@abc.example>", NOON), Verdict(Level.OK)), TRIP, TRIP)
    assert await store.flush()
    assert await store.read(lambda connection: connection.execute("SELECT message_id FROM trips").fetchall()) == [("<2@abc.example>",)]
    await store.close()


async def test_a_transaction_returns_what_stands_and_undoes_alone_what_raises(tmp_path: Path) -> None:
    def spoil(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO meta VALUES ('b', '2')")
        raise KeyError("no")

    store = await Store.open(tmp_path / "s.db")
    store.put(GOOD)
    with pytest.raises(KeyError, match="no"):
        await store.transact(spoil)
    value: int = await store.transact(lambda connection: connection.execute("INSERT INTO meta VALUES ('a', '1')").rowcount)
    assert value == 1
    assert await store.read(lambda connection: connection.execute("SELECT key FROM meta").fetchall()) == [("a",)]
    assert len(await runs(store)) == 1
    with pytest.raises(sqlite3.IntegrityError):
        await store.transact(lambda connection: connection.execute("INSERT INTO meta VALUES ('a', '1')"))
    await store.close()


PROGRAM = """
import asyncio, sys
from pathlib import Path
from store.store import Store
from tests.store.made_runs import GOOD
async def fail():
    store = await Store.open(Path(sys.argv[1]))
    store.put(GOOD)
    assert await store.flush()
    raise SystemExit(7)
asyncio.run(fail())
"""


def test_a_process_that_fails_without_closing_ends_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    done = subprocess.run([sys.executable, "-c", PROGRAM, path], cwd=ROOT, check=False, timeout=20)
    assert done.returncode == 7
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)


async def test_a_closed_store_says_so_and_counts_what_comes_too_late(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "s.db")
    await store.close()
    store.put(GOOD)
    assert store.health.lost == 1
    with pytest.raises(StoreError, match=r"^the store is closed$"):
        await store.transact(lambda _: None)
    with pytest.raises(StoreError, match=r"^the store is closed$"):
        await store.read(lambda _: None)
