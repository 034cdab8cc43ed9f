"""The ledger in the store: what it has taken stands, an outcome is never changed, and a trip goes only when its end is stored."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from probe.message import Letter
from probe.outcome import Facts, Limits
from probe.passage import Passage, line_of, trip_of
from probe.values import Outcome
from store.errors import StoreError
from store.ledger import PassageLedger
from store.store import Store
from store.values import TripRun
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator
    from pathlib import Path

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
MINE = ["abc.example"]


def passage(number: int = 1, name: str = "abc.example") -> Passage:
    letter = Letter("a@abc.example", "b@abc.example", f"{number:032}", NOW)
    return Passage(letter, name, "abc.example", Limits(), Facts(NOW, NOW))


def over(open_passage: Passage, outcome: Outcome = Outcome.DELIVERED) -> Passage:
    return replace(open_passage, outcome=outcome)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "s.db")
    yield opened
    await opened.close()


async def count(store: Store) -> int:
    (number,) = await store.read(lambda connection: connection.execute("SELECT count(*) FROM passages").fetchone())
    assert isinstance(number, int)
    return number


async def spoil(store: Store, known: Passage, line: str) -> None:
    def work(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE passages SET line = ? WHERE token = ?", (line, known.letter.token))

    await store.transact(work)


async def test_the_newest_word_of_each_trip_stands(store: Store) -> None:
    ledger = PassageLedger(store)
    assert await ledger.write([passage(1), passage(2, "other")])
    assert await ledger.write([replace(passage(1), tries=2)])
    assert await ledger.claim(MINE, NOW) == [replace(passage(1), tries=2)]
    assert await ledger.claim(MINE, NOW) == [replace(passage(1), tries=2)]


async def test_an_outcome_is_never_changed(store: Store) -> None:
    ledger = PassageLedger(store)
    for word in (over(passage()), over(passage(), Outcome.LOST), passage()):
        assert await ledger.write([word])
    assert await ledger.claim(MINE, NOW) == [over(passage())]


async def test_a_trip_goes_only_when_its_end_is_stored_and_does_not_come_back(store: Store) -> None:
    ledger = PassageLedger(store)
    assert await ledger.write([over(passage(1)), over(passage(2)), passage(3)])
    store.put(TripRun(trip_of(over(passage(1))), Verdict(Level.OK)))
    assert await store.flush()
    assert await ledger.claim(MINE, NOW) == [over(passage(2)), passage(3)]
    assert await ledger.write([passage(1)])
    assert await ledger.inherit([passage(1)])
    assert await count(store) == 2


async def test_what_nobody_claims_is_given_to_anybody_in_the_end(store: Store) -> None:
    ledger = PassageLedger(store)
    assert await ledger.write([passage(1, "gone")])
    assert await ledger.claim(MINE, NOW + timedelta(days=2)) == []
    assert await ledger.claim(MINE, NOW + timedelta(days=2, seconds=1)) == [passage(1, "gone")]


async def test_what_is_inherited_overwrites_nothing(store: Store) -> None:
    ledger = PassageLedger(store)
    assert await ledger.write([replace(passage(1), tries=3)])
    assert await ledger.inherit([passage(1), passage(2)])
    assert await ledger.claim(MINE, NOW) == [replace(passage(1), tries=3), passage(2)]


async def test_rows_that_cannot_be_read_are_said_and_left(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    ledger = PassageLedger(store)
    assert await ledger.write([passage(1), passage(2), passage(3)])
    newer = json.dumps(json.loads(line_of(passage(2))) | {"v": 9})
    await spoil(store, passage(2), newer)
    await spoil(store, passage(3), "{]")
    assert await ledger.claim(MINE, NOW) == [passage(1)]
    assert await count(store) == 3
    said = "is of version 9, and this program knows version 1: left alone; run the newer program to finish it"
    assert [record.getMessage() for record in caplog.records] == [
        f"the trip {passage(2).letter.token} in the store {said}",
        f"the trip {passage(3).letter.token} in the store cannot be read: skipped",
    ]


async def test_a_store_that_cannot_be_written_is_said_and_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = await Store.open(tmp_path / "s.db")
    await store.close()
    ledger = PassageLedger(store)
    assert not await ledger.write([passage(1)])
    assert not await ledger.write([passage(2)])
    for _ in range(2):
        with pytest.raises(StoreError):
            await ledger.claim(MINE, NOW)
    assert [record.getMessage() for record in caplog.records] == [
        "trips under way are not written down: the store is closed",
        "the trips that were under way cannot be read yet: the store is closed",
    ]


async def test_a_disk_that_takes_trips_again_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    store = await Store.open(tmp_path / "s.db")
    ledger = PassageLedger(store)
    await store.read(lambda connection: connection.execute("PRAGMA query_only = ON"))
    assert not await ledger.write([passage(1)])
    await store.read(lambda connection: connection.execute("PRAGMA query_only = OFF"))
    assert await ledger.write([passage(1)])
    assert await ledger.write([passage(2)])
    said = [record.getMessage() for record in caplog.records if record.name == "mailsonde.trips"]
    assert said[1:] == ["trips under way are written down again"]
    await store.close()
