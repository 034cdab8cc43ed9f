"""Round trips as the service makes them, for tests: on a real store, keeping what is told; also as a process that can be killed.

python -c "from tests.service.serving_trips import main; main()" LAB_DIR STORE_FOLDER
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lab.ground import open_ground
from probe.wire import Wire
from service.rounds.trips import Trips
from store.ledger import PassageLedger
from store.store import Store
from store.values import TripRun
from tests.conftest import Lab
from tests.probe.lab_trips import KEY, Way
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from probe.values import Journey, Trip

LOST_AFTER_SECONDS = 8.0  # of the trips that are killed


@dataclass
class Serving:
    """What a service of trips told."""

    store: Store
    told: list[Trip] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ended(self) -> list[Trip]:
        """Return the trips that have ended, in the order in which they were told."""
        return [trip for trip in self.told if trip.outcome is not None]

    def tell(self, trip: Trip) -> None:
        """Take a trip, as the service's wiring does."""
        self.told.append(trip)
        self.store.put(TripRun(trip, Verdict(Level.OK)))
        self.news.set()

    async def until(self, holds: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait until something is true after a trip was told."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    await self.news.wait()
                    self.news.clear()
        except TimeoutError:
            said = "\n".join(f"{trip.name} {trip.message_id} {trip.outcome} {trip.waiting_for} {trip.said}" for trip in self.told)
            raise AssertionError(f"not within {seconds:g} s; told was:\n{said}") from None


@asynccontextmanager
async def serving(way: Way) -> AsyncIterator[tuple[Trips, Serving]]:
    """Run trips on a store in the way's folder until the block ends."""
    way.folder.mkdir(exist_ok=True)
    wire, store = Wire(), await Store.open(way.folder / "mailsonde.db")
    kept = Serving(store)
    trips = Trips(wire, KEY, PassageLedger(store), kept.tell, left=way.folder / "mailsonde.trips")
    running = asyncio.create_task(trips.run())
    try:
        yield trips, kept
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await wire.close()
        await store.close()


def journeys(way: Way, every_seconds: float) -> list[Journey]:
    """Return the journeys of the process: over IMAP with TLS and over POP3, all to one mailbox."""
    ways = [way.journey(fetch=fetch, lost_after_seconds=LOST_AFTER_SECONDS) for fetch in ("imap", "imaps", "pop3s")]
    return [replace(one, name=f"{one.fetch.server}-{number}", every_seconds=every_seconds) for one in ways for number in range(2)]


async def _serve(way: Way) -> None:
    async with serving(way) as (trips, kept):
        trips.plan(journeys(way, 0.5))
        await kept.news.wait()
        sys.stdout.write("under way\n")
        sys.stdout.flush()
        await asyncio.sleep(3600)


def main() -> None:
    """Make trips until killed."""
    folder = Path(sys.argv[1])
    asyncio.run(_serve(Way(Lab(folder, open_ground(folder)), Path(sys.argv[2]))))
