"""Who runs checks and trips for one `probe run`: writes the test message where a check sends one, and hands both to the wire."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from probe.clock import utc_now

if TYPE_CHECKING:
    from probe import Check, Journey, Result, Trip
    from probe.wire import Wire
    from service.work import Work

TOKEN_BYTES = 16


def compose(check: Check, key: bytes) -> bytes:
    """Return the test message that a check with `send: message` sends to its own mailbox; b"" for any other check."""
    if check.send != "message" or check.mailbox is None:
        return b""
    from probe.message import Letter, build  # noqa: PLC0415 - most runs send none

    address = check.mailbox.address
    return build(Letter(address, address, secrets.token_hex(TOKEN_BYTES), utc_now()), key).raw


class Crew:
    """Runs on one wire, for one piece of work."""

    def __init__(self, work: Work, wire: Wire) -> None:
        self._work = work
        self._wire = wire

    async def probe(self, check: Check) -> Result:
        """Run one check."""
        return await self._wire.run(check, compose(check, self._work.key))

    async def travel(self, journey: Journey) -> Trip:
        """Make one trip, for as long as the work says."""
        raise NotImplementedError(journey.name)
