"""The office beside a disk that refuses or hangs, and at its end: trips go on, and what is known is written down."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from probe import office as offices
from probe.mailbox import Copy
from probe.message import Mine
from probe.office import Office
from probe.outcome import Handed, Sighting
from probe.reader import Found
from probe.values import Check, Endpoint, Journey, Mailbox, Outcome, Secret
from probe.wire import Wire
from tests.probe.fakes import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
    from datetime import datetime

    from probe.passage import Passage
    from probe.values import Trip

KEY = b"a key of the tests, 32 bytes long"
NOWHERE = Endpoint("127.0.0.1", 9)
MAILBOX = Mailbox("probe@abc.example", Secret("hunter2"))
FETCH = Check("abc.example/imap", "abc.example", "imap", "imap", NOWHERE, mailbox=MAILBOX, timeout_seconds=2.0)


def journey(submit: Endpoint = NOWHERE) -> Journey:
    return Journey("abc.example", "abc.example", replace(FETCH, kind="smtp", endpoint=submit), FETCH, lost_after_seconds=60.0)


@dataclass
class Disk:
    """A ledger in memory, on a disk that takes what it is given, refuses it, or hangs."""

    stands: bool | None = True  # None = it never answers
    left: list[Passage] = field(default_factory=list)
    written: list[Passage] = field(default_factory=list)

    async def claim(self, names: Collection[str], now: datetime) -> list[Passage]:
        assert now.tzinfo is not None
        return [passage for passage in self.left if passage.name in names]

    async def write(self, passages: Sequence[Passage]) -> bool:
        if self.stands is None:
            await asyncio.sleep(3600.0)
        self.written += passages if self.stands else []
        return bool(self.stands)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    await made.close()


@asynccontextmanager
async def slow_server(seconds: float) -> AsyncIterator[Endpoint]:
    """Serve SMTP that takes every message, and thinks about it for so long."""

    async def think(incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        outgoing.write(b"220 mx.example\r\n")
        while line := await incoming.readline():
            outgoing.write(b"354 go on\r\n" if line.startswith(b"DATA") else b"250 fine\r\n")
            if line.startswith(b"DATA"):
                await incoming.readuntil(b"\r\n.\r\n")
                await asyncio.sleep(seconds)
                outgoing.write(b"250 taken\r\n")

    async with serve(think) as port:
        yield Endpoint("127.0.0.1", port)


async def ended(office: Office, told: list[Trip]) -> Trip:
    """Make one trip to nowhere and return its end."""
    office.begin(journey())
    await asyncio.wait_for(office.quiet.wait(), 10.0)
    await office.rest()
    await asyncio.wait_for(office.close(), 10.0)
    return told[-1]


async def test_a_disk_that_refuses_stops_no_trip(wire: Wire) -> None:
    told: list[Trip] = []
    office = Office(wire, KEY, Disk(stands=False), told.append)
    trip = await ended(office, told)
    assert (trip.outcome, office.not_written) == (Outcome.UNSURE, 1)
    assert trip.said.startswith("not sent: CONNECT at connect: Connection refused")


async def test_a_disk_that_hangs_stops_no_trip(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offices, "OPENING_SECONDS", 0.05)
    told: list[Trip] = []
    office = Office(wire, KEY, Disk(stands=None), told.append)
    office.opening_seconds = 0.05
    office.begin(journey())
    await asyncio.wait_for(office.quiet.wait(), 10.0)
    await office.rest()
    assert told[-1].outcome is Outcome.UNSURE
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


@pytest.mark.parametrize("stands", [True, False])
async def test_a_copy_of_a_trip_that_has_ended_may_go_once_the_end_stands_on_the_disk(wire: Wire, stands: bool) -> None:
    told: list[Trip] = []
    office = Office(wire, KEY, Disk(stands=stands), told.append)
    office.begin(journey())
    [way] = office.ways.all()
    await asyncio.wait_for(office.quiet.wait(), 10.0)
    sighting = Sighting("INBOX", "7", "1", misplaced=False, changed="", noticed_at=way.passage.facts.began_at)
    found = Found(FETCH, Mine(way.passage.letter, ""), Copy("INBOX", "1.7", b"", None, None), sighting, 0.0, 0.0)
    assert office.found(found) is stands
    await office.close()


async def test_an_outcome_is_written_before_it_is_told(wire: Wire) -> None:
    disk, told = Disk(), list[tuple[Outcome | None, Outcome | None]]()
    office = Office(wire, KEY, disk, lambda trip: told.append((trip.outcome, disk.written[-1].outcome if disk.written else None)))
    office.begin(journey())
    await asyncio.wait_for(office.quiet.wait(), 10.0)
    await office.rest()
    await office.close()
    assert told[-1] == (Outcome.UNSURE, Outcome.UNSURE)
    assert disk.written[0].facts.handed is Handed.BEGUN


async def test_who_closes_waits_for_the_answer_to_a_message(wire: Wire) -> None:
    disk = Disk()
    async with slow_server(0.3) as server:
        office = Office(wire, KEY, disk, lambda _: None)
        office.begin(journey(server))
        await asyncio.sleep(0.15)
        await office.close()
    assert [passage.facts.handed for passage in disk.written] == [Handed.BEGUN, Handed.TAKEN]


async def test_who_closes_does_not_wait_for_ever(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offices, "PARTING_SECONDS", 0.05)
    disk = Disk()
    async with slow_server(5.0) as server:
        office = Office(wire, KEY, disk, lambda _: None)
        office.begin(journey(server))
        await asyncio.sleep(0.15)
        await asyncio.wait_for(office.close(), 2.0)
    assert [passage.facts.handed for passage in disk.written] == [Handed.BEGUN]


async def test_thousands_are_taken_over_without_holding_up_the_others(wire: Wire) -> None:
    disk, told = Disk(), list[str]()
    first = Office(wire, KEY, disk, lambda _: None)
    first.begin(journey())
    await asyncio.wait_for(first.quiet.wait(), 10.0)
    await first.close()
    (sent, *_) = disk.written
    taken = replace(sent, facts=replace(sent.facts, handed=Handed.TAKEN))
    disk.left = [replace(taken, letter=replace(taken.letter, token=f"{number:032}")) for number in range(1_000)]
    office = Office(wire, KEY, disk, lambda trip: told.append(trip.message_id))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    assert await office.adopt({"abc.example": journey()}) == []
    counting.cancel()
    assert len(office.ways) == 1_000
    assert turns >= 8
    async with asyncio.timeout(10.0):
        while len(told) < 1_000:  # noqa: ASYNC110 - each is told when its mailbox has turned out to be away
            await asyncio.sleep(0.01)
    assert len(set(told)) == 1_000
    assert await office.adopt({"abc.example": journey()}) == []
    assert len(office.ways) == 1_000
    await office.close()
