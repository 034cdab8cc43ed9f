"""One message for programs: its flows as `probe track flows` has them, what belongs to it, raw lines, our own trip, their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probe.values import Result, Trip
from tracking.look import document as flows
from tracking.look.joined import joined

if TYPE_CHECKING:
    from service.show.flow_trip import Probe
    from tracking.look.find import Found
    from tracking.look.joined import Joined
    from tracking.look.message import Message

SECONDS = ("submit_seconds", "transit_seconds", "retrieve_seconds", "total_seconds", "uncertainty_seconds")


def document(found: Message, probe: Probe | None, *, with_lines: bool) -> dict[str, Any]:
    """Return the whole object."""
    return {
        "flows": [_flow(one) for one in found.flows],
        "more": found.more,
        "beside": [_flow(one) for one in found.beside],
        "lines": [{"file": one.file, "line": one.line, "text": one.text} for one in found.lines] if with_lines else None,
        "trip": _trip(probe, found) if isinstance(probe, Trip) else None,
        "check": _check(probe) if isinstance(probe, Result) else None,
    }


def _flow(found: Found) -> dict[str, Any]:
    return {"flow": found.flow_id, **flows.document(found.flow)}


def _trip(trip: Trip, found: Message) -> dict[str, Any]:
    own = [one.flow for one in found.flows if one.flow.message_id == trip.message_id]
    both = joined(trip, own[0]) if own else None
    return {
        "trip": trip.name,
        "domain": trip.domain,
        "message_id": trip.message_id,
        "started_at": flows.rfc3339(trip.started_at),
        "outcome": None if trip.outcome is None else str(trip.outcome),
        **{name: flows.seconds(getattr(trip, name)) for name in SECONDS},
        "folder": trip.folder,
        "joined": None if both is None else _joined(both),
    }


def _joined(both: Joined) -> dict[str, Any]:
    stages = [{"name": one.name, "began_at": flows.rfc3339(one.began_at), "seconds": flows.seconds(one.seconds)} for one in both.stages]
    sums = {"total_seconds": flows.seconds(both.total_seconds), "uncertainty_seconds": flows.seconds(both.uncertainty_seconds)}
    return {"stages": stages, **sums, "agree": both.agree}


def _check(result: Result) -> dict[str, Any]:
    steps = [{"name": step.name, "seconds": flows.seconds(step.seconds)} for step in result.steps]
    return {
        "check": result.check.name,
        "started_at": flows.rfc3339(result.started_at),
        "seconds": flows.seconds(result.seconds),
        "steps": steps,
    }
