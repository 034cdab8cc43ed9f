"""Who takes over when a channel gives no proof in time, or never will: the next of the chain that may, and has heard nothing newer. Pure.

What one channel hears of an incident stays in order: nobody takes over what is older than anything that he is told, nor anything but the
closing once that is planned. The closing is taken over only where the opening got through: else nobody there waits for it. For a channel
that is not configured any more the routes in force say who is told instead: its old chain may be as old as it is.

A channel in doubt (doubts.py) gives way to one that is not, without waiting for its deadline. What nobody was asked for yet moves there,
and comes back if that one gives no proof; what was tried is tried on, beside who takes over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from notifier.past import asked, is_escalation, may_have_told
from notifier.plan import Matter, delivery, steps
from notifier.route import Telling, decide, refusals, tell
from notifier.values import DeliveryState
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifier.values import Delivery

FOR_WHO_HEARD = frozenset({ChangeKind.ACKNOWLEDGED, ChangeKind.CLOSED})  # not told by routes while anything of the old chain is left


@dataclass(frozen=True, slots=True)
class Successor:
    """Who goes on."""

    new: tuple[Delivery, ...] = ()
    hastened: tuple[tuple[Delivery, Delivery], ...] = ()  # one that was to be told later, and is told now: before, after

    @property
    def channels(self) -> tuple[str, ...]:
        """Return who is asked now."""
        return tuple(one.channel for one in (*self.new, *(later for _, later in self.hastened)))


NOBODY = Successor()


def successor(late: Delivery, matter: Matter) -> Successor:
    """Return who takes over a delivery, as things stand now."""
    if _too_late(late, matter) or _unheard(late, matter):
        return NOBODY
    rest = _rest(late, matter)
    here = any(one.name == late.channel for one in matter.plan.channels)
    if here or (rest.channels and matter.stored.change.kind in FOR_WHO_HEARD):
        return _first_of(rest, late, matter)
    return _in_force(late, matter)


def gives_way(one: Delivery, matter: Matter) -> bool:
    """Say, quickly and without its past, whether news are on their way over a channel in doubt; an escalation waits for its time."""
    waits = is_escalation(one) and not one.tries and one.due_at is not None and one.due_at > matter.now
    if one.channel not in matter.doubted or waits or matter.stored.change.kind in FOR_WHO_HEARD:
        return False
    return any(name not in matter.doubted for name in _after(one))


def better(one: Delivery, matter: Matter) -> Successor:
    """Return who is asked before a channel in doubt; NOBODY = there is none that is in less doubt."""
    comes = successor(one, matter)
    return NOBODY if any(name in matter.doubted for name in comes.channels) else comes


def moved(one: Delivery, heir: Delivery, matter: Matter) -> Delivery:
    """Return a delivery that was never tried as one over the heir's channel at its own time; the channels in doubt end its chain."""
    asked_before = len(one.chain) - len(_after(one)) - 1
    rest = sorted(heir.chain[asked_before:], key=lambda name: name in matter.doubted)
    chain = (*heir.chain[:asked_before], *rest)
    wait = max(timedelta(0), (one.due_at or matter.now) - matter.now)
    return replace(delivery(matter, heir.channel, Telling(chain, chain, one.origin), wait.total_seconds()), id=one.id)


def _after(one: Delivery) -> tuple[str, ...]:
    """Return the channels that come after its own."""
    return one.chain[one.chain.index(one.channel) + 1 :]


def _rest(late: Delivery, matter: Matter) -> Telling:
    """Return the chain of a delivery, with those after it that may be asked: for the closing all, what was broken works again."""
    closing = matter.stored.change.kind is ChangeKind.CLOSED
    refused = {} if closing else refusals(matter.stored.change.incident, matter.plan)
    after = _after(late)
    telling = tell(after, late.origin, matter.plan, refused, matter.doubted)
    return replace(telling, chain=(*late.chain[: len(late.chain) - len(after)], *telling.chain))


def _first_of(telling: Telling, late: Delivery, matter: Matter) -> Successor:
    """Return the first of these channels that may take over."""
    for channel in telling.channels:
        there = [one for one, _ in matter.past if one.channel == channel]
        if any(one.number > late.number and _counts(one) for one in there):
            return NOBODY
        same = next((one for one in there if one.number == late.number), None)
        if same is None:
            return Successor((delivery(matter, channel, telling),))
        if same.state not in {DeliveryState.REFUSED, DeliveryState.GIVEN_UP, DeliveryState.DROPPED}:
            return _hastened(same, telling, matter)
    return NOBODY


def _in_force(late: Delivery, matter: Matter) -> Successor:
    """Return whom the routes in force name instead, each channel once."""
    new: dict[str, Delivery] = {}
    hastened: dict[int, tuple[Delivery, Delivery]] = {}
    for telling in _tellings(late, matter):
        comes = _first_of(telling, late, matter)
        new = {one.channel: one for one in comes.new} | new
        hastened = {before.id: (before, after) for before, after in comes.hastened} | hastened
    return Successor(tuple(new.values()), tuple(hastened.values()))


def _tellings(late: Delivery, matter: Matter) -> Iterator[Telling]:
    """Yield the chains of the routes in force; for an escalation those to which they have escalated by now."""
    decision = decide(matter.stored.change.incident, matter.plan, matter.now, matter.doubted)
    refused = {} if matter.stored.change.kind is ChangeKind.CLOSED else decision.refused
    if not is_escalation(late):
        yield from (tell(one.chain, one.origin, matter.plan, refused, matter.doubted) for one in decision.tellings)
        return
    passed_seconds = (matter.now - matter.stored.change.at).total_seconds()
    yield from (step for step, after_seconds in steps(decision.routes, matter, refused) if after_seconds <= passed_seconds)


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


def _hastened(same: Delivery, telling: Telling, matter: Matter) -> Successor:
    """Return the successor where the next channel has this change already: an escalation to it does not wait any longer."""
    if not is_escalation(same) or same.tries:
        return NOBODY
    fresh = delivery(matter, same.channel, telling)
    return Successor(hastened=((same, replace(fresh, id=same.id)),))
