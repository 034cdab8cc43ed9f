"""Who runs checks and trips for one `probe run`: writes the test message where a check sends one, opens the ledger, and uses one wire."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from probe.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from probe import Check, Journey, Result, Trip
    from probe.wire import Wire
    from service.rounds.work import Work

TOKEN_BYTES = 16


def compose(check: Check, key: bytes) -> bytes:
    """Return the test message that a check with `send: message` sends to its own mailbox; b"" for any other check."""
    if check.send != "message" or check.mailbox is None:
        return b""
    from probe.message import Letter, build  # noqa: PLC0415 - most runs send none

    address = check.mailbox.address
    return build(Letter(address, address, secrets.token_hex(TOKEN_BYTES), utc_now()), key).raw


class Crew:
    """Runs on one wire, for one piece of work.

    Args:
        work: what is to be done, and where its ledger lies.
        wire: drives the conversations.
        complain: is told, in a sentence, what the ledger could not read or write.
    """

    def __init__(self, work: Work, wire: Wire, complain: Callable[[str], None]) -> None:
        self._work = work
        self._wire = wire
        self._complain = complain

    async def probe(self, check: Check) -> Result:
        """Run one check."""
        return await self._wire.run(check, compose(check, self._work.key))

    async def travel(self, journeys: Sequence[Journey], on_change: Callable[[Trip], None]) -> list[Trip]:
        """Make these trips, as long as the work says, and look for those that earlier runs left under way.

        Returns: one trip for each journey in their order, then those of earlier runs.
        """
        from probe.ledger import Ledger  # noqa: PLC0415 - most runs make no trip
        from probe.roundtrip import travel  # noqa: PLC0415 - as above

        late = max(journey.late_after_seconds for journey in journeys)
        wait_seconds = late if self._work.wait_seconds is None else self._work.wait_seconds
        with Ledger(self._work.ledger) as ledger:
            try:
                trips = await travel(self._wire, journeys, self._work.key, ledger, wait_seconds, on_change=on_change)
            finally:
                for complaint in ledger.complaints:
                    self._complain(complaint)
        return self._spoken_of(trips, {journey.name for journey in journeys})

    def _spoken_of(self, trips: list[Trip], names: set[str]) -> list[Trip]:
        """Return the trips to tell of: where a part was chosen, those of earlier runs only if they belong to it."""
        return [trip for trip in trips if trip.name in names] if self._work.partial else trips
