"""Sentences for a human at 3 a.m.: values with their unit, faults and outcomes as words. Pure; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.values import FaultKind, Outcome
from thresholds.values import UNITS, Aspect

if TYPE_CHECKING:
    from probe.values import Check, Fault, Trip
    from thresholds.values import Limit, Sample

SPANS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))
NOT_SENT = "not sent"  # how the words of a trip begin whose message never went out (probe.outcome)
UNIT_WORDS = {"count": "", "percent": " %", "days": " days"}

FAULTS: dict[FaultKind, str] = {
    FaultKind.RESOLVE: "the name {host} could not be resolved",
    FaultKind.CONNECT: "no connection to {host}",
    FaultKind.TIMEOUT: "no answer in {step} within {timeout}",
    FaultKind.TLS: "TLS failed in {step}",
    FaultKind.AUTH: "the login was refused in {step}",
    FaultKind.TEMPORARY: "asked to come again later, in {step}",
    FaultKind.PERMANENT: "refused in {step}",
    FaultKind.PROTOCOL: "broke its own protocol in {step}",
    FaultKind.OURS: "our own error in {step}, which says nothing of the server",
}
OUTCOMES: dict[Outcome, str] = {
    Outcome.DELIVERED: "the test message was delivered",
    Outcome.LATE: "the test message came late",
    Outcome.DUPLICATE: "the test message came more than once",
    Outcome.MISPLACED: "the test message was filed in {folder}",
    Outcome.MODIFIED: "the test message was changed on the way",
    Outcome.BOUNCED: "the test message bounced",
    Outcome.REJECTED: "the test message was refused at submission",
    Outcome.GREYLISTED: "the test message was put off (greylisted) until it was given up",
    Outcome.LOST: "the test message never arrived",
    Outcome.UNSURE: "what became of the test message cannot be known",
}
TIMES: dict[Aspect, str] = {
    Aspect.TOTAL: "took {value}",
    Aspect.STEP: "took {value} in {name}",
    Aspect.TRIP: "the test message took {value} ({name})",
    Aspect.HOP: "the test message took {value} to {name}",
    Aspect.CERTIFICATE: "the certificate expires in {value}",
}


def span(seconds: float) -> str:
    """Return a duration as people say it: 500 ms, 1.2 s, 2 min, 26 h, 3 d."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.3g} ms"
    for size, unit in SPANS:
        if seconds >= 2 * size or seconds == size:
            return f"{round(seconds / size, 1):g} {unit}"
    return f"{round(seconds, 1):g} s" if seconds >= 10 else f"{round(seconds, 2):g} s"


def amount(aspect: Aspect, value: float) -> str:
    """Return a value with its aspect's unit in words."""
    unit = UNITS[aspect]
    return span(value) if unit == "seconds" else f"{round(value, 1):g}{UNIT_WORDS[unit]}"


def _with(sentence: str, said: str) -> str:
    return f"{sentence}: {said}" if said else sentence


def tell_fault(check: Check, fault: Fault) -> str:
    """Return the sentence for a fault, the peer's own words last."""
    endpoint = check.endpoint
    words = {"host": endpoint.host, "step": fault.step, "timeout": span(check.timeout_seconds)}
    return _with(FAULTS[fault.kind].format(**words), fault.said)


def tell_outcome(trip: Trip, outcome: Outcome) -> str:
    """Return the sentence for how a trip ended, the peer's own words last."""
    if outcome is Outcome.UNSURE and trip.said.startswith(NOT_SENT):
        return f"the test message was {trip.said}"
    return _with(OUTCOMES[outcome].format(folder=trip.folder or "a folder for spam"), trip.said)


def tell_sample(sample: Sample) -> str:
    """Return the sentence for a measured value: its own where it has one."""
    template = TIMES.get(sample.aspect, "{name} is at {value}")
    return sample.said or template.format(value=amount(sample.aspect, sample.value), name=sample.name)


def tell_limit(limit: Limit) -> str:
    """Return a limit as words: `warning 500 ms, critical 2 s (thresholds[0], imap*)`."""
    if limit.level is not None:
        return f"{limit.level.name} ({limit.words})"
    values = (("warning", limit.warning), ("critical", limit.critical))
    parts = [f"{name} {amount(limit.match.aspect, value)}" for name, value in values if value is not None]
    return f"{', '.join(parts)} ({limit.words})"
