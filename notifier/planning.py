"""Writes into the outbox what the pure planning decides: deliveries of new changes, and who takes over what was not proven in time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notifier.backoff import passed_on
from notifier.plan import Matter, Planned, everywhere, overtaken, planned
from notifier.takeover import NOBODY, successor
from notifier.values import DeliveryState
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from notifier.outbox import Outbox
    from notifier.values import Delivery, NotifyPlan, Stored

log = logging.getLogger("mailsonde.notifier")

AT_ONCE = 100  # changes that are planned before anything is delivered again: planning keeps proofs from being written


class Planner:
    """Plans for one outbox. Every method may raise what the outbox raises; done again it does nothing twice."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
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
        for stored in changes:
            comes = _planned(Matter(stored, await self._outbox.of(stored.change.incident.id), plan, now))
            for before, after in comes.dropped:
                await self._outbox.settle(before, after)
            new += comes.new
            _log_plan(stored, comes)
        await self._outbox.plan([stored.id for stored in changes], new)

    async def take_over(self, plan: NotifyPlan, now: datetime) -> list[str]:
        """Ask the next of the chain where a deadline has passed; return the channels that were late."""
        late: list[str] = []
        for delivery, stored in await self._outbox.awaited():
            overdue = delivery.deadline_at is not None and delivery.deadline_at <= now
            if overdue and await self.pass_on(delivery, passed_on(delivery), Matter(stored, (), plan, now)):
                late.append(delivery.channel)
        return late

    async def pass_on(self, before: Delivery, after: Delivery, matter: Matter) -> bool:
        """Settle a delivery, and have the next of its chain take over; return whether one does. The matter's past is read here."""
        matter = Matter(matter.stored, await self._outbox.of(before.incident), matter.plan, matter.now)
        comes = successor(before, matter) if before.state is DeliveryState.DUE else NOBODY
        await self._outbox.settle(before, after, comes.new)
        for earlier, later in comes.hastened:
            await self._outbox.settle(earlier, later)
        heirs = [*comes.new, *(later for _, later in comes.hastened)]
        for heir in heirs:
            why = after.said or "not tried yet"
            log.warning("%s takes over from %s, which gave no proof of %s: %s", heir.channel, before.channel, before.key, why)
        return bool(heirs)


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
    """Log who is told of a change; that nobody is told of a beginning, or of an end for which one waits, is a warning."""
    change = stored.change
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
