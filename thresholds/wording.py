"""Sentences for a human at 3 a.m.: values with their unit, faults and outcomes as words. Pure; decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.kinds import KINDS
from probe.values import FaultKind, Outcome, Security
from thresholds.baselines import LEAST_COUNT, weeks_needed
from thresholds.values import UNITS, Aspect, Level

if TYPE_CHECKING:
    from probe.values import Check, Fault, Trip
    from thresholds.values import Limit, Sample

SPANS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))
NO_SUCH_OBJECT = "noSuchObject"  # RFC 4511, appendix A: also the answer to who may not see the entry
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
    Aspect.QUEUE: "{value} messages in {name}",
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
    sentence = FAULTS[fault.kind].format(**words)
    told = _with(sentence.removesuffix(" in tls") if fault.kind is FaultKind.TLS else sentence, fault.said)
    return f"{told}{hint(check, fault)}"


def hint(check: Check, fault: Fault) -> str:
    """Return what to look at first, after a semicolon, for faults that a slip of ours is apt to cause; "" for others."""
    words = _wants_tls(check, fault) or _no_such_base(check, fault)
    return f"; {words}" if words else ""


def _wants_tls(check: Check, fault: Fault) -> str:
    """Return what to try where a server says nothing, as one does that waits for TLS to begin."""
    endpoint, kind = check.endpoint, KINDS[check.kind]
    silent = fault.kind is FaultKind.TIMEOUT and fault.step == "greeting" and not fault.said
    if not silent or endpoint.security is Security.TLS or endpoint.port != kind.tls_port:
        return ""
    return f"port {endpoint.port} usually wants {check.kind}s:// (in a configuration: security: tls)"


def _no_such_base(check: Check, fault: Fault) -> str:
    """Return where to look when a directory does not know the place in which to search."""
    asked = check.directory
    if asked is None or fault.step != "search" or not fault.said.startswith(NO_SUCH_OBJECT):
        return ""
    return f"is the base DN {asked.base or '(empty)'} right, and may {asked.bind_dn or 'an anonymous user'} see it?"


def tell_outcome(trip: Trip, outcome: Outcome) -> str:
    """Return the sentence for how a trip ended, the peer's own words last."""
    if outcome is Outcome.UNSURE and trip.said.startswith(NOT_SENT):
        return f"the test message was {trip.said}"
    said = "" if trip.said == f"found in {trip.folder}" else trip.said  # the sentence names the folder already
    return _with(OUTCOMES[outcome].format(folder=trip.folder or "a folder for spam"), said)


def tell_sample(sample: Sample) -> str:
    """Return the sentence for a measured value: its own where it has one."""
    template = TIMES.get(sample.aspect, "{name} is at {value}")
    return sample.said or template.format(value=amount(sample.aspect, sample.value), name=sample.name)


def _usual(limit: Limit, level: Level) -> str:
    """Return what a baseline's value comes from: `3x the usual 700 ms of this hour of the week; `."""
    baseline, usual = limit.baseline, limit.usual
    if baseline is None or usual is None:
        return ""
    factor = baseline.critical if level is Level.CRITICAL else baseline.warning
    return f"{factor:g}x the usual {amount(limit.match.aspect, usual.median)} of this hour of the week; "


def tell_wanting(limit: Limit) -> str:
    """Return why a baseline makes no limit yet: `not enough history: 1 of 2 weeks`."""
    usual, needed = limit.usual, weeks_needed(limit.baseline) if limit.baseline else 0
    if usual is None:
        return "not enough history: none of this hour of the week"
    if usual.weeks < needed:
        return f"not enough history: this hour was seen in {usual.weeks} of {needed} weeks"
    return f"not enough history: {usual.count} of {LEAST_COUNT} values of this hour of the week"


def tell_broken(sample: Sample, limit: Limit, level: Level) -> str:
    """Return the sentence for a sample whose level a limit made: what was seen, and that limit."""
    if limit.level is not None:
        return f"{tell_sample(sample)} (counted as {level.name} by {limit.words})"
    if limit.wanting:
        return f"{tell_sample(sample)}; {tell_wanting(limit)} ({limit.words})"
    bound = limit.critical if level is Level.CRITICAL else limit.warning
    return f"{tell_sample(sample)}, limit {amount(sample.aspect, bound or 0.0)} ({_usual(limit, level)}{limit.words})"


def tell_limit(limit: Limit) -> str:
    """Return a limit as words: `warning 500 ms, critical 2 s (thresholds[0], imap*)`."""
    if limit.level is not None:
        return f"{limit.level.name} ({limit.words})"
    if limit.wanting:
        return f"{tell_wanting(limit)} ({limit.words})"
    values = (("warning", limit.warning), ("critical", limit.critical))
    parts = [f"{name} {amount(limit.match.aspect, value)}" for name, value in values if value is not None]
    return f"{', '.join(parts)} ({limit.words})"
