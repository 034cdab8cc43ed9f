"""The prober's own part of a message of ours: its rows before and after the servers', and how the stages of both add up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from probe.values import Result, Trip
from service.show.flow_rows import Row
from service.show.flow_words import span_text
from tracking.look.joined import begun_at, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.look.joined import Joined
    from tracking.values import Flow

Probe: TypeAlias = Trip | Result
ONLY_PROBER = {"p": 1.0}
NOT_KNOWN = "this trip was stored without the time at which its submission began: it may have begun later than shown"
NAMES = {"before": "before the first server had it", "servers": "in and between the servers", "after": "until the prober had it"}


@dataclass(frozen=True, slots=True)
class Joint:
    """The rows of prober and servers, and what is to be said of their sum."""

    rows: tuple[Row, ...]
    sentences: tuple[str, ...] = ()


def with_probe(servers: Sequence[Row], flow: Flow, probe: Probe | None) -> Joint:
    """Return the servers' rows with the prober's before and after them."""
    if isinstance(probe, Trip):
        return Joint((*_before(probe), *servers, *_after(probe, flow)), _sums(probe, flow))
    if isinstance(probe, Result):
        return Joint((_conversation(probe), *servers))
    return Joint(tuple(servers))


def _before(trip: Trip) -> list[Row]:
    doubt = f", timed to +-{span_text(trip.uncertainty_seconds)}" if trip.uncertainty_seconds else ""
    return [Row("prober", "submits it", begun_at(trip), trip.submit_seconds, ONLY_PROBER, (f"trip {trip.name}{doubt}",), "prober")]


def _after(trip: Trip, flow: Flow) -> list[Row]:
    """Return how long the prober waited once the servers were done, and how long it read."""
    if trip.submit_seconds is None or trip.transit_seconds is None:
        return [Row("prober", str(trip.outcome or "waits"), None, None, ONLY_PROBER, (trip.said,) if trip.said else (), "prober")]
    seen = begun_at(trip) + timedelta(seconds=trip.submit_seconds + trip.transit_seconds)
    place = f"sees it in {trip.folder}" if trip.folder else "sees it"
    since = flow.left_at
    late = (seen - since).total_seconds() if since else None
    odd = late is not None and late < -(trip.uncertainty_seconds + flow.uncertainty_seconds)
    waits = Row("prober", place, since or seen, late, {"!": 1.0} if odd else ONLY_PROBER, (), "prober")
    return [waits, Row("prober", "retrieves it", seen, trip.retrieve_seconds, ONLY_PROBER, (), "prober")]


def _sums(trip: Trip, flow: Flow) -> tuple[str, ...]:
    both = joined(trip, flow)
    if both is None:
        return ()
    return (*_added(both), *(() if trip.submitted_at else (NOT_KNOWN,)))


def _added(both: Joined) -> list[str]:
    parts = " ".join(f"{'-' if stage.seconds < 0 else '+'} {span_text(abs(stage.seconds))} {NAMES[stage.name]}" for stage in both.stages)
    doubt = f"where one ends and the next begins is known to +-{span_text(both.uncertainty_seconds)}"
    told = [f"{parts.removeprefix('+ ')} = {span_text(both.total_seconds)}, the prober's total; {doubt}"]
    if not both.agree:
        told.append("a stage is negative beyond that: the prober's clock and the servers' disagree")
    return told


def _conversation(result: Result) -> Row:
    steps = ", ".join(f"{step.name} {span_text(step.seconds)}" for step in result.steps)
    doubt = f" (+-{span_text(result.uncertainty_seconds)})" if result.uncertainty_seconds else ""
    return Row("prober", result.check.name, result.started_at, result.seconds, ONLY_PROBER, (f"{steps}{doubt}",), "prober")
