"""The schedule of trips without any mail system: who begins when, what holds trips back, and that no bug of one harms another."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from probe import office
from probe.clock import utc_now
from probe.ledger import Ledger
from probe.message import Letter, Message, build
from probe.passage import planned
from probe.values import Check, Endpoint, Journey, Mailbox, Outcome, Secret
from probe.wire import Wire
from service.rounds import trips as trips_module
from service.rounds.budget import Budget
from service.rounds.trips import Trips
from store.ledger import PassageLedger
from store.store import Store
from tests.probe.fakes import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import pytest

    from probe.values import Trip

KEY = b"a key of the tests, 32 bytes long"
NOWHERE = Endpoint("127.0.0.1", 9)


def journey(name: str = "abc.example", submit: Endpoint = NOWHERE, every_seconds: float = 0.2) -> Journey:
    mailbox = Mailbox(f"probe@{name}", Secret("hunter2"))
    fetch = Check(f"{name}/imap", name, "imap", "imap", NOWHERE, mailbox=mailbox, timeout_seconds=1.0)
    sender = replace(fetch, name=f"{name}/smtp", server="smtp", kind="smtp", endpoint=submit)
    return Journey(name, name, sender, fetch, lost_after_seconds=60.0, every_seconds=every_seconds)


@dataclass
class Heard:
    """What was told."""

    told: list[Trip] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    bug: Exception | None = None

    def __call__(self, trip: Trip) -> None:
        self.told.append(trip)
        self.news.set()
        if self.bug is not None:
            raise self.bug

    async def until(self, holds: Callable[[], bool], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await self.news.wait()
                self.news.clear()


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Trips, Heard]]:
    wire, store, heard = Wire(), await Store.open(folder / "s.db"), Heard()
    trips = Trips(wire, KEY, PassageLedger(store), heard, left=folder / "left")
    task = asyncio.create_task(trips.run())
    try:
        yield trips, heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await wire.close()
        await store.close()


@asynccontextmanager
async def taking() -> AsyncIterator[Endpoint]:
    """Serve SMTP that takes every message."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.example\r\n")
        while line := await reader.readline():
            writer.write(b"354 go on\r\n" if line.startswith(b"DATA") else b"250 fine\r\n")
            if line.startswith(b"DATA"):
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 taken\r\n")

    async with serve(take) as port:
        yield Endpoint("127.0.0.1", port)


async def test_each_journey_begins_again_and_again(tmp_path: Path) -> None:
    async with running(tmp_path) as (trips, heard):
        trips.plan([journey("one.example"), journey("two.example", every_seconds=0.4)])
        await heard.until(lambda: len([trip for trip in heard.told if trip.outcome]) >= 9)
    ended = [trip.name for trip in heard.told if trip.outcome is Outcome.UNSURE]
    assert ended.count("one.example") > ended.count("two.example") >= 2


async def test_a_server_that_takes_few_messages_a_minute_is_sent_no_more(tmp_path: Path) -> None:
    async with running(tmp_path) as (trips, heard):
        trips.plan([journey(f"d{number}.example") for number in range(6)], {"smtp": Budget(messages_per_minute=4)})
        await asyncio.sleep(1.5)
        assert trips.stats.missed > 6
        assert 2 <= trips.stats.begun <= 3  # half at once, the others a quarter of a minute apart
        trips.plan([journey(f"d{number}.example") for number in range(6)])
        await heard.until(lambda: trips.stats.begun >= 9)


async def test_many_under_way_make_others_rare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trips_module, "SHARE", 3.0)
    async with taking() as server, running(tmp_path) as (trips, heard):
        trips.plan([journey("hole.example", server, every_seconds=0.1), journey("other.example", server, every_seconds=1.0)])
        await heard.until(lambda: trips.stats.under_way >= trips_module.MANY)
        begun = trips.stats.begun
        await asyncio.sleep(1.5)
        assert trips.stats.held_back >= 8
        assert trips.stats.begun - begun <= 5
        assert "other.example" in {trip.name for trip in heard.told}


async def test_our_own_bug_in_one_trip_ends_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def spoiled(letter: Letter, key: bytes) -> Message:
        if "bad" in letter.sender:
            raise KeyError(letter.sender)
        return build(letter, key)

    monkeypatch.setattr(office, "build", spoiled)
    async with taking() as server, running(tmp_path) as (trips, heard):
        trips.plan([journey("bad.example", server), journey("good.example", server)])
        await heard.until(lambda: any(trip.outcome for trip in heard.told) and any(trip.name == "good.example" for trip in heard.told))
    bad = next(trip for trip in heard.told if trip.outcome)
    said = "our own error, which says nothing of the mail system: KeyError"
    assert (bad.name, bad.outcome, bad.said) == ("bad.example", Outcome.UNSURE, said)
    assert "our own error in the trip bad.example" in caplog.text


async def test_a_bug_of_who_is_told_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with running(tmp_path) as (trips, heard):
        heard.bug = ZeroDivisionError()
        trips.plan([journey()])
        await heard.until(lambda: len([trip for trip in heard.told if trip.outcome]) >= 3)
    assert "our own error with the trip abc.example" in caplog.text


async def test_a_journey_without_a_mailbox_does_not_stop_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = journey("whole.example")
    broken = journey("broken.example")
    async with running(tmp_path) as (trips, heard):
        trips.plan([replace(broken, fetch=replace(broken.fetch, mailbox=None)), whole])
        await heard.until(lambda: any(trip.outcome for trip in heard.told) and "broken.example" in caplog.text)
    assert {trip.name for trip in heard.told} == {"whole.example"}
    assert "trip broken.example: it needs a mailbox to send from and one to read" in caplog.text


async def test_a_trip_whose_mailbox_has_changed_ends_as_unsure(tmp_path: Path) -> None:
    elsewhere = journey(every_seconds=1e9)
    moved = replace(elsewhere, fetch=replace(elsewhere.fetch, mailbox=Mailbox("old@abc.example", Secret("x"))))
    (tmp_path / "left").mkdir()
    with Ledger(tmp_path / "left") as ledger:
        ledger.write(planned(moved, "0" * 32, utc_now() - timedelta(seconds=9)))
    async with running(tmp_path) as (trips, heard):
        trips.plan([elsewhere])
        await heard.until(lambda: bool(heard.told))
    (trip,) = heard.told
    said = "cannot read INBOX of old@abc.example: the trip of this name now ends in another mailbox"
    assert (trip.outcome, trip.said) == (Outcome.UNSURE, said)
    with Ledger(tmp_path / "left") as ledger:
        assert ledger.claim(["abc.example"], utc_now()) == []


async def test_the_files_keep_what_the_store_cannot_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "left").mkdir()
    with Ledger(tmp_path / "left") as ledger:
        ledger.write(planned(journey(), "0" * 32, utc_now()))
    taken: list[bool] = []

    async def refuse(*_: object) -> bool:
        taken.append(False)
        return False

    monkeypatch.setattr(PassageLedger, "inherit", refuse)
    async with running(tmp_path) as (trips, _):
        trips.plan([journey(every_seconds=1e9)])
        async with asyncio.timeout(5.0):
            while not taken:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
    with Ledger(tmp_path / "left") as ledger:
        assert [passage.letter.token for passage in ledger.claim(["abc.example"], utc_now())] == ["0" * 32]


async def test_what_the_store_cannot_say_at_the_start_is_taken_over_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trips_module, "CLAIM_AGAIN_SECONDS", 0.1)
    store = await Store.open(tmp_path / "s.db")
    assert await PassageLedger(store).write([planned(journey(), "0" * 32, utc_now() - timedelta(hours=1))])
    await store.close()
    async with running(tmp_path) as (trips, heard):
        (tmp_path / "s.db").rename(tmp_path / "gone")
        trips.plan([journey(every_seconds=1e9)])
        await asyncio.sleep(0.5)
        assert heard.told == []
        (tmp_path / "gone").rename(tmp_path / "s.db")
        await heard.until(lambda: bool(heard.told))
        assert trips.stats.begun == 0


async def test_a_disk_that_hangs_while_a_journey_comes_stops_no_other(tmp_path: Path) -> None:
    wire, store, heard, release = Wire(), await Store.open(tmp_path / "s.db"), Heard(), threading.Event()
    trips = Trips(wire, KEY, PassageLedger(store), heard)
    task = asyncio.create_task(trips.run())
    hanging = asyncio.create_task(store.read(lambda _: release.wait(20.0)))
    await asyncio.sleep(0.1)
    trips.plan([journey(every_seconds=0.2), journey("new.example", every_seconds=1e9)])
    try:
        async with asyncio.timeout(10.0):
            while trips.stats.begun < 3:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.05)
    finally:
        release.set()
        await hanging
        task.cancel()
        await asyncio.wait([task])
        await wire.close()
        await store.close()


async def test_nothing_planned_is_nothing_to_do(tmp_path: Path) -> None:
    async with running(tmp_path) as (trips, heard):
        await asyncio.sleep(0.05)
        trips.plan([])
        await asyncio.sleep(0.05)
        assert (trips.stats.begun, heard.told) == (0, [])
