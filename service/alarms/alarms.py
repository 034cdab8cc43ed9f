"""From verdicts to incidents, as they come: hears each, has what is in doubt probed again, reviews, and stores what changed.

It decides nothing itself: `thresholds.incidents` does. A change that the disk does not take waits here and is tried again; nobody is told
of it before it stands on the disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from functools import partial
from secrets import token_hex
from time import monotonic
from typing import TYPE_CHECKING

from probe.clock import utc_now
from service.alarms.cells import cells_of, near_run, near_trip, of_run, of_trip, trip_cell
from service.alarms.repeats import Repeats
from service.alarms.told_trips import ToldTrips
from service.logs import facts
from service.rounds.calm import calmly
from service.rounds.work import Work
from store.errors import StoreError
from store.incidents import open_incidents, recently_closed, save, update
from store.mutes import mutes
from thresholds.blame import causes
from thresholds.incident_values import ChangeKind, Mutes, Rules
from thresholds.incidents import Watch
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from store.store import Store
    from store.values import Run, TripRun
    from thresholds.incident_values import Cause, Change, Incident, Observation
    from thresholds.ways import Way

log = logging.getLogger("mailsonde.alarms")

BREATH_SECONDS = 0.2  # between two reviews: what comes together is judged together
AGAIN_SECONDS = 1.0  # after which the disk is asked again
JOINED_SECONDS = 5.0  # between two storings of incidents of which nothing is told
LONGEST_SLEEP_SECONDS = 2.0  # nothing rings when the prober falls sick or gets well, or the wall clock is set; a look costs a microsecond


class Alarms:
    """The incidents of one service. Make it on the running loop.

    Args:
        store: remembers them.
        probe: probes a check at once, by its name.
        travel: begins a trip at once, by its journey's name.
        sick: says why the prober is in doubt of itself; "" = it is well.
    """

    def __init__(
        self, store: Store, probe: Callable[[str], Awaitable[object]], travel: Callable[[str], None], sick: Callable[[], str]
    ) -> None:
        self._store, self._probe, self._travel, self._sick = store, probe, travel, sick
        self.configured = Mutes()  # by the configuration alone
        self._made = Mutes()  # by people, as the store knows them
        self.mutes = Mutes()
        self.changed: Callable[[], None] = lambda: None  # somebody is to be told
        self.watch = Watch(Rules(), lambda: f"i{token_hex(4)}")
        self._repeats = Repeats(self._ask)
        self._trips = ToldTrips()
        self._unsaved: list[Change] = []
        self._joined: dict[str, Incident] = {}  # changed without anything to tell, and not stored yet
        self._joined_at = 0.0  # monotonic second at which such were stored last
        self._trouble = ""  # what the disk said last, until it is well
        self._storing = asyncio.Lock()  # a change is taken off the list by whoever has stored it
        self._acting = asyncio.Lock()  # held while incidents change: what somebody does is stored before it is done
        self.opened: Counter[str] = Counter()  # incidents since the start, by the kind of their cause
        self._bell = asyncio.Event()
        self._recalled = False
        self._work = Work()

    @property
    def levels(self) -> Mapping[Level, int]:
        """Return how many incidents are open, by level."""
        return Counter(incident.level for incident in self.watch.open)

    # -- what is planned

    async def _recall(self) -> None:
        """Go on with what a former process left open, as soon as the disk says what it is."""
        while not self._recalled:
            try:
                await self._recall_once()
            except StoreError as error:
                log.error("what incidents are open cannot be read yet: %s", error)  # noqa: TRY400 - the line says all
                await asyncio.sleep(AGAIN_SECONDS)
            except Exception:
                log.exception("our own error in reading what incidents are open")
                await asyncio.sleep(AGAIN_SECONDS)

    async def _recall_once(self) -> None:
        """Read all of it before any of it is in force: an incident without its silence would be told."""
        await self.read_mutes()
        closed = await recently_closed(self._store, utc_now(), self.watch.rules.flap_seconds)
        self.watch.restore(await open_incidents(self._store), closed)
        self._recalled = True
        self._bell.set()

    async def plan(self, work: Work, needs: Mapping[str, tuple[str, ...]], rules: Rules, configured: Mutes) -> None:
        """Replace what is watched, and what the configuration mutes, at any time."""
        self._work = work
        self.watch.rules = rules
        self.watch.plan(await asyncio.to_thread(list, cells_of(work, needs)), utc_now())
        self.configured = configured
        self._mute()

    # -- what is heard

    def heard(self, run: Run) -> None:
        """Take a conversation's verdict; quick."""
        seen, work = of_run(run, utc_now()), self._work
        good = seen.verdict.level is Level.OK
        if good and not self.watch.troubled(seen.cell):
            self.watch.saw(seen)
            return
        self._saw(seen, near=good and near_run(run, work.limits, self.watch.rules.recovery, work.site))

    def heard_trip(self, run: TripRun, way: Way | None = None) -> None:
        """Take a trip's verdict: when it is late, and when it has ended. `way`: what the servers' logs tell of it."""
        seen = of_trip(run, utc_now(), way)
        if seen is not None and (self._trips.is_news(run) or seen.proofs):
            good = seen.verdict.level is Level.OK
            self._saw(seen, near=good and near_trip(run, self._work.limits, self.watch.rules.recovery))

    def _saw(self, seen: Observation, *, near: bool = False) -> None:
        """Take a verdict of a cell in trouble, and ask again where that may decide it."""
        again = self.watch.saw(seen, near=near)
        if again is not None:
            self._repeats.ask(seen.cell, again)
            for witness in self.watch.witnesses(seen.cell):
                self._repeats.ask(witness, 0.0)
        self._bell.set()

    async def _ask(self, cell: str) -> None:
        """Probe a cell once more: a check is run, another trip is begun; one message tells nothing twice."""
        if cell.startswith(trip_cell("")):
            self._travel(cell.removeprefix(trip_cell("")))
        else:
            await self._probe(cell)

    # -- what comes of it

    async def run(self) -> None:
        """Review whenever something was heard or is due, until cancelled."""
        try:
            await self._recall()
            while True:
                await self._sleep()
                self._bell.clear()
                await self._turn()
        finally:
            await self._repeats.close()
            with suppress(StoreError):
                await self._store_unsaved()

    async def _turn(self) -> None:
        """Review, and store what has changed; our own bug in it ends nothing."""
        try:
            async with self._acting:
                await self._name()
                self.note(*self.watch.review(utc_now(), self.mutes, self._sick()))
            await self._save()
        except Exception:
            log.exception("our own error in the review of incidents")
            await asyncio.sleep(AGAIN_SECONDS)

    async def _name(self) -> None:
        """Have causes named beside the loop, where any are to be. Where our own bug keeps us from it, each cell stands for itself."""
        known = self.watch.question(utc_now(), self._sick())
        if known is None:
            return
        found: tuple[Cause, ...] = ()
        try:
            found = await calmly(partial(causes, known))
        except Exception:
            log.exception("our own error in naming causes")
        self.watch.answer(known, found, utc_now())

    def note(self, *changes: Change) -> None:
        """Have these changes stored, and told after that."""
        self._unsaved += changes
        self._noted(*changes)

    def _noted(self, *changes: Change) -> None:
        for change in changes:
            self._joined.pop(change.incident.id, None)  # it is stored with the change, as it is now
            self.opened[change.incident.cause.kind.value] += change.number == 1
            _log(change)
        if changes:
            self._bell.set()

    async def deed(self, incident: str, act: Callable[[Watch], Change]) -> Incident:
        """Do what somebody asks of an incident: all of it, or nothing. A second watch says what would come of it; that is stored first.

        Raises: KeyError, ValueError with a sentence: it cannot be done; StoreError: it is not done, and nothing of it stands.
        """
        return await asyncio.shield(self._done(incident, act))  # whoever asked may go meanwhile; it is done or not, never by half

    async def _done(self, incident: str, act: Callable[[Watch], Change]) -> Incident:
        async with self._acting:
            trial = Watch(self.watch.rules, str)
            trial.restore(one for one in self.watch.open if one.id == incident)
            planned = act(trial)
            async with self._storing:
                changes = list(self._unsaved)
                await save(self._store, [*changes, planned])
                del self._unsaved[: len(changes)]
            self._noted(act(self.watch))
        self.changed()
        return planned.incident

    async def read_mutes(self) -> None:
        """Put in force what the store and the configuration say is not to be told now. Raises: StoreError."""
        self._made = await mutes(self._store, utc_now())
        self._mute()

    def _mute(self) -> None:
        windows = (*self.configured.maintenances, *self._made.maintenances)
        self.mutes = replace(self.configured, silences=self._made.silences, maintenances=windows)
        self._bell.set()

    async def _sleep(self) -> None:
        due = self.watch.next_at()
        seconds = LONGEST_SLEEP_SECONDS if due is None else (due - utc_now()).total_seconds()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(max(seconds, 0.0), LONGEST_SLEEP_SECONDS)):
                await self._bell.wait()
        await asyncio.sleep(BREATH_SECONDS)

    async def _save(self) -> None:
        """Store what has changed; a disk that takes nothing is asked again, and meanwhile nobody is told."""
        try:
            await self._store_joined()
            await self._store_unsaved()
        except StoreError as error:
            if str(error) != self._trouble:
                log.error("changes of incidents wait for the disk: %s", error)  # noqa: TRY400 - the line says all
            self._trouble = str(error)
            await asyncio.sleep(AGAIN_SECONDS)
            self._bell.set()
            return
        if self._trouble:
            log.info("changes of incidents are written down again")
        self._trouble = ""

    async def _store_unsaved(self) -> None:
        async with self._storing:
            changes = list(self._unsaved)
            if changes:
                await save(self._store, changes)
                del self._unsaved[: len(changes)]
                self.changed()

    async def _store_joined(self) -> None:
        """Store, now and then, what changed of incidents without anything to tell: a large one that recovers changes at every review."""
        self._joined |= {incident.id: incident for incident in self.watch.touched()}
        if not self._joined or monotonic() < self._joined_at + JOINED_SECONDS:
            return
        async with self._storing:
            self._joined_at = monotonic()
            for incident in list(self._joined.values()):
                await update(self._store, incident)
                if self._joined.get(incident.id) is incident:
                    del self._joined[incident.id]


def _log(change: Change) -> None:
    incident = change.incident
    told: dict[str, object] = {"incident": incident.id, "cause": incident.cause.key, "worst": incident.level.name}
    told |= {"cells": len(incident.failing or incident.cells)} | ({"muted": change.muted} if change.muted else {})
    (log.info if change.kind is ChangeKind.CLOSED else log.warning)("an incident was %s", change.kind.value, extra=facts(**told))
