"""Which deliveries a change leads to, by what was told of its incident before. Pure; the clock is an argument.

An opening and a worsening go where the routes say, a reminder too, unless it is too soon or an earlier word still waits there. That
somebody has taken an incident on, and its end, is told to whoever was, or may have been, told anything of it. What was never tried when the
closing comes is dropped, and a channel that has heard nothing hears of no end. Where nobody could be told, because every channel depended
on what was broken, the closing is told in its place: then they work again. Where one that was told is gone with all of its chain, the
closing goes where the routes in force say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from notifier.backoff import dropped, refused
from notifier.past import ESCALATE, asked, heard, is_escalation, never_tried, route_origin
from notifier.route import Telling, decide, refusals, tell
from notifier.sight import seeing
from notifier.values import Delivery, DeliveryState
from thresholds.incident_values import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from notifier.past import Past
    from notifier.route import Decision
    from notifier.values import NotifyPlan, Route, Stored

EARLY_SECONDS = 5.0  # by so much a reminder may come before its `repeat` is over: both go by the same clock, a breath apart


@dataclass(frozen=True, slots=True)
class Matter:
    """A change, and all that its deliveries hang on."""

    stored: Stored
    past: Past  # the deliveries of its incident so far
    plan: NotifyPlan  # with the channels alone that may see it
    now: datetime
    doubted: Mapping[str, str] = field(default_factory=dict)  # by channel: what another open incident reports of what it depends on

    def __post_init__(self) -> None:
        object.__setattr__(self, "plan", seeing(self.plan, self.stored.change, heard(self.past)))


@dataclass(frozen=True, slots=True)
class Planned:
    """What comes of a change."""

    new: tuple[Delivery, ...] = ()
    dropped: tuple[tuple[Delivery, Delivery], ...] = ()  # earlier ones that are not wanted any more: before, after
    words: tuple[str, ...] = ()  # why
    late: tuple[str, ...] = ()  # of these: which channels are asked last
    lost: bool = False  # somebody waits to hear of its end, and nobody is left who could be told


def planned(matter: Matter) -> Planned:
    """Return the deliveries of a change; those of a later one hang on these, so plan one after the other."""
    return PLANNERS[matter.stored.change.kind](matter)


def everywhere(matter: Matter) -> Planned:
    """Return one delivery to each channel, where nothing better is known: one too many rather than none."""
    chains = [(channel.name,) for channel in matter.plan.channels]
    return Planned(tuple(delivery(matter, chain[0], Telling(chain, chain, "notify")) for chain in chains))


def overtaken(waiting: Iterable[Stored]) -> tuple[Stored, ...]:
    """Return those changes without a plan that need none: acknowledgements of an incident that is acknowledged again among them."""
    acks = [stored for stored in waiting if stored.change.kind is ChangeKind.ACKNOWLEDGED]
    last = {stored.change.incident.id: stored for stored in acks}
    return tuple(stored for stored in acks if last[stored.change.incident.id] is not stored)


# -- what goes by the routes


def _news(matter: Matter) -> Planned:
    """An opening, or a worsening."""
    decision = decide(matter.stored.change.incident, matter.plan, matter.now, matter.doubted)
    waits = {route.origin: route.wait_seconds for route in decision.routes} if matter.stored.change.kind is ChangeKind.OPENED else {}
    new = _first_of_each(matter, decision.tellings, waits)
    overtaken = "told by something newer before it escalated"
    drops = [(past, dropped(past, overtaken)) for past in never_tried(matter.past) if is_escalation(past) and past.channel in new]
    later = _escalations(matter, decision, set(new))
    return Planned((*new.values(), *later, *_not_asked(matter, decision)), tuple(drops), decision.words, decision.late)


def _first_of_each(matter: Matter, tellings: Iterable[Telling], waits: Mapping[str, float]) -> dict[str, Delivery]:
    """Return by channel the deliveries to the first of each chain."""
    new: dict[str, Delivery] = {}
    for telling in tellings:
        if telling.channels and telling.channels[0] not in new:
            new[telling.channels[0]] = delivery(matter, telling.channels[0], telling, waits.get(telling.origin, 0.0))
    return new


def delivery(matter: Matter, channel: str, telling: Telling, wait_seconds: float = 0.0) -> Delivery:
    """Return the delivery of a change over a channel of a chain, to be tried first after a wait."""
    change, due = matter.stored.change, matter.now + timedelta(seconds=wait_seconds)
    patience = next((one.deadline_seconds for one in matter.plan.channels if one.name == channel), 0.0)
    last = channel == telling.chain[-1]
    return Delivery(
        id=0,
        change_id=matter.stored.id,
        incident=change.incident.id,
        number=change.number,
        channel=channel,
        chain=telling.chain,
        origin=telling.origin,
        key=f"{change.incident.id}-{change.number}-{channel}",
        due_at=due,
        deadline_at=None if last else due + timedelta(seconds=patience),
    )


def _not_asked(matter: Matter, decision: Decision) -> Iterator[Delivery]:
    """Yield a record of each channel that would have been asked, and depends on what is reported."""
    told: set[str] = set()
    for telling in decision.tellings:
        for name in telling.chain:
            if name in decision.refused and name not in told:
                told.add(name)
                record = refused(delivery(matter, name, telling), f"not asked: it {decision.refused[name]}", matter.now)
                yield replace(record, tried_at=None)


def _escalations(matter: Matter, decision: Decision, told: set[str]) -> Iterator[Delivery]:
    """Yield what is told later, to those who are not told anyway, unless somebody acknowledges."""
    if matter.stored.change.incident.acknowledged is not None:
        return
    told |= {past.channel for past, _ in matter.past if is_escalation(past) and past.state is not DeliveryState.DROPPED}
    for telling, after_seconds in steps(decision.routes, matter, decision.refused):
        if telling.channels and telling.channels[0] not in told:
            told.add(telling.channels[0])
            yield delivery(matter, telling.channels[0], telling, after_seconds)


def steps(routes: Iterable[Route], matter: Matter, refused: Mapping[str, str]) -> Iterator[tuple[Telling, float]]:
    """Yield the chains to which these routes escalate, and after how long."""
    for route in routes:
        for place, step in enumerate(route.escalation):
            for chain in step.to:
                yield tell(chain, f"{route.origin}{ESCALATE}{place}]", matter.plan, refused, matter.doubted), step.after_seconds


def _reminder(matter: Matter) -> Planned:
    """A reminder, for whom it is not too soon."""
    decision = decide(matter.stored.change.incident, matter.plan, matter.now, matter.doubted)
    repeats = {route.origin: route.repeat_seconds for route in decision.routes}
    new = _first_of_each(matter, decision.tellings, {}).values()
    wanted = tuple(one for one in new if not _too_soon(matter, one, repeats.get(one.origin)))
    return Planned(wanted, words=decision.words, late=decision.late if wanted else ())


def _too_soon(matter: Matter, new: Delivery, repeat_seconds: float | None) -> bool:
    """Say whether a channel needs no reminder: an earlier word still waits there, or is not old enough."""
    here = [(past, stored) for past, stored in matter.past if past.channel == new.channel]
    if any(asked(past) and not is_escalation(past) for past, _ in here):
        return True
    told = [stored.change.at for past, stored in here if past.state is DeliveryState.SENT]
    soonest = timedelta(seconds=(repeat_seconds or 0.0) - EARLY_SECONDS)
    return bool(told) and repeat_seconds is not None and matter.stored.change.at - max(told) < soonest


# -- what goes to whoever was told


def _acknowledged(matter: Matter) -> Planned:
    """Who was told hears that somebody has taken it on, and it escalates no further."""
    refused = refusals(matter.stored.change.incident, matter.plan)
    drops = [(past, dropped(past, "acknowledged before it escalated")) for past in never_tried(matter.past) if is_escalation(past)]
    return Planned(tuple(_to_those_who_heard(matter, refused)), tuple(drops), ("whoever was told hears of it",))


def _to_those_who_heard(matter: Matter, refused: Mapping[str, str]) -> Iterator[Delivery]:
    """Yield one delivery for each that was told; for a channel that is gone, one to the next of its chain."""
    there = heard(matter.past)
    told = set(there)
    for channel, past in there.items():
        left = _left(past, matter.plan, refused)
        one = channel if channel in left else next((name for name in left if name not in told), "")
        if one and (one == channel or channel not in refused):
            told.add(one)
            yield delivery(matter, one, Telling(past.chain, left, route_origin(past)))


def _left(past: Delivery, plan: NotifyPlan, refused: Mapping[str, str]) -> tuple[str, ...]:
    """Return what may be used of a delivery's chain, from its own channel on."""
    return tell(past.chain[past.chain.index(past.channel) :], past.origin, plan, refused).channels


def _end(matter: Matter, drops: tuple[tuple[Delivery, Delivery], ...]) -> Planned:
    """The end, for whoever heard; where one of them is gone with all of its chain, also for whom the routes in force name."""
    new, gone = tuple(_to_those_who_heard(matter, {})), tuple(_gone(matter))
    if all(_left(past, matter.plan, {}) for past in heard(matter.past).values()):
        return Planned((*new, *gone), drops, ("whoever was told hears of its end",))
    decision = decide(matter.stored.change.incident, matter.plan, matter.now, matter.doubted)
    told = {one.channel for one in new}
    in_force = _first_of_each(matter, (tell(one.chain, one.origin, matter.plan, {}, matter.doubted) for one in decision.tellings), {})
    more = tuple(one for one in in_force.values() if one.channel not in told)
    words = ("a channel that was told is gone with all of its chain", *decision.words)
    lost = not (new or more)  # it will be planned again
    return Planned((*new, *more, *(() if lost else gone)), drops, words, lost=lost)


def _gone(matter: Matter) -> Iterator[Delivery]:
    """Yield a record of each channel that was told and is configured no more: it hears of no end, and that is to be seen."""
    there = {channel.name for channel in matter.plan.channels}
    for channel, past in heard(matter.past).items():
        if channel not in there:
            telling = Telling(past.chain, past.chain, route_origin(past))
            yield dropped(delivery(matter, channel, telling), "not told: the channel is configured no more")


def _closing(matter: Matter) -> Planned:
    """The end: told where anything of it was told, and in place of what nobody could be told."""
    drops = tuple((past, dropped(past, "over before it was ever tried")) for past in never_tried(matter.past))
    if heard(matter.past):
        return _end(matter, drops)
    if drops or any(past.state is DeliveryState.DROPPED for past, _ in matter.past):
        why = "nobody has heard of its beginning"
        return Planned(tuple(_dropped_with(matter, why)), drops, (why,))
    if any(past.state is DeliveryState.REFUSED for past, _ in matter.past):
        return Planned(tuple(_in_place(matter)), drops, ("nobody could be told while it lasted",))
    return Planned(words=("nobody was told of it",))


def _dropped_with(matter: Matter, why: str) -> Iterator[Delivery]:
    """Yield a record of each closing that is not told."""
    for channel, past in {past.channel: past for past, _ in matter.past if past.state is not DeliveryState.REFUSED}.items():
        yield dropped(delivery(matter, channel, Telling(past.chain, past.chain, past.origin)), why)


def _in_place(matter: Matter) -> Iterator[Delivery]:
    """Yield the closing to whom the opening could not be told."""
    chains = {frozenset(past.chain): (past.chain, route_origin(past)) for past, _ in matter.past}  # an order may have changed since
    tellings = [tell(chain, origin, matter.plan, {}, matter.doubted) for chain, origin in chains.values()]
    yield from _first_of_each(matter, tellings, {}).values()


PLANNERS: dict[ChangeKind, Callable[[Matter], Planned]] = {
    ChangeKind.OPENED: _news,
    ChangeKind.WORSENED: _news,
    ChangeKind.REMINDED: _reminder,
    ChangeKind.ACKNOWLEDGED: _acknowledged,
    ChangeKind.CLOSED: _closing,
}
