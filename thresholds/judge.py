"""From samples and limits to a verdict, and from a Result or a Trip to samples. Pure: time is a parameter.

`DEFAULT_LEVELS` is the table of DESIGN section 3; a limit on the aspect `fault` or `outcome` can change a level.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from probe.values import FaultKind, Outcome
from thresholds.limits import in_force
from thresholds.values import FALLING, UNITS, Aspect, Level, Limit, Sample, Verdict
from thresholds.wording import amount, span, tell_fault, tell_limit, tell_outcome, tell_sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from probe.values import Result, Trip

DEFAULT_LEVELS: dict[FaultKind | Outcome, Level] = {
    FaultKind.RESOLVE: Level.CRITICAL,
    FaultKind.CONNECT: Level.CRITICAL,
    FaultKind.TIMEOUT: Level.CRITICAL,
    FaultKind.TLS: Level.CRITICAL,
    FaultKind.AUTH: Level.CRITICAL,
    FaultKind.TEMPORARY: Level.WARNING,
    FaultKind.PERMANENT: Level.CRITICAL,
    FaultKind.PROTOCOL: Level.CRITICAL,
    FaultKind.OURS: Level.UNKNOWN,
    Outcome.DELIVERED: Level.OK,
    Outcome.LATE: Level.WARNING,
    Outcome.DUPLICATE: Level.WARNING,
    Outcome.MISPLACED: Level.WARNING,
    Outcome.MODIFIED: Level.WARNING,
    Outcome.BOUNCED: Level.CRITICAL,
    Outcome.REJECTED: Level.CRITICAL,
    Outcome.GREYLISTED: Level.WARNING,
    Outcome.LOST: Level.CRITICAL,
    Outcome.UNSURE: Level.UNKNOWN,
}
REFUSALS = frozenset({FaultKind.AUTH, FaultKind.PERMANENT})  # what a forbidden service should say
_LET_IN: dict[str, frozenset[str]] = {  # kind -> steps that come only after a service let us in: to fail there is no refusal
    **dict.fromkeys(("smtp", "submission", "lmtp"), frozenset({"data", "message", "quit"})),
    "imap": frozenset({"id", "select", "search", "fetch", "quota", "logout"}),
    "pop3": frozenset({"stat", "uidl", "top", "retr", "quit"}),
    "ldap": frozenset({"unbind"}),  # its bind is the probe's own: it is the search for the domain that a directory grants or refuses
}
TIMEOUT_DOUBT = 0.1  # a deadline that ran out while the prober itself slept for this share of it proves nothing

# -- one sample


def _level_at(limit: Limit, value: float) -> Level:
    """Return the level of a value under a limit; the limit itself is still allowed."""
    sign = -1 if limit.match.aspect in FALLING else 1
    for level, bound in ((Level.CRITICAL, limit.critical), (Level.WARNING, limit.warning)):
        if bound is not None and sign * value > sign * bound:
            return level
    return Level.OK


def _judge_one(sample: Sample, limit: Limit | None) -> Level:
    if limit is None:
        return sample.level
    return limit.level if limit.level is not None else max(sample.level, _level_at(limit, sample.value))


def _reason(sample: Sample, limit: Limit | None, level: Level) -> str:
    """Return the sentence: what was seen, and the limit that it broke, where it broke one."""
    if limit is None or level is sample.level:
        return tell_sample(sample)
    if limit.level is not None:
        return f"{tell_sample(sample)} (counted as {level.name} by {limit.words})"
    bound = limit.critical if level is Level.CRITICAL else limit.warning
    return f"{tell_sample(sample)}, limit {amount(sample.aspect, bound or 0.0)} ({limit.words})"


def judge(samples: Iterable[Sample], limits: Sequence[Limit]) -> Verdict:
    """Return the verdict over all samples: the worst level, its reasons worst first, and the limit in force behind the worst."""
    found: list[tuple[Level, Sample, Limit | None]] = [
        (_judge_one(sample, limit), sample, limit) for sample in samples for limit in (in_force(limits, sample),)
    ]
    found.sort(key=lambda one: one[0], reverse=True)
    if not found:
        return Verdict(Level.UNKNOWN, ("not measured yet",))
    level = found[0][0]
    reasons = tuple(_reason(sample, limit, bad) for bad, sample, limit in found if bad is not Level.OK)
    limited = next((limit for bad, _, limit in found if limit is not None and bad is level), None)
    return Verdict(level, reasons, tell_limit(limited) if limited is not None else "")


def is_suspect(samples: Sequence[Sample], limits: Sequence[Limit]) -> bool:
    """Say whether the level would be another one if every value were off by its uncertainty, up or down."""
    level = judge(samples, limits).level
    shifted = ([replace(one, value=one.value + sign * one.uncertainty) for one in samples] for sign in (-1, 1))
    return any(judge(others, limits).level is not level for others in shifted)


def _decide(samples: Sequence[Sample], limits: Sequence[Limit]) -> Verdict:
    return replace(judge(samples, limits), suspect=is_suspect(samples, limits))


# -- a conversation


def _told(result: Result, aspect: Aspect, name: str, value: float) -> Sample:
    check = result.check
    uncertainty = result.uncertainty_seconds if UNITS.get(aspect) == "seconds" else 0.0
    return Sample(check.domain, check.server, aspect, name, value, result.started_at, uncertainty=uncertainty)


def _forbidden(result: Result) -> Sample:
    """Return what a service that the domain may not use has shown: refusing is right, answering is not, however it went on."""
    check, fault = result.check, result.fault
    if fault is None or fault.step in _LET_IN.get(check.kind, ()):
        said = f"{check.server} answers, but {check.domain} is not permitted it"
        return replace(_told(result, Aspect.FAULT, "ANSWERED", 0.0), said=said, level=Level.WARNING)
    if fault.kind in REFUSALS:
        return _told(result, Aspect.FAULT, "REFUSED", 0.0)
    said = f"cannot tell whether {check.server} refuses {check.domain}: {tell_fault(check, fault)}"
    return replace(_told(result, Aspect.FAULT, fault.kind.value, 0.0), said=said, level=Level.UNKNOWN)


def samples_of_result(result: Result) -> list[Sample]:
    """Return the samples of one conversation: its fault alone, or its total, its steps and its certificate."""
    if result.check.forbidden:
        return [_forbidden(result)]
    if result.fault is not None:
        fault = _told(result, Aspect.FAULT, result.fault.kind.value, 0.0)
        return [replace(fault, said=tell_fault(result.check, result.fault), level=DEFAULT_LEVELS[result.fault.kind])]
    steps = [_told(result, Aspect.STEP, step.name, step.seconds) for step in result.steps]
    days = result.readings.get("certificate_days")
    certificate = [_told(result, Aspect.CERTIFICATE, "", float(days))] if days is not None else []
    return [_told(result, Aspect.TOTAL, "", result.seconds), *steps, *certificate]


def _doubtful_deadline(result: Result) -> bool:
    timed_out = result.fault is not None and result.fault.kind is FaultKind.TIMEOUT
    return timed_out and result.uncertainty_seconds >= TIMEOUT_DOUBT * result.check.timeout_seconds


def judge_result(result: Result, limits: Sequence[Limit], site: str = "") -> Verdict:
    """Return what one conversation means. `site` is where this prober stands, for limits that name sites."""
    verdict = _decide([replace(sample, site=site) for sample in samples_of_result(result)], limits)
    return replace(verdict, suspect=True) if _doubtful_deadline(result) else verdict


# -- a trip


def _of_trip(trip: Trip, name: str, value: float) -> Sample:
    return Sample(trip.domain, trip.name, Aspect.TRIP, name, value, trip.started_at, uncertainty=trip.uncertainty_seconds)


def _under_way(trip: Trip, age: float, late_after_seconds: float) -> list[Sample]:
    """Return the age of a trip that has not ended as its total so far: it can only become more."""
    waiting = f", waiting for {trip.waiting_for}" if trip.waiting_for else ""
    said = f"the test message is under way for {span(age)}{waiting}"
    if age < late_after_seconds:
        return [replace(_of_trip(trip, "total", age), said=said)]
    late = f"{said}; late after {span(late_after_seconds)}"
    return [replace(_of_trip(trip, "total", age), said=said), replace(_of_trip(trip, "age", age), said=late, level=Level.WARNING)]


def samples_of_trip(trip: Trip, outcome: Outcome) -> list[Sample]:
    """Return the samples of a trip that has ended: its outcome, each time that is known, and its hops."""
    told = replace(
        _of_trip(trip, outcome.value, 0.0), aspect=Aspect.OUTCOME, said=tell_outcome(trip, outcome), level=DEFAULT_LEVELS[outcome]
    )
    parts = {"total": trip.total_seconds, "submit": trip.submit_seconds, "transit": trip.transit_seconds, "retrieve": trip.retrieve_seconds}
    times = [_of_trip(trip, name, value) for name, value in parts.items() if value is not None]
    hops = [
        replace(_of_trip(trip, relay.by or "", relay.seconds), aspect=Aspect.HOP, uncertainty=relay.clock_error_seconds or 0.0)
        for relay in trip.relays
        if relay.seconds is not None
    ]
    return [told, *times, *hops]


def _nearly_late(trip: Trip, seconds: float | None, late_after_seconds: float) -> bool:
    """Say whether the prober's own uncertainty decides if the trip is late."""
    in_question = trip.outcome in {None, Outcome.LATE, Outcome.DELIVERED}
    return in_question and seconds is not None and abs(seconds - late_after_seconds) < trip.uncertainty_seconds


def judge_trip(trip: Trip, limits: Sequence[Limit], now: datetime, late_after_seconds: float, site: str = "") -> Verdict:
    """Return what a trip means: by its outcome and times, or, while under way, by its age at `now`."""
    age = (now - trip.started_at).total_seconds()
    samples = _under_way(trip, age, late_after_seconds) if trip.outcome is None else samples_of_trip(trip, trip.outcome)
    verdict = _decide([replace(sample, site=site) for sample in samples], limits)
    doubtful = _nearly_late(trip, age if trip.outcome is None else trip.total_seconds, late_after_seconds)
    return replace(verdict, suspect=verdict.suspect or doubtful)
