"""The round trips of `probe serve`: begins each journey at its times, within its servers' budgets, and follows all trips to their ends.

The grid is that of the checks (rounds/schedule.py). Trips may overlap: one that is under way for hours does not stop the next. It refuses
to pour mail into a hole: while many of a journey are under way, others begin the more seldom the longer the oldest waits (decision 0121).
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic, time
from typing import TYPE_CHECKING

from probe.clock import utc_now
from probe.office import Office
from service.rounds.budget import Cost, Purses, by_place
from service.rounds.inheritance import inherit
from service.rounds.schedule import Rhythm, Schedule, phases
from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from probe.values import Check, Journey, Trip
    from probe.wire import Wire
    from service.rounds.budget import Budget
    from store.ledger import PassageLedger

log = logging.getLogger("mailsonde.trips")

MANY = 6  # trips of one journey under way, from which on others begin more seldom
SHARE = 0.1  # of the oldest one's age: so long is the pause then
LONGEST_PAUSE_SECONDS = 3_600.0
PAUSE_AFTER_BUG_SECONDS = 1.0
CLAIM_AGAIN_SECONDS = 15.0  # what former runs left, when the store could not say
SUBMISSION, READING = Cost(logins=True, messages=True), Cost(logins=True, messages=False)


@dataclass(frozen=True, slots=True)
class TripStats:
    """Plain numbers for metrics and pages."""

    under_way: int = 0
    begun: int = 0  # since the start, as the three that follow
    missed: int = 0  # due while the one before still waited for a budget, or while the process was stopped
    held_back: int = 0  # not begun because many of the journey are under way
    mailboxes_open: int = 0  # readers at work now
    not_written: int = 0  # trips of which the disk has refused to take the latest word


class Trips:
    """All journeys of one service. Make it on the running loop.

    Args:
        wire: drives the conversations.
        key: signs the messages.
        ledger: keeps the trips under way.
        told: is told each trip when it waits for something else or has ended, on the loop; must be quick.
        left: the folder in which `probe run` keeps its trips; those that dead runs left there are taken over.
        purses: what is left of the servers' budgets, where the checks spend out of them too.
    """

    def __init__(
        self,
        wire: Wire,
        key: bytes,
        ledger: PassageLedger,
        told: Callable[[Trip], None],
        *,
        left: Path | None = None,
        purses: Purses | None = None,
    ) -> None:
        self.ledger, self._left = ledger, left
        self._office = Office(wire, key, ledger, told, self._due_seconds)
        self._anchor = monotonic() - time()
        self._schedule = Schedule(self._anchor)
        self._journeys: dict[str, Journey] = {}
        self._ending_at: dict[Check, list[tuple[float, float]]] = {}  # phase and interval of the journeys of each mailbox
        self._purses = purses or Purses()
        self._waiting: dict[str, None] = {}  # journeys that are due and wait for a budget, in their order
        self._new: set[str] = set()  # journeys whose former trips are not adopted yet
        self._woken, self._came = asyncio.Event(), asyncio.Event()  # something is planned anew; a journey is new
        self._counted = TripStats()

    @property
    def stats(self) -> TripStats:
        """Return the numbers as they are now."""
        office = self._office
        return replace(self._counted, under_way=len(office.ways), mailboxes_open=len(office.mailroom), not_written=office.not_written)

    # -- what is planned

    def plan(self, journeys: Iterable[Journey], budgets: Mapping[str, Budget] | None = None) -> None:
        """Replace the set, at any time: who stays keeps its times; trips under way of journeys that are gone end as they must.

        Args:
            journeys: all that are to be made; their names are unique.
            budgets: what each server may be asked for, by its name in the configuration.
        """
        wanted = {journey.name: journey for journey in journeys}
        self._new |= wanted.keys() - self._journeys.keys()
        self._new &= wanted.keys()
        self._came.set()
        self._journeys = wanted
        self._waiting = {name: None for name in self._waiting if name in wanted}
        rhythms = [Rhythm(one.name, one.every_seconds, one.submit.endpoint.place) for one in wanted.values()]
        self._schedule.plan(rhythms, monotonic())
        self._lay_out(phases(rhythms))
        self._office.follow(wanted)
        ends = [check for journey in wanted.values() for check in (journey.submit, journey.fetch)]
        self._purses.change(by_place(ends, budgets or {}))
        self._woken.set()

    def hasten(self, name: str) -> None:
        """Make a trip of this journey as soon as its servers' budgets allow, besides those planned; none while many are under way."""
        if name in self._journeys:
            self._waiting[name] = None
            self._woken.set()

    def _lay_out(self, phase_seconds: Mapping[str, float]) -> None:
        """Note when which mailbox is to be written to."""
        self._ending_at = {}
        for journey in self._journeys.values():
            for check in journey.mailboxes:
                self._ending_at.setdefault(check, []).append((phase_seconds[journey.name], journey.every_seconds))
        self._office.mailroom.keep(self._ending_at)

    def _due_seconds(self, check: Check) -> float | None:
        """Return how long it is until the next trip to a mailbox begins; None = none is planned."""
        since = monotonic() - self._anchor
        return min(((phase - since) % every for phase, every in self._ending_at.get(check, ())), default=None)

    # -- the loop

    async def run(self) -> None:
        """Make the trips until cancelled; then leave the mailboxes and let the ledger have what is known."""
        adopting = asyncio.get_running_loop().create_task(self._adopt())
        try:
            while True:
                self._woken.clear()
                try:
                    self._begin_due()
                except Exception:
                    log.exception("our own error in the schedule of trips")
                    await asyncio.sleep(PAUSE_AFTER_BUG_SECONDS)
                await self._sleep()
        finally:
            adopting.cancel()
            await asyncio.gather(adopting, return_exceptions=True)
            await self._office.close()

    async def _sleep(self) -> None:
        """Sleep until something is due or planned anew."""
        now = monotonic()
        waits = [self._wait_seconds(self._journeys[name], now) for name in self._waiting]
        due = self._schedule.next_at()
        seconds = min([*waits, *([] if due is None else [due - now])], default=None)
        with suppress(TimeoutError):
            async with asyncio.timeout(None if seconds is None else max(seconds, 0.001)):
                await self._woken.wait()

    async def _adopt(self) -> None:
        """Follow what former runs left of the journeys that are new here, once the disk lets us; no trip waits for that."""
        while True:
            await self._came.wait()
            self._came.clear()
            names, self._new = self._new, set()
            try:
                await self._take_over(names)
            except StoreError:  # the ledger has said it
                self._new |= names & self._journeys.keys()
                await asyncio.sleep(CLAIM_AGAIN_SECONDS)
                self._came.set()
            except Exception:
                log.exception("our own error in taking over trips that were under way")

    async def _take_over(self, names: set[str]) -> None:
        if not names:
            return
        if self._left is not None:
            await inherit(self._left, names, self.ledger)
        for trip in await self._office.adopt({name: self._journeys[name] for name in names if name in self._journeys}):
            self._office.tell(trip)

    def _begin_due(self) -> None:
        now = monotonic()
        for due in self._schedule.due(now):
            self._schedule.ended(due.name)  # the next one does not wait for this one's end
            self._count(missed=due.missed + (due.name in self._waiting))
            self._waiting[due.name] = None
        for name in list(self._waiting):
            journey = self._journeys[name]
            if self._held_back(journey):
                del self._waiting[name]
                self._count(held_back=1)
            elif not self._wait_seconds(journey, now):
                del self._waiting[name]
                self._begin(journey, now)

    def _begin(self, journey: Journey, now: float) -> None:
        for place, cost in ((journey.submit.endpoint.place, SUBMISSION), (journey.fetch.endpoint.place, READING)):
            purse = self._purses.of(place)
            purse.take(cost, now)
            purse.open -= 1  # trips are apart by their phases; only the rates are held here
        self._office.begin(journey)
        self._count(begun=1)

    def _wait_seconds(self, journey: Journey, now: float) -> float:
        """Return how long the budgets want a journey to wait."""
        ends = ((journey.submit.endpoint.place, SUBMISSION), (journey.fetch.endpoint.place, READING))
        return max(self._purses.of(place).wait_seconds(cost, now) for place, cost in ends)

    def _held_back(self, journey: Journey) -> bool:
        """Return whether so many trips of a journey are under way, and for so long, that the next tick is soon enough."""
        began = [way.passage.facts.began_at for way in self._office.ways.named(journey.name)]
        if len(began) < MANY:
            return False
        now = utc_now()
        pause = min((now - min(began)).total_seconds() * SHARE, LONGEST_PAUSE_SECONDS)
        return (now - max(began)).total_seconds() < pause - journey.every_seconds / 2

    def _count(self, *, begun: int = 0, missed: int = 0, held_back: int = 0) -> None:
        was = self._counted
        self._counted = replace(was, begun=was.begun + begun, missed=was.missed + missed, held_back=was.held_back + held_back)
