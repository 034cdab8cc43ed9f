"""From what the control API says (console/api_shapes.py) back to our nouns, so that what shows a run shows a service's too. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from probe.values import Check, Endpoint, Fault, FaultKind, Line, Outcome, Relay, Result, Security, Step, Trip
from service.report import JudgedCheck, JudgedTrip
from service.words import clock
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Shape = Mapping[str, Any]


def moment(text: str) -> datetime:
    """Return a time of RFC 3339."""
    return datetime.fromisoformat(text)


def steps_of(run: Shape) -> tuple[Step, ...]:
    """Return the steps of a run."""
    return tuple(Step(one["name"], one["seconds"]) for one in run["steps"])


def fault_of(run: Shape) -> Fault | None:
    """Return what went wrong in a run."""
    fault = run["fault"]
    return None if fault is None else Fault(FaultKind(fault["kind"]), fault["step"], fault["said"])


def lines_of(lines: Iterable[Shape]) -> tuple[Line, ...]:
    """Return a conversation."""
    return tuple(Line(one["ours"], one["step"], one["text"], one["at_seconds"]) for one in lines)


def judged_check(shape: Shape, now: datetime) -> JudgedCheck:
    """Return a check as it stands now (aware); one that nobody knows of has the reason why."""
    endpoint = Endpoint(shape["host"], shape["port"], Security(shape["security"]))
    check = Check(shape["check"], shape["domain"], shape["server"], shape["kind"], endpoint, shape["every_seconds"])
    last = shape["last"]
    if last is None:
        return JudgedCheck(Result(check, now), Verdict(Level.UNKNOWN, ("not run yet",)))
    began = moment(last["started_at"])
    result = Result(check, began, steps_of(last), last["readings"], fault_of(last), last["message_id"], last["uncertainty_seconds"])
    if not shape["fresh"]:
        return JudgedCheck(result, Verdict(Level.UNKNOWN, (f"not run since {clock(began)}, when it was {last['level']}",)))
    return JudgedCheck(result, Verdict(Level[shape["level"]], tuple(last["reasons"]), last["limit"], last["suspect"]))


def judged_journey(shape: Shape, now: datetime) -> JudgedTrip:
    """Return the trip that says how a journey stands now (aware): the newest that has its level."""
    level = Level[shape["level"]]
    trips = [one for one in (shape["last"], *shape["under_way"]) if one is not None and one["level"] == shape["level"]]
    if not trips:
        trip = Trip(shape["trip"], shape["domain"], "", now)
        return JudgedTrip(trip, Verdict(level, ("no trip has ended yet",) if level is Level.UNKNOWN else ()))
    told = max(trips, key=lambda one: moment(one["started_at"]))
    return JudgedTrip(trip_of(told), Verdict(level, tuple(told["reasons"]), suspect=told["suspect"]))


def trip_of(shape: Shape) -> Trip:
    """Return a trip."""
    return Trip(
        shape["trip"],
        shape["domain"],
        shape["message_id"],
        moment(shape["started_at"]),
        Outcome(shape["outcome"]) if shape["outcome"] else None,
        waiting_for=shape["waiting_for"] or "",
        submit_seconds=shape["submit_seconds"],
        transit_seconds=shape["transit_seconds"],
        retrieve_seconds=shape["retrieve_seconds"],
        uncertainty_seconds=shape["uncertainty_seconds"],
        folder=shape["folder"],
        relays=tuple(_relay(hop) for hop in shape["hops"]),
        said=shape["said"],
        submitted_at=moment(shape["submitted_at"]) if shape.get("submitted_at") else None,
    )


def _relay(hop: Shape) -> Relay:
    received_at = moment(hop["received_at"]) if hop["received_at"] else None
    return Relay(hop["server"], hop["by"], received_at, hop["seconds"])
