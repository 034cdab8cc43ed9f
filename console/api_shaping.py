"""From our nouns to the shapes of the control API. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.api_shapes import (
    CheckShape,
    ConversationShape,
    FaultShape,
    HopShape,
    JourneyShape,
    LimitShape,
    LineShape,
    RunShape,
    StepShape,
    TripShape,
)
from thresholds.values import Level
from thresholds.wording import tell_limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from console.board_cells import Cell
    from console.board_trips import Journeying
    from probe.values import Check, Fault, Line, Relay, Result
    from store.reads import Conversation
    from store.values import Remembered, Run, TripRun
    from thresholds.values import Limit, Verdict


# -- conversations


def _measured(found: Result | Remembered) -> dict[str, Any]:
    """Return what a run and a stored run have in common."""
    return {
        "started_at": found.started_at,
        "seconds": found.seconds,
        "uncertainty_seconds": found.uncertainty_seconds,
        "steps": [StepShape(name=step.name, seconds=step.seconds) for step in found.steps],
        "readings": dict(found.readings),
        "fault": _fault(found.fault),
        "message_id": found.message_id,
    }


def _fault(fault: Fault | None) -> FaultShape | None:
    return None if fault is None else FaultShape(kind=fault.kind.value, step=fault.step, said=fault.said)


def _named(check: Check) -> dict[str, Any]:
    return {"check": check.name, "domain": check.domain, "server": check.server, "kind": check.kind}


def _meaning(verdict: Verdict) -> dict[str, Any]:
    return {"level": verdict.level.name, "suspect": verdict.suspect, "reasons": list(verdict.reasons), "limit": verdict.limit}


def run_shape(result: Result, verdict: Verdict) -> RunShape:
    """Return a run, without its conversation."""
    return RunShape(**_named(result.check), **_measured(result), **_meaning(verdict))


def run_by_hand(run: Run) -> RunShape:
    """Return a run with its conversation."""
    return run_shape(run.result, run.verdict).model_copy(update={"lines": _lines(run.result.transcript)})


def remembered_shape(run: Remembered) -> RunShape:
    """Return a stored run."""
    return RunShape(
        run=run.id,
        check=run.check,
        domain=run.domain,
        server=run.server,
        kind=run.kind,
        level=run.level.name,
        suspect=run.suspect,
        reasons=list(run.reasons),
        limit=run.limit,
        **_measured(run),
    )


def remembered_with(run: Remembered, said: Conversation | None) -> RunShape:
    """Return a stored run with its conversation, where that was kept."""
    return remembered_shape(run).model_copy(update={"lines": _lines(said.lines)}) if said is not None else remembered_shape(run)


def _lines(lines: Iterable[Line]) -> list[LineShape]:
    return [LineShape(ours=line.ours, step=line.step, text=line.text, at_seconds=line.at_seconds) for line in lines]


def conversation_shape(found: Conversation) -> ConversationShape:
    """Return a kept conversation."""
    return ConversationShape(
        check=found.check,
        which=found.which,
        run=found.run_id,
        started_at=found.started_at,
        level=found.level.name,
        lines=_lines(found.lines),
    )


# -- checks


def level_of(cell: Cell, now: float) -> Level:
    """Return the level of a check now: UNKNOWN when nobody knows. `now` is of the board's clock."""
    return cell.verdict.level if cell.is_fresh(now) else Level.UNKNOWN


def check_shape(cell: Cell, now: float) -> CheckShape:
    """Return a check as it stands."""
    check, endpoint = cell.check, cell.check.endpoint
    return CheckShape(
        **_named(check),
        host=endpoint.address or endpoint.host,
        port=endpoint.port,
        security=endpoint.security,
        every_seconds=check.every_seconds,
        fresh=cell.is_fresh(now),
        level=level_of(cell, now).name,
        last=None if cell.seen_at is None else run_shape(cell.result, cell.verdict),
    )


# -- trips


def _hop(relay: Relay) -> HopShape:
    return HopShape(server=relay.server, by=relay.by, received_at=relay.received_at, seconds=relay.seconds)


def trip_shape(run: TripRun) -> TripShape:
    """Return a trip."""
    trip, verdict = run.trip, run.verdict
    return TripShape(
        trip=trip.name,
        domain=trip.domain,
        message_id=trip.message_id,
        started_at=trip.started_at,
        submitted_at=trip.submitted_at,
        outcome=trip.outcome,
        waiting_for=trip.waiting_for or None,
        submit_seconds=trip.submit_seconds,
        transit_seconds=trip.transit_seconds,
        retrieve_seconds=trip.retrieve_seconds,
        total_seconds=trip.total_seconds,
        uncertainty_seconds=trip.uncertainty_seconds,
        folder=trip.folder,
        hops=[_hop(relay) for relay in trip.relays],
        said=trip.said,
        level=verdict.level.name,
        suspect=verdict.suspect,
        reasons=list(verdict.reasons),
    )


def journey_shape(journey: Journeying) -> JourneyShape:
    """Return a journey as it stands."""
    telling = journey.telling
    return JourneyShape(
        trip=journey.name,
        domain=journey.domain,
        every_seconds=journey.every_seconds,
        level=(telling.verdict.level if telling is not None else Level.UNKNOWN).name,
        outcomes={str(outcome): count for outcome, count in journey.outcomes.items()},
        last=None if journey.last is None else trip_shape(journey.last),
        under_way=[trip_shape(run) for run in journey.under_way.values()],
    )


# -- limits


def limit_shape(limit: Limit) -> LimitShape:
    """Return a limit."""
    return LimitShape(
        origin=limit.origin,
        matches=limit.match.words,
        calendar=limit.calendar.name if limit.calendar is not None else None,
        warning=limit.warning,
        critical=limit.critical,
        level=limit.level.name if limit.level is not None else None,
        words=tell_limit(limit),
    )
