"""How long a message was on its way: from the moments at which it was sent, noticed and read to a trip's times. No I/O, no clock.

Seconds come from the monotonic clock where this run has both sent and awaited it; else from wall clocks, and are as unsure as these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from probe import received
from probe.passage import Passage, timed_by_walls

if TYPE_CHECKING:
    from collections.abc import Callable

    from probe.mailbox import Copy

STAMPS_OF_A_TRIP = 3  # submission's reply, arrival, read: each may have been held up once by ourselves


@dataclass(frozen=True, slots=True)
class Moment:
    """When the first copy came, in monotonic seconds."""

    tried: float | None  # the try of submission began; None = a former run sent it
    noticed: float  # the first sign of it
    read: float  # it was there whole


def measured(passage: Passage, copy: Copy, moment: Moment, worst_since: Callable[[float, int], float]) -> Passage:
    """Return the passage with the times and hops of its first copy, which is already among its facts.

    Args:
        passage: with exactly one copy.
        copy: the message as it was read.
        moment: when it came.
        worst_since: how long the prober itself may have held up so many stamps since a monotonic second.
    """
    sighting = passage.facts.copies[0]
    relays = received.relays(copy.raw, passage.facts.tried_at, sighting.noticed_at)
    timed = replace(passage, relays=relays, retrieve_seconds=moment.read - moment.noticed)
    if moment.tried is None or copy.polled_seconds is None:
        stamp = sighting.stamped_at or (relays[-1].received_at if relays else None)
        return timed_by_walls(replace(timed, facts=replace(timed.facts, copies=(replace(sighting, stamped_at=stamp),))))
    doubt = copy.polled_seconds + worst_since(moment.tried, STAMPS_OF_A_TRIP)
    since = moment.noticed - moment.tried
    if passage.submit_seconds is None:  # it is there before the server's answer was: answered() takes its share off
        return replace(timed, transit_seconds=since, uncertainty_seconds=doubt)
    return replace(timed, transit_seconds=max(0.0, since - passage.submit_seconds), uncertainty_seconds=doubt)
