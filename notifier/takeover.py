"""Who takes over when a channel gives no proof in time, or never will: the next of the chain that may, and has heard nothing newer. Pure.

What one channel hears of an incident stays in order: nobody takes over what is older than anything that he is told, nor anything but the
closing once that is planned. The closing is taken over only where the opening got through: else nobody there waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from notifier.past import asked, is_escalation, may_have_told
from notifier.plan import Matter, delivery
from notifier.route import Telling, refusals, tell
from notifier.values import DeliveryState
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from notifier.values import Delivery


@dataclass(frozen=True, slots=True)
class Successor:
    """Who goes on."""

    new: tuple[Delivery, ...] = ()
    hastened: tuple[tuple[Delivery, Delivery], ...] = ()  # one that was to be told later, and is told now: before, after


NOBODY = Successor()


def successor(late: Delivery, matter: Matter) -> Successor:
    """Return who takes over a delivery, as things stand now."""
    if _too_late(late, matter) or _unheard(late, matter):
        return NOBODY
    closing = matter.stored.change.kind is ChangeKind.CLOSED
    refused = {} if closing else refusals(matter.stored.change.incident, matter.plan)
    rest = late.chain[late.chain.index(late.channel) + 1 :]
    for channel in tell(rest, late.origin, matter.plan, refused).channels:
        there = [one for one, _ in matter.past if one.channel == channel]
        if any(one.number > late.number and _counts(one) for one in there):
            return NOBODY
        same = next((one for one in there if one.number == late.number), None)
        if same is None:
            return Successor((delivery(matter, channel, Telling(late.chain, rest, late.origin)),))
        if same.state not in {DeliveryState.REFUSED, DeliveryState.GIVEN_UP, DeliveryState.DROPPED}:
            return _hastened(same, late, matter)
    return NOBODY


def _counts(one: Delivery) -> bool:
    """Say whether somebody was told by it, or is about to be: not so by what only waits to escalate."""
    return may_have_told(one) or (asked(one) and not is_escalation(one))


def _too_late(late: Delivery, matter: Matter) -> bool:
    """Say whether the incident's end is planned already."""
    return any(stored.change.kind is ChangeKind.CLOSED and stored.change.number > late.number for _, stored in matter.past)


def _unheard(late: Delivery, matter: Matter) -> bool:
    """Say whether it is the end of something of which this channel surely told nobody, though it tried."""
    earlier = [one for one, _ in matter.past if one.channel == late.channel and one.number < late.number and may_have_told(one)]
    closing = matter.stored.change.kind is ChangeKind.CLOSED
    return closing and bool(earlier) and not any(one.state is DeliveryState.SENT for one in earlier)


def _hastened(same: Delivery, late: Delivery, matter: Matter) -> Successor:
    """Return the successor where the next channel has this change already: an escalation to it does not wait any longer."""
    if not is_escalation(same) or same.tries:
        return NOBODY
    fresh = delivery(matter, same.channel, Telling(late.chain, (same.channel,), late.origin))
    return Successor(hastened=((same, replace(fresh, id=same.id)),))
