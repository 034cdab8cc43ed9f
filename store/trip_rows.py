"""Trips that have ended as the store writes and reads them. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from probe.values import Outcome, Relay, Trip
from store.histogram import bucket_of
from store.rows import MICRO, compact, micro, microseconds, time_of
from store.values import TripRun
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

TRIP_COLUMNS = (
    "name, domain, message_id, started_us, outcome, level, suspect, submit_us, transit_us, retrieve_us, total_us, bucket, uncertainty_us, "
    "limit_words, details"
)
TRIPS = f"SELECT {TRIP_COLUMNS} FROM trips"  # noqa: S608 - a constant; what `trip_of` reads: put WHERE and ORDER BY behind it


def trip_row(run: TripRun) -> tuple[Any, ...] | None:
    """Return the row of a trip in the order of TRIP_COLUMNS; None while it is under way."""
    trip, verdict = run.trip, run.verdict
    if trip.outcome is None:
        return None
    total = micro(trip.total_seconds)
    return (
        trip.name,
        trip.domain,
        trip.message_id,
        microseconds(trip.started_at),
        str(trip.outcome),
        int(verdict.level),
        int(verdict.suspect),
        micro(trip.submit_seconds),
        micro(trip.transit_seconds),
        micro(trip.retrieve_seconds),
        total,
        None if total is None else bucket_of(total / MICRO),
        round(trip.uncertainty_seconds * MICRO),
        verdict.limit,
        _details(run),
    )


def _details(run: TripRun) -> str:
    trip = run.trip
    relays = [asdict(relay) | {"received_at": relay.received_at and relay.received_at.isoformat()} for relay in trip.relays]
    return compact(
        {
            "folder": trip.folder,
            "relays": [{key: value for key, value in relay.items() if value not in (None, "")} for relay in relays],
            "readings": dict(trip.readings),
            "said": trip.said,
            "step": trip.step,
            "submitted_at": trip.submitted_at and trip.submitted_at.isoformat(),
            "reasons": run.verdict.reasons,
        }
    )


def trip_of(row: Sequence[Any]) -> TripRun:
    """Return the trip of one row of a query that begins with TRIPS."""
    name, domain, message_id, started, outcome, level, suspect, submit, transit, retrieve, _, _, uncertainty, limit, text = row
    details = json.loads(text)
    trip = Trip(
        name=name,
        domain=domain,
        message_id=message_id,
        started_at=time_of(started),
        outcome=Outcome(outcome),
        submit_seconds=_seconds(submit),
        transit_seconds=_seconds(transit),
        retrieve_seconds=_seconds(retrieve),
        uncertainty_seconds=uncertainty / MICRO,
        folder=details["folder"],
        relays=tuple(_relay(relay) for relay in details["relays"]),
        readings=details["readings"],
        said=details["said"],
        step=details["step"],
        submitted_at=_moment(details.get("submitted_at")),
    )
    return TripRun(trip, Verdict(Level(level), tuple(details["reasons"]), limit, bool(suspect)))


def _seconds(us: int | None) -> float | None:
    return None if us is None else us / MICRO


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _relay(stored: dict[str, Any]) -> Relay:
    unstated: dict[str, Any] = {"server": None, "by": None, "seconds": None}
    return Relay(**unstated | stored | {"received_at": _moment(stored.get("received_at"))})
