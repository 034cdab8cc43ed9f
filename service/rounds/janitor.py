"""Tidies the test mailboxes: once a day, one after the other, it removes our own old test messages from every folder, and nothing else.

What it finds was left by a killed run, by a prober that is gone, by a check that sends whole messages. How old it must be: twice as long as
a trip may take here, and a week at the least, for another prober that shares key and mailbox may be more patient (decision 0122).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

from probe import janitor_imap, janitor_pop3
from probe.clock import utc_now
from probe.leftovers import Leftovers
from service.logs import facts
from service.rounds.schedule import fraction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from probe.dialogue import Dialogue
    from probe.values import Check, Journey, Result
    from probe.wire import Wire

log = logging.getLogger("mailsonde.janitor")

FIRST_SECONDS = 3_600.0  # after the start, or after a mailbox has come
EVERY_SECONDS = 86_400.0
SPREAD = 0.2  # of these, by the mailbox's name: not all at the same time of day
BETWEEN_SECONDS = 1.0  # two mailboxes
LEAST_AGE_SECONDS = 7 * 86_400.0
PATIENCE_SECONDS = 60.0  # for each command: to search the headers of a thousand messages takes its time
SWEEPS: Mapping[str, Callable[[Check, Leftovers], Dialogue]] = {"imap": janitor_imap.sweep, "pop3": janitor_pop3.sweep}


@dataclass(frozen=True, slots=True)
class Rota:
    """How often the janitor comes. The values are for tests; there is nothing to configure."""

    first_seconds: float = FIRST_SECONDS
    every_seconds: float = EVERY_SECONDS
    between_seconds: float = BETWEEN_SECONDS
    least_age_seconds: float = LEAST_AGE_SECONDS


@dataclass(frozen=True, slots=True)
class JanitorStats:
    """Plain numbers for metrics and pages."""

    swept: int = 0  # mailboxes, since the start
    failed: int = 0  # visits that ended in a fault
    removed: int = 0  # messages


@dataclass(slots=True)
class _Turn:
    """One mailbox: through which check it is read, and when it is its turn."""

    check: Check
    age_seconds: float
    at: float  # monotonic second


class Janitor:
    """The janitor of one service.

    Args:
        wire: drives the conversations.
        key: signed the messages.
        rota: how often.
    """

    def __init__(self, wire: Wire, key: bytes, rota: Rota | None = None) -> None:
        self._wire, self._key, self._rota = wire, key, rota or Rota()
        self._turns: dict[str, _Turn] = {}  # by the mailbox's address
        self._woken = asyncio.Event()
        self.stats = JanitorStats()

    def plan(self, journeys: Iterable[Journey], checks: Iterable[Check] = ()) -> None:
        """Replace the mailboxes: those that trips end in, then those that checks can read. Who stays keeps its turn."""
        self._adopt(self._turns_of(journeys, checks))

    async def replan(self, journeys: Iterable[Journey], checks: Iterable[Check]) -> None:
        """Do as `plan` does, in a thread while probes run: thousands of checks take tenths of a second."""
        self._adopt(await asyncio.to_thread(self._turns_of, journeys, checks))

    def _turns_of(self, journeys: Iterable[Journey], checks: Iterable[Check]) -> dict[str, _Turn]:
        turns: dict[str, _Turn] = {}
        now = monotonic()
        for check, age in self._readable(journeys, checks):
            address = check.mailbox.address.lower() if check.mailbox else ""
            turn = turns.setdefault(address, _Turn(check, age, now + self._spread(self._rota.first_seconds, address)))
            turn.age_seconds = max(turn.age_seconds, age)
            if check.kind == "imap" and turn.check.kind != "imap":  # it sees every folder
                turn.check = check
        return turns

    def _adopt(self, turns: dict[str, _Turn]) -> None:
        for address in turns.keys() & self._turns.keys():
            turns[address].at = self._turns[address].at
        self._turns = turns
        self._woken.set()

    def _readable(self, journeys: Iterable[Journey], checks: Iterable[Check]) -> Iterable[tuple[Check, float]]:
        """Yield the checks that read a mailbox, and the age in seconds from which ours are leftovers there."""
        least = self._rota.least_age_seconds
        ends = [(end, max(least, 2 * journey.lost_after_seconds)) for journey in journeys for end in journey.mailboxes]
        for check, age in (*ends, *((check, least) for check in checks)):
            mailbox = check.mailbox
            if check.kind in SWEEPS and not check.forbidden and mailbox is not None and (mailbox.password or mailbox.token):
                yield check, age

    def _spread(self, seconds: float, address: str) -> float:
        return seconds * (1 + SPREAD * fraction(address))

    async def run(self) -> None:
        """Tidy until cancelled; a mailbox that is being tidied then gets its farewell."""
        while True:
            self._woken.clear()
            address = min(self._turns, key=lambda one: self._turns[one].at, default=None)
            wait = None if address is None else max(0.0, self._turns[address].at - monotonic())
            if address is not None and not wait:
                turn = self._turns[address]
                turn.at = monotonic() + self._spread(self._rota.every_seconds, address)
                await self._visit(turn)
                wait = self._rota.between_seconds
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()

    async def _visit(self, turn: _Turn) -> None:
        try:
            result = await self.sweep(turn.check, turn.age_seconds)
        except Exception:
            log.exception("our own error in tidying %s", turn.check.name)
            return
        removed, stats = int(result.readings.get("removed", 0)), self.stats
        failed = result.fault is not None
        self.stats = replace(stats, swept=stats.swept + (not failed), failed=stats.failed + failed, removed=stats.removed + removed)
        if result.fault is not None:
            fault = result.fault
            log.info(
                "a test mailbox was not tidied", extra=facts(check=turn.check.name, fault=fault.kind, step=fault.step, said=fault.said)
            )
        elif removed:
            log.info("own old test messages were removed", extra=facts(check=turn.check.name, messages=removed))

    async def sweep(self, check: Check, age_seconds: float) -> Result:
        """Tidy one mailbox now: remove what is ours and older than that. Returns the conversation; `removed` is among its readings."""
        leftovers = Leftovers(self._key, utc_now() - timedelta(seconds=age_seconds))
        patient = replace(check, timeout_seconds=max(check.timeout_seconds, PATIENCE_SECONDS))
        return await self._wire.talk(patient, SWEEPS[check.kind](patient, leftovers))
