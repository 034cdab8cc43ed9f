"""Writes into the outbox what the pure planning decides: deliveries of new changes, and who takes over what was not proven in time.

A channel that has come to depend on what an open incident reports gives way before its deadline, if another of its chain may be asked.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from notifier.backoff import passed_on
from notifier.doubts import Doubts
from notifier.plan import Matter, Planned, everywhere, overtaken, planned
from notifier.takeover import NOBODY, better, gives_way, moved, successor
from notifier.values import DeliveryState
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from notifier.outbox import Outbox
    from notifier.takeover import Successor
    from notifier.values import Delivery, NotifyPlan, Stored

log = logging.getLogger("mailsonde.notifier")

AT_ONCE = 100  # changes that are planned before anything is delivered again: planning keeps proofs from being written


class Planner:
    """Plans for one outbox. Every method may raise what the outbox raises; done again it does nothing twice.

    Args:
        outbox: remembers.
        doubts: says which channels depend on what is reported just now.
    """

    def __init__(self, outbox: Outbox, doubts: Callable[[], Doubts] = Doubts) -> None:
        self._outbox, self._doubting = outbox, doubts
        self._waiting: list[Stored] = []  # what the outbox named last and is not planned yet

    async def plan(self, plan: NotifyPlan, now: datetime) -> bool:
        """Plan some of what is not planned: the first change of each incident, then the next of each. Return whether there is more."""
        waiting, self._waiting = self._waiting or await self._unplanned(), []  # where the outbox fails it is asked anew
        room = AT_ONCE
        while waiting and room:
            some = _first_of_each(waiting)[:room]
            await self._plan_some(some, plan, now)
            done = {stored.id for stored in some}
            waiting, room = [stored for stored in waiting if stored.id not in done], room - len(some)
        self._waiting = waiting
        return bool(waiting)

    async def _unplanned(self) -> list[Stored]:
        """Return what is to be planned; of an incident's acknowledgements only the last is, the others are told to nobody."""
        waiting = await self._outbox.unplanned()
        old = {stored.id for stored in overtaken(waiting)}
        if old:
            await self._outbox.plan(old, ())
        return [stored for stored in waiting if stored.id not in old]

    async def _plan_some(self, changes: Sequence[Stored], plan: NotifyPlan, now: datetime) -> None:
        new: list[Delivery] = []
        doubts = self._doubts()
        for stored in changes:
            incident = stored.change.incident
            comes = _planned(Matter(stored, await self._outbox.of(incident.id), plan, now, doubts.of(incident)))
            for before, after in comes.dropped:
                await self._outbox.settle(before, after)
            new += comes.new
            _log_plan(stored, comes)
        await self._outbox.plan([stored.id for stored in changes], new)

    async def take_over(self, plan: NotifyPlan, now: datetime) -> list[str]:
        """Ask the next of the chain where a deadline has passed, or the channel is in doubt; return the channels that were taken over."""
        late: list[str] = []
        while some := await self._take_over_some(plan, now):
            late += some
        return late

    async def _take_over_some(self, plan: NotifyPlan, now: datetime) -> list[str]:
        """Do so for those that the outbox names in one look."""
        late: list[str] = []
        doubts = self._doubts()
        for delivery, stored in await self._outbox.awaited():
            matter = Matter(stored, (), plan, now, doubts.of(stored.change.incident))
            overdue = delivery.deadline_at is not None and delivery.deadline_at <= now
            if overdue:
                passed = await self.pass_on(delivery, passed_on(delivery), matter)
            else:
                passed = gives_way(delivery, matter) and await self._give_way(delivery, matter)
            late += [delivery.channel] if passed else []
        return late

    async def _give_way(self, delivery: Delivery, matter: Matter) -> bool:
        """Have another channel be asked before one in doubt; return whether one is. What nobody was asked for yet moves, and comes back."""
        matter = await self._with_past(matter)
        comes = better(delivery, matter)
        if not comes.channels:
            return False
        if delivery.tries or not comes.new:
            await self._hand_on(delivery, passed_on(delivery), comes)
        else:
            await self._outbox.settle(delivery, moved(delivery, comes.new[0], matter))
        why = matter.doubted[delivery.channel]
        log.warning("%s is asked before %s, which %s: %s", ", ".join(comes.channels), delivery.channel, why, delivery.key)
        return True

    async def pass_on(self, before: Delivery, after: Delivery, matter: Matter) -> bool:
        """Settle a delivery, and have the next of its chain take over; return whether one does. The matter's past is read here."""
        matter = await self._with_past(matter)
        comes = successor(before, matter) if before.state is DeliveryState.DUE else NOBODY
        await self._hand_on(before, after, comes)
        for heir in comes.channels:
            why = after.said or "not tried yet"
            log.warning("%s takes over from %s, which gave no proof of %s: %s", heir, before.channel, before.key, why)
        return bool(comes.channels)

    def _doubts(self) -> Doubts:
        """Return which channels are in doubt; where a bug of ours keeps us from knowing, none is."""
        try:
            return self._doubting()
        except Exception:
            log.exception("our own error in finding out what depends on what is reported: every channel is asked in its turn")
            return Doubts()

    async def _with_past(self, matter: Matter) -> Matter:
        incident = matter.stored.change.incident
        return replace(matter, past=await self._outbox.of(incident.id), doubted=self._doubts().of(incident))

    async def _hand_on(self, before: Delivery, after: Delivery, comes: Successor) -> None:
        await self._outbox.settle(before, after, comes.new)
        for earlier, later in comes.hastened:
            await self._outbox.settle(earlier, later)


def _first_of_each(waiting: Sequence[Stored]) -> list[Stored]:
    """Return the oldest change of each incident."""
    first: dict[str, Stored] = {}
    for stored in waiting:
        first.setdefault(stored.change.incident.id, stored)
    return list(first.values())


def _planned(matter: Matter) -> Planned:
    """Return what comes of a change; where a bug of ours keeps us from knowing, it goes to everybody."""
    try:
        return planned(matter)
    except Exception:
        log.exception("our own error in planning a change of incident %s: every channel is told", matter.stored.change.incident.id)
        return everywhere(matter)


def _log_plan(stored: Stored, comes: Planned) -> None:
    """Log who is told of a change; that nobody is told of a beginning, or of an end for which one waits, is a warning; so is doubt."""
    change = stored.change
    for said in comes.late:
        log.warning("of incident %s (%s): %s", change.incident.id, change.incident.cause.key, said)
    channels = [one.channel for one in comes.new if one.state is DeliveryState.DUE]
    if channels:
        told = {"incident": change.incident.id, "change": change.kind.value, "channels": ",".join(channels)}
        log.info("it is to be told", extra={"facts": told})
    elif change.kind is ChangeKind.OPENED:
        log.warning("nobody is told of incident %s (%s): %s", change.incident.id, change.incident.cause.key, "; ".join(comes.words))
    elif comes.lost:
        log.warning(
            "nobody is told of the end of incident %s (%s): %s", change.incident.id, change.incident.cause.key, "; ".join(comes.words)
        )
