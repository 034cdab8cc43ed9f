"""A probe's own trip and what the servers' logs tell of the same message, as one: stages that add up to the prober's total. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from probe.values import Trip
    from tracking.values import Flow


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of the way; the parts follow each other without a gap."""

    name: str  # before, servers, after
    began_at: datetime
    seconds: float  # negative where the prober's clock and a server's disagree


@dataclass(frozen=True, slots=True)
class Joined:
    """Trip and flow together: `before` (the prober, until the first server had it), `servers`, `after` (until the prober had it)."""

    stages: tuple[Stage, ...]
    total_seconds: float  # the prober's own, and the sum of the stages
    uncertainty_seconds: float  # of where one stage ends and the next begins: the prober's and the logs' together
    agree: bool  # no stage is negative beyond that


def joined(trip: Trip, flow: Flow) -> Joined | None:
    """Return both as one; None where one of them has no end."""
    total = trip.total_seconds
    if total is None or flow.entered_at is None or flow.left_at is None:
        return None
    begin = begun_at(trip)
    stamps = (begin, flow.entered_at, flow.left_at, begin + timedelta(seconds=total))
    stages = tuple(_stage(*one) for one in zip(("before", "servers", "after"), stamps[:-1], stamps[1:], strict=True))
    doubt = trip.uncertainty_seconds + flow.uncertainty_seconds
    return Joined(stages, total, doubt, all(stage.seconds >= -doubt for stage in stages))


def begun_at(trip: Trip) -> datetime:
    """Return when the conversation began from which on a trip is timed: what waited for its turn, or was greylisted, began later."""
    return trip.submitted_at or trip.started_at


def _stage(name: str, begin: datetime, end: datetime) -> Stage:
    return Stage(name, begin, (end - begin).total_seconds())
