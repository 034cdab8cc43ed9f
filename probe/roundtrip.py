"""Round trips made once, for whoever waits: begins them, awaits their ends up to a time, and leaves the rest to the ledger."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from probe.ledger import OffLoop
from probe.office import OPENING_SECONDS, Office
from probe.passage import trip_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from probe.ledger import Ledger
    from probe.values import Journey, Trip
    from probe.wire import Wire


async def travel(
    wire: Wire,
    journeys: Iterable[Journey],
    key: bytes,
    ledger: Ledger,
    wait_seconds: float,
    *,
    on_change: Callable[[Trip], None] | None = None,
) -> list[Trip]:
    """Make each journey once, and look for what killed runs have left under way.

    Args:
        wire: drives the conversations.
        journeys: the trips to make; their names are unique.
        key: signs the messages.
        ledger: where the trips are kept; what has not ended when time is up stays there.
        wait_seconds: how long to wait, and a moment more for a second copy where the first has come; a trip that has not ended by then
            is returned with outcome None and what it waits for.
        on_change: is told each trip when it has ended or waits for something else.

    Returns:
        One trip for each journey, in their order, then those of earlier runs.
    """
    latest: dict[str, Trip] = {}  # by Message-ID

    def tell(trip: Trip) -> None:
        latest[trip.message_id] = trip
        if on_change is not None:
            on_change(trip)

    wanted = list(journeys)
    office = Office(wire, key, OffLoop(ledger), tell)
    office.opening_seconds = min(OPENING_SECONDS, wait_seconds)
    until = monotonic() + wait_seconds
    try:
        over = await office.adopt({journey.name: journey for journey in wanted})
        fresh = [office.begin(journey) for journey in wanted]
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - monotonic(), 0.0)):
                await office.quiet.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(office.ways.settling_seconds()):
                await office.quiet.wait()
        await office.rest()
    finally:
        await office.close()
    latest |= {trip.message_id: trip for trip in (trip_of(way.passage, way.waiting_for) for way in office.ways.all())}
    return [*(latest.pop(message_id) for message_id in fresh), *latest.values(), *over]
