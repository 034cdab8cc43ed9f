"""The service's round trips on the real lab and a real store: begun at their times, told at each change, followed across restarts."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from lab import dovecot, faults, postfix, processes
from probe.ledger import Ledger
from probe.values import Outcome
from probe.wire import Wire
from service.trips import Trips
from store.ledger import PassageLedger
from store.store import Store
from store.values import TripRun
from tests.probe.lab_trips import KEY, Way
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from probe.values import Trip
    from tests.conftest import Lab

pytestmark = pytest.mark.lab
ALPHA = "probe@alpha.test"


@dataclass
class Serving:
    """A service of trips under test: what it was told."""

    trips: Trips
    store: Store
    told: list[Trip] = field(default_factory=list)

    @property
    def ended(self) -> list[Trip]:
        return [trip for trip in self.told if trip.outcome is not None]

    def tell(self, trip: Trip) -> None:
        self.told.append(trip)
        self.store.put(TripRun(trip, Verdict(Level.OK)))

    async def until(self, holds: Callable[[], bool], seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)


@asynccontextmanager
async def serving(way: Way) -> AsyncIterator[Serving]:
    """Run trips on a store in the way's folder until the block ends."""
    way.folder.mkdir(exist_ok=True)
    store = await Store.open(way.folder / "mailsonde.db")
    wire = Wire()
    told: list[Serving] = []
    trips = Trips(wire, KEY, PassageLedger(store), lambda trip: told[0].tell(trip), left=way.folder / "mailsonde.trips")
    told.append(Serving(trips, store))
    running = asyncio.create_task(trips.run())
    try:
        yield told[0]
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await wire.close()
        await store.close()


@pytest.fixture
def way(lab: Lab, tmp_path: Path) -> Iterator[Way]:
    dovecot.empty(lab.ground, ALPHA)
    yield Way(lab, tmp_path / "service")
    if faults.in_force(lab.ground):
        faults.clear(lab.ground)
    for instance in postfix.INSTANCES:
        postfix.purge(lab.ground, instance)
    dovecot.empty(lab.ground, ALPHA)


def lying(lab: Lab) -> int:
    """Count the messages of the mailbox, in every folder."""
    home = dovecot.home(lab.ground, ALPHA) / "Maildir"
    return sum(path.is_file() for part in ("new", "cur") for path in home.glob(f"**/{part}/*"))


async def test_trips_go_on_and_on_and_each_ends_once(way: Way) -> None:
    journeys = [replace(way.journey(), name=f"trip-{number}", every_seconds=2.0) for number in range(4)]
    async with serving(way) as service:
        service.trips.plan(journeys)
        await service.until(lambda: len(service.ended) >= 12)
        assert service.trips.stats.begun >= 12
    assert {trip.outcome for trip in service.ended} == {Outcome.DELIVERED}
    assert set(Counter(trip.message_id for trip in service.ended).values()) == {1}
    assert {trip.name for trip in service.ended} == {journey.name for journey in journeys}
    assert lying(way.lab) == 0 or len(service.told) > len(service.ended)


async def test_what_was_under_way_is_followed_by_the_next_service(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    journey = replace(way.journey(lost_after_seconds=60.0), every_seconds=1.5)
    async with serving(way) as first:
        first.trips.plan([journey])
        await first.until(lambda: any(trip.submit_seconds is not None for trip in first.told))
    assert first.ended == []
    begun = {trip.message_id for trip in first.told}
    await asyncio.to_thread(faults.clear, way.lab.ground)
    async with serving(way) as second:
        second.trips.plan([replace(journey, every_seconds=300.0)])
        await second.until(lambda: len(second.ended) >= len(begun))
    assert {trip.message_id for trip in second.ended} >= begun
    assert lying(way.lab) == 0


async def test_trips_of_a_run_beside_the_store_are_taken_over(way: Way) -> None:
    await asyncio.to_thread(faults.inject, way.lab.ground, ["held"])
    files = Way(way.lab, way.folder / "mailsonde.trips")
    way.folder.mkdir()
    (left,) = await files.make(files.journey(lost_after_seconds=60.0), wait_seconds=2.0)
    assert left.outcome is None
    await asyncio.to_thread(faults.clear, way.lab.ground)
    async with serving(way) as service:
        service.trips.plan([replace(way.journey(), every_seconds=300.0)])
        await service.until(lambda: left.message_id in {trip.message_id for trip in service.ended})
    with Ledger(files.folder) as ledger:
        assert ledger.claim([left.name], left.started_at) == []
    assert await asyncio.to_thread(processes.until, lambda: lying(way.lab) == 0, 5.0)
