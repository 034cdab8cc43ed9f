"""When a delivery is tried again, and when it is given up. Pure arithmetic; jitter is a parameter.

A try is written down before it is made, with the time of the next one: whatever becomes of us meanwhile, it is tried again, and nobody can
take it for never tried.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from notifier.values import DeliveryState

if TYPE_CHECKING:
    from datetime import datetime

    from notifier.values import Delivery

FIRST_SECONDS, LONGEST_SECONDS = 5.0, 900.0
JITTER = 0.2  # at most this share of a pause is added: channels that failed together do not come back together
LONGEST_TRIES = 102  # 8 in the first 21 minutes, then 4 an hour: a day
LEAST_SAID = "no word came back"  # of a try of which nothing more is known


def pause_seconds(tries: int, jitter: float) -> float:
    """Return how long to wait after so many tries (1, 2, ..); `jitter` is from 0 to 1."""
    pause = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(tries - 1, 20))
    return pause * (1 + JITTER * jitter)


def begun(delivery: Delivery, now: datetime, jitter: float) -> Delivery:
    """Return the delivery as it is written down before a try."""
    tries = delivery.tries + 1
    return replace(
        delivery, tries=tries, due_at=now + timedelta(seconds=pause_seconds(tries, jitter)), tried_at=now, said=delivery.said or LEAST_SAID
    )


def proven(delivery: Delivery, proof: str, now: datetime) -> Delivery:
    """Return the delivery when the far side has acknowledged it."""
    return replace(delivery, state=DeliveryState.SENT, said=proof, tried_at=now, due_at=None, deadline_at=None)


def failed(delivery: Delivery, why: str, now: datetime) -> Delivery:
    """Return the delivery after a try without proof: it waits for the next one, or it was the last."""
    if delivery.tries >= LONGEST_TRIES:
        return replace(delivery, state=DeliveryState.GIVEN_UP, said=why, tried_at=now, due_at=None, deadline_at=None)
    return replace(delivery, said=why, tried_at=now)


def refused(delivery: Delivery, why: str, now: datetime) -> Delivery:
    """Return the delivery when it will never get through here."""
    return replace(delivery, state=DeliveryState.REFUSED, said=why, tried_at=now, due_at=None, deadline_at=None)


def passed_on(delivery: Delivery) -> Delivery:
    """Return the delivery when its deadline has passed: it is tried on, and nobody waits for it any more."""
    return replace(delivery, state=DeliveryState.TAKEN_OVER, deadline_at=None)


def dropped(delivery: Delivery, why: str) -> Delivery:
    """Return the delivery when it is not wanted any more."""
    return replace(delivery, state=DeliveryState.DROPPED, said=why, due_at=None, deadline_at=None)
