"""The report as one JSON object (RFC 8259), the stable form that people script against. Keys and nulls as docs and DESIGN section 7 say.

Times are RFC 3339 UTC with milliseconds and Z; durations are seconds to the microsecond. The text is ASCII: what a peer said in other
letters is escaped, so that no terminal and no pipe can break it.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from probe import Fault, Relay
    from service.report import JudgedCheck, JudgedTrip, Report


def rfc3339(at: datetime) -> str:
    """Return an aware time as `2026-11-20T08:00:00.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _fault(fault: Fault | None) -> dict[str, str] | None:
    return None if fault is None else {"kind": fault.kind.value, "step": fault.step, "said": fault.said}


def check_object(judged: JudgedCheck) -> dict[str, Any]:
    """Return one conversation as the object that stands in `checks`."""
    result, verdict = judged.result, judged.verdict
    check = result.check
    return {
        "check": check.name,
        "domain": check.domain,
        "server": check.server,
        "kind": check.kind,
        "started_at": rfc3339(result.started_at),
        "seconds": _seconds(result.seconds),
        "uncertainty_seconds": _seconds(result.uncertainty_seconds),
        "suspect": verdict.suspect,
        "steps": [{"name": step.name, "seconds": _seconds(step.seconds)} for step in result.steps],
        "readings": dict(result.readings),
        "fault": _fault(result.fault),
        "level": verdict.level.name,
        "reasons": list(verdict.reasons),
    }


def _hop(relay: Relay) -> dict[str, Any]:
    received_at = rfc3339(relay.received_at) if relay.received_at is not None else None
    return {"server": relay.server, "by": relay.by, "received_at": received_at, "seconds": _seconds(relay.seconds)}


def trip_object(judged: JudgedTrip) -> dict[str, Any]:
    """Return one trip as the object that stands in `trips`; its outcome is null while it is under way."""
    trip, verdict = judged.trip, judged.verdict
    return {
        "trip": trip.name,
        "earlier": judged.earlier,
        "domain": trip.domain,
        "message_id": trip.message_id,
        "outcome": trip.outcome.value if trip.outcome is not None else None,
        "waiting_for": trip.waiting_for or None,
        "submit_seconds": _seconds(trip.submit_seconds),
        "transit_seconds": _seconds(trip.transit_seconds),
        "retrieve_seconds": _seconds(trip.retrieve_seconds),
        "total_seconds": _seconds(trip.total_seconds),
        "uncertainty_seconds": _seconds(trip.uncertainty_seconds),
        "folder": trip.folder,
        "hops": [_hop(relay) for relay in trip.relays],
        "level": verdict.level.name,
        "reasons": list(verdict.reasons),
    }


def show_json(report: Report, *, indent: int | None = None) -> str:
    """Return the whole report as one JSON object; one line unless `indent` is given."""
    whole = {
        "site": report.site,
        "started_at": rfc3339(report.started_at),
        "level": report.level.name,
        "checks": [check_object(judged) for judged in report.checks],
        "trips": [trip_object(judged) for judged in report.trips],
    }
    return json.dumps(whole, indent=indent, allow_nan=False)
