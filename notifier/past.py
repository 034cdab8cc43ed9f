"""What was told of an incident so far, read off its deliveries. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notifier.values import Delivery, DeliveryState, Stored

Past = Sequence[tuple[Delivery, Stored]]  # of one incident, in the order in which they were planned

OPEN = frozenset({DeliveryState.DUE, DeliveryState.TAKEN_OVER})  # states in which a delivery is tried on
ESCALATE = ".escalate["  # after a route's origin: that of what it escalates to


def is_escalation(delivery: Delivery) -> bool:
    """Say whether it is told only where nobody acknowledges."""
    return ESCALATE in delivery.origin


def route_origin(delivery: Delivery) -> str:
    """Return the origin of its route alone: what follows an escalation is none."""
    return delivery.origin.partition(ESCALATE)[0]


def asked(delivery: Delivery) -> bool:
    """Say whether it is still on its way."""
    return delivery.state in OPEN


def never_tried(past: Past) -> Iterator[Delivery]:
    """Yield those that wait for their first try."""
    return (one for one, _ in past if one.state in OPEN and not one.tries)


def may_have_told(delivery: Delivery) -> bool:
    """Say whether somebody was, or may have been, told by it: a try whose proof was lost may have got through."""
    return delivery.tries > 0 or delivery.state is DeliveryState.SENT


def heard(past: Past) -> dict[str, Delivery]:
    """Return by channel the last delivery by which somebody was, or may have been, told."""
    return {one.channel: one for one, _ in past if may_have_told(one)}


def first_key(past: Past, delivery: Delivery) -> str:
    """Return the key of the first notice of this incident over this channel; that of the delivery where it is the first."""
    earlier = [one for one, _ in past if one.channel == delivery.channel and may_have_told(one) and one.number <= delivery.number]
    return min(earlier, key=lambda one: one.number).key if earlier else delivery.key
