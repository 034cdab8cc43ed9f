"""Writes into the outbox what came of a try: a proof, another try, or that it never gets through here; counts and logs it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from notifier.backoff import failed, proven, refused
from notifier.grouping import key_of
from notifier.plan import Matter
from notifier.values import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from notifier.lane import Lane, Tally
    from notifier.outbox import Outbox
    from notifier.planning import Planner
    from notifier.values import Delivery, NotDeliveredError, NotifyPlan, Stored

    Batch = Sequence[tuple[Delivery, Stored]]  # told in one notice, the first of it first

log = logging.getLogger("mailsonde.notifier")

GONE = "there is no such channel any more"


class Settler:
    """Settles for one outbox. Every method may raise what the outbox raises, and may then be called again."""

    def __init__(self, outbox: Outbox, planner: Planner) -> None:
        self._outbox, self._planner = outbox, planner

    async def proven(self, lane: Lane, batch: Batch, proof: str, now: datetime) -> None:
        """The far side has acknowledged a notice."""
        for delivery, _ in batch:
            told = proof if delivery is batch[0][0] else f"told with {batch[0][0].key}: {proof}"
            await self._outbox.settle(delivery, proven(delivery, told, now))
        tally = lane.tally
        if tally.last_error:
            lane.back = True
            log.info("%s works again", lane.plan.name)
        tally.sent += len(batch)
        tally.last_proof_at, tally.last_proof, tally.last_error = now, proof, ""

    async def unproven(self, lane: Lane, batch: Batch, error: NotDeliveredError, plan: NotifyPlan, now: datetime) -> None:
        """A try gave no proof: it is tried again, or never."""
        why, tally = str(error), lane.tally
        if error.again:
            await self._again(tally, batch, why, now)
        else:
            await self.refuse(batch, why, plan, now, tally)
        if why != tally.last_error:
            log.warning("%s gave no proof of %s: %s", lane.plan.name, key_of(batch), why)
        lane.back = False
        tally.failed, tally.last_error = tally.failed + 1, why

    async def _again(self, tally: Tally, batch: Batch, why: str, now: datetime) -> None:
        for delivery, _ in batch:
            after = failed(delivery, why, now)
            await self._outbox.settle(delivery, after)
            if after.state is DeliveryState.GIVEN_UP:
                tally.given_up += 1
                log.error("given up after %d tries over %s: %s (%s)", after.tries, after.channel, after.key, why)

    async def refuse(self, batch: Batch, why: str, plan: NotifyPlan, now: datetime, tally: Tally) -> None:
        """What never gets through here: the next of its chain takes over at once."""
        for delivery, stored in batch:
            passed = await self._planner.pass_on(delivery, refused(delivery, why, now), Matter(stored, (), plan, now))
            tally.refused += 1
            tally.taken_over += passed

    async def gone(self, batch: Batch, plan: NotifyPlan, now: datetime) -> None:
        """What was to go over a channel that is not configured any more: the routes in force say who is told instead."""
        for delivery, stored in batch:
            passed = await self._planner.pass_on(delivery, refused(delivery, GONE, now), Matter(stored, (), plan, now))
            if not passed and delivery.state is DeliveryState.DUE:
                told = (delivery.incident, stored.change.incident.cause.key, delivery.channel, delivery.key)
                log.warning("incident %s (%s): nobody takes over from %s, which is gone, what it was to tell (%s)", *told)
