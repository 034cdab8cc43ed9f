"""From samples and limits to a verdict, and from a Result or a Trip to samples. Pure: time is a parameter.

`DEFAULT_LEVELS` is the table of DESIGN section 3; a limit on the aspect `fault` or `outcome` can change a level.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from probe.values import FaultKind, Outcome
from thresholds.mailbox import mailbox_samples
from thresholds.values import FALLING, Aspect, Level, Limit, Sample, Verdict
from thresholds.ways import samples_of_way
from thresholds.wording import span, tell_broken, tell_fault, tell_limit, tell_outcome, tell_sample

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from probe.values import Result, Trip
    from thresholds.limits import Limits
    from thresholds.ways import Way

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

# -- one sample

_Found = tuple[
    Level, Level, Level, Sample, Limit | None
]  # level; level if the value were less or more by its uncertainty; of what; by what


def level_at(limit: Limit, value: float) -> Level:
    """Return the level of a value under a limit; the limit itself is still allowed."""
    critical, warning = limit.critical, limit.warning
    if limit.match.aspect in FALLING:
        value, critical, warning = -value, critical and -critical, warning and -warning
    if critical is not None and value > critical:
        return Level.CRITICAL
    return Level.WARNING if warning is not None and value > warning else Level.OK


def _find(sample: Sample, limits: Limits) -> _Found:
    own, limit = sample.level, limits.in_force(sample)
    if limit is None:
        return (own, own, own, sample, None)
    if limit.level is not None:
        return (limit.level, limit.level, limit.level, sample, limit)
    if limit.wanting:
        unknown = max(own, Level.UNKNOWN)
        return (unknown, unknown, unknown, sample, limit)
    return _measured(sample, limit)


def _measured(sample: Sample, limit: Limit) -> _Found:
    """Return what a limit in force says of a value, and of the same value less and more its uncertainty."""
    own, value, off = sample.level, sample.value, sample.uncertainty
    less = more = level = level_at(limit, value)
    if off:
        less, more = level_at(limit, value - off), level_at(limit, value + off)
    if own is not Level.OK:
        level, less, more = max(own, level), max(own, less), max(own, more)
    return (level, less, more, sample, limit)


def _reason(sample: Sample, limit: Limit | None, level: Level) -> str:
    """Return the sentence: what was seen, and the limit that it broke, where it broke one."""
    if limit is None or level is sample.level:
        return tell_sample(sample)
    return tell_broken(sample, limit, level)


def judge(samples: Iterable[Sample], limits: Limits) -> Verdict:
    """Return the verdict over all samples: the worst level, its reasons worst first, and the limit in force behind the worst.

    It is suspect when the level would be another one if every value were off by its uncertainty, all up or all down.
    """
    found = [_find(sample, limits) for sample in samples]
    if not found:
        return Verdict(Level.UNKNOWN, ("not measured yet",))
    level = max([one[0] for one in found])
    suspect = level is not max([one[1] for one in found]) or level is not max([one[2] for one in found])
    limited = next((one[4] for one in found if one[0] is level and one[4] is not None), None)
    words = tell_limit(limited) if limited is not None else ""
    return _explained(Verdict(level, (), words, suspect), found) if level else Verdict(level, (), words, suspect)


def _explained(verdict: Verdict, found: list[_Found]) -> Verdict:
    """Return a verdict that is not OK with its reasons, the worst first, and what broke its limit."""
    bad = sorted((one for one in found if one[0]), key=lambda one: one[0], reverse=True)
    reasons = tuple(_reason(sample, limit, level) for level, _, _, sample, limit in bad)
    broke = tuple(f"{sample.aspect} {sample.name}".strip() for level, _, _, sample, limit in bad if level >= Level.WARNING and limit)
    return replace(verdict, reasons=reasons, broke=broke)


def is_near(samples: Iterable[Sample], limits: Limits, share: float) -> bool:
    """Say whether any value lies between this share of its limit and the limit itself: what was bad has not recovered yet."""
    for sample in samples:
        limit = limits.in_force(sample)
        nearer = sample.value * share if sample.aspect in FALLING else sample.value / share
        if limit is not None and limit.level is None and not limit.wanting and level_at(limit, nearer):
            return True
    return False


# -- a conversation


def _fault(result: Result, site: str, name: str, said: str = "", level: Level = Level.OK) -> Sample:
    check = result.check
    return Sample(check.domain, check.server, Aspect.FAULT, name, 0.0, result.started_at, site, said=said, level=level)


def _forbidden(result: Result, site: str) -> Sample:
    """Return what a service that the domain may not use has shown: refusing is right, answering is not, however it went on."""
    check, fault = result.check, result.fault
    if fault is None or fault.step in _LET_IN.get(check.kind, ()):
        said = f"{check.server} answers, but {check.domain} is not permitted it"
        return _fault(result, site, "ANSWERED", said, Level.WARNING)
    if fault.kind in REFUSALS:
        return _fault(result, site, "REFUSED")
    said = f"cannot tell whether {check.server} refuses {check.domain}: {tell_fault(check, fault)}"
    return _fault(result, site, fault.kind.value, said, Level.UNKNOWN)


def samples_of_result(result: Result, site: str = "") -> list[Sample]:
    """Return the samples of one conversation: its fault alone, or its total, its steps and its certificate."""
    check, at, doubt = result.check, result.started_at, result.uncertainty_seconds
    if check.forbidden:
        return [_forbidden(result, site)]
    if result.fault is not None:
        kind = result.fault.kind
        return [_fault(result, site, kind.value, tell_fault(check, result.fault), DEFAULT_LEVELS[kind])]
    where = (check.domain, check.server)
    samples = [Sample(*where, Aspect.TOTAL, "", result.seconds, at, site, doubt)]
    samples += [Sample(*where, Aspect.STEP, step.name, step.seconds, at, site, doubt) for step in result.steps]
    days = result.readings.get("certificate_days")
    if days is not None:
        samples.append(Sample(*where, Aspect.CERTIFICATE, "", float(days), at, site))
    return samples + mailbox_samples(result, site)


def doubtful_deadline(result: Result) -> bool:
    """Say whether the prober's own sleep decides on which side of its deadline a conversation ended.

    The wire puts a deadline off by what the prober slept, at most by the timeout again. So a timeout is sure unless we slept for longer;
    and an answer whose total is above the timeout may have come too late, had we been awake.
    """
    timeout, off = result.check.timeout_seconds, result.uncertainty_seconds
    if result.fault is not None and result.fault.kind is FaultKind.TIMEOUT:
        return off >= timeout
    return timeout < result.seconds <= timeout + off


def judge_result(result: Result, limits: Limits, site: str = "") -> Verdict:
    """Return what one conversation means. `site` is where this prober stands, for limits that name sites."""
    verdict = judge(samples_of_result(result, site), limits)
    return replace(verdict, suspect=True) if doubtful_deadline(result) else verdict


# -- a trip


def _of_trip(trip: Trip, name: str, value: float) -> Sample:
    return Sample(trip.domain, trip.name, Aspect.TRIP, name, value, trip.started_at, uncertainty=trip.uncertainty_seconds)


def _under_way(trip: Trip, age: float, late_after_seconds: float) -> list[Sample]:
    """Return the age of a trip that has not ended as its total so far: it can only become more, unless the message has come."""
    waiting = f", waiting for {trip.waiting_for}" if trip.waiting_for else ""
    said = f"the test message {'is under way for' if trip.total_seconds is None else 'has come after'} {span(age)}{waiting}"
    if age < late_after_seconds:
        return [replace(_of_trip(trip, "total", age), said=said)]
    late = f"{said}; late after {span(late_after_seconds)}"
    return [replace(_of_trip(trip, "total", age), said=said), replace(_of_trip(trip, "age", age), said=late, level=Level.WARNING)]


def samples_of_trip(trip: Trip, outcome: Outcome, *, relays: bool = True) -> list[Sample]:
    """Return the samples of a trip that has ended: its outcome, each time that is known, and its hops by its own headers."""
    told = replace(
        _of_trip(trip, outcome.value, 0.0), aspect=Aspect.OUTCOME, said=tell_outcome(trip, outcome), level=DEFAULT_LEVELS[outcome]
    )
    parts = {"total": trip.total_seconds, "submit": trip.submit_seconds, "transit": trip.transit_seconds, "retrieve": trip.retrieve_seconds}
    times = [_of_trip(trip, name, value) for name, value in parts.items() if value is not None]
    hops = [
        replace(_of_trip(trip, relay.by or "", relay.seconds), aspect=Aspect.HOP, uncertainty=relay.clock_error_seconds or 0.0)
        for relay in trip.relays
        if relays and relay.seconds is not None
    ]
    return [told, *times, *hops]


def nearly_late(trip: Trip, seconds: float | None, late_after_seconds: float) -> bool:
    """Say whether the prober's own uncertainty decides if the trip is late."""
    in_question = trip.outcome in {None, Outcome.LATE, Outcome.DELIVERED}
    return in_question and seconds is not None and abs(seconds - late_after_seconds) < trip.uncertainty_seconds


def judge_trip(trip: Trip, limits: Limits, now: datetime, late_after_seconds: float, site: str = "", way: Way | None = None) -> Verdict:
    """Return what a trip means: by its outcome and times, or, while under way, by its age: at `now`, or when its message came.

    `way`: what the servers' logs tell of the same message; its hops are judged in the place of those that headers tell.
    """
    age = (now - trip.started_at).total_seconds() if trip.total_seconds is None else trip.total_seconds
    told = trip.outcome
    samples = _under_way(trip, age, late_after_seconds) if told is None else samples_of_trip(trip, told, relays=way is None)
    if way is not None:
        samples += samples_of_way(trip, way, now if told is None else trip.started_at)
    verdict = judge([replace(sample, site=site) for sample in samples], limits)
    doubtful = nearly_late(trip, age if trip.outcome is None else trip.total_seconds, late_after_seconds)
    return replace(verdict, suspect=verdict.suspect or doubtful)
