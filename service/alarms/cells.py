"""From what is planned, and what came of it, to what incidents are made of: Cells and Observations. Pure.

A trip that is merely under way says nothing yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from thresholds.incident_values import Cell, Observation
from thresholds.judge import is_near, samples_of_result, samples_of_trip
from thresholds.values import Level
from thresholds.ways import TIMELY, places, proofs, slowest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from probe.values import Check, Journey
    from service.rounds.work import Work
    from store.values import Run, TripRun
    from thresholds.limits import Limits
    from thresholds.ways import Way


def trip_cell(name: str) -> str:
    """Return the name of the cell of a journey's trips."""
    return f"trip {name}"


def cells_of(work: Work, needs: Mapping[str, tuple[str, ...]]) -> Iterator[Cell]:
    """Yield the cells of all that is planned. `needs`: server -> the servers that it cannot work without."""
    for check in work.checks:
        yield _of_check(check, work.site, needs)
    for journey in work.journeys:
        yield _of_journey(journey, work.site, needs)


def _account(check: Check) -> str:
    return check.mailbox.address if check.mailbox is not None else ""


def _of_check(check: Check, site: str, needs: Mapping[str, tuple[str, ...]]) -> Cell:
    return Cell(
        check.name,
        check.domain,
        check.server,
        check.kind,
        check.every_seconds,
        host=check.endpoint.host,
        account=_account(check),
        site=site,
        needs=needs.get(check.server, ()),
    )


def _of_journey(journey: Journey, site: str, needs: Mapping[str, tuple[str, ...]]) -> Cell:
    fetch, submit = journey.fetch, journey.submit
    return Cell(
        trip_cell(journey.name),
        journey.domain,
        fetch.server,
        "trip",
        journey.every_seconds,
        submits=submit.server,
        host=fetch.endpoint.host,
        account=_account(fetch),
        site=site,
        needs=tuple(dict.fromkeys((*needs.get(submit.server, ()), *needs.get(fetch.server, ())))),
        origin=submit.domain,
    )


def of_run(run: Run, at: datetime) -> Observation:
    """Return what a conversation says."""
    result, verdict = run.result, run.verdict
    steps = result.steps if verdict.level >= Level.WARNING else ()  # blame asks where the time went; of the good nobody does
    return Observation(result.check.name, at, verdict, result.seconds, result.fault, slow=verdict.broke, steps=steps)


def of_trip(run: TripRun, at: datetime, way: Way | None = None) -> Observation | None:
    """Return what a trip says; None = it is under way, and nothing is wrong with it yet. `way`: what the servers' logs tell of it."""
    trip = run.trip
    if trip.outcome is None and run.verdict.level < Level.WARNING:
        return None
    slow: tuple[str, ...] = run.verdict.broke
    proven: tuple[tuple[str, str], ...] = ()
    if way is not None and run.verdict.level >= Level.WARNING:
        slow, proven = _where(run, at, way), proofs(way, at)
    whole = (trip_cell(trip.name), at, run.verdict, trip.total_seconds)
    return Observation(*whole, outcome=trip.outcome, slow=slow, message=trip.message_id, proofs=proven)


def _where(run: TripRun, at: datetime, way: Way) -> tuple[str, ...]:
    """Return what broke a limit; of a trip that is slow or late also where most of its time went."""
    trip, broke = run.trip, run.verdict.broke
    if trip.outcome not in TIMELY or places(broke):
        return broke
    seconds = trip.total_seconds if trip.total_seconds is not None else (at - trip.started_at).total_seconds()
    most = slowest(way, seconds, at)
    return (*broke, most) if most else broke


def near_run(run: Run, limits: Limits, share: float, site: str) -> bool:
    """Say whether a good conversation lies so near a limit that it is no recovery."""
    return is_near(samples_of_result(run.result, site), limits, share)


def near_trip(run: TripRun, limits: Limits, share: float) -> bool:
    """Say whether a good trip lies so near a limit that it is no recovery."""
    return run.trip.outcome is not None and is_near(samples_of_trip(run.trip, run.trip.outcome), limits, share)
