"""What a bad cell shows, as blame reads it: one Symptom per observation, by tables. Pure. It knows no other cell and blames nobody.

A fault's step matters as much as its kind: who was refused at login has been answered, so neither host nor network is to blame; and only
what fails after the greeting can be the fault of something that stands behind the server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from probe.values import FaultKind, Outcome
from thresholds.values import Level

if TYPE_CHECKING:
    from thresholds.incident_values import Cell, Observation


class Sign(StrEnum):
    """What is wrong with a cell, as words for a sentence."""

    NAMES = "its name is not found"
    REACH = "no connection"
    MUTE = "no answer, or a broken one"
    TLS = "TLS fails"
    LOGIN = "the login is refused"
    REFUSED = "refused for good"
    PUT_OFF = "asked to come again later"
    FULL = "the mailbox is full"
    SLOW = "slow"
    OWN = "wrong in itself"  # a forbidden service that answers
    STUCK = "mail does not arrive in time"
    LOST = "mail is lost"
    BOUNCED = "mail bounces"
    REJECTED = "mail is refused at submission"
    FILED = "mail is filed as spam"
    DOUBLED = "mail comes more than once"
    CHANGED = "mail is changed on the way"
    UNSEEN = "not seen since it went bad"  # after a restart, or on its way to be well


@dataclass(frozen=True, slots=True)
class Symptom:
    """What one bad cell shows."""

    sign: Sign
    late: bool = False  # it came so far that something behind the server may be the reason
    step: str = ""  # at which it failed
    hops: tuple[str, ...] = ()  # of a trip: those that broke a limit, or took most of its time
    links: tuple[str, ...] = ()  # likewise
    traced: bool = False  # of a trip: the servers' logs tell where it was
    stages: frozenset[str] = frozenset()  # of a trip: submit, transit, retrieve, as far as they broke a limit


BY_KIND: dict[FaultKind, Sign] = {
    FaultKind.RESOLVE: Sign.NAMES,
    FaultKind.CONNECT: Sign.REACH,
    FaultKind.TIMEOUT: Sign.MUTE,
    FaultKind.TLS: Sign.TLS,
    FaultKind.AUTH: Sign.LOGIN,
    FaultKind.TEMPORARY: Sign.PUT_OFF,
    FaultKind.PERMANENT: Sign.REFUSED,
    FaultKind.PROTOCOL: Sign.MUTE,
    FaultKind.OURS: Sign.OWN,
}
BY_OUTCOME: dict[Outcome | None, Sign] = {
    None: Sign.STUCK,
    Outcome.DELIVERED: Sign.SLOW,
    Outcome.LATE: Sign.STUCK,
    Outcome.DUPLICATE: Sign.DOUBLED,
    Outcome.MISPLACED: Sign.FILED,
    Outcome.MODIFIED: Sign.CHANGED,
    Outcome.BOUNCED: Sign.BOUNCED,
    Outcome.REJECTED: Sign.REJECTED,
    Outcome.GREYLISTED: Sign.STUCK,
    Outcome.LOST: Sign.LOST,
    Outcome.UNSURE: Sign.UNSEEN,
}
TIMEOUT_SIGNS = {"resolve": Sign.NAMES, "connect": Sign.REACH}  # what a deadline means at these steps
LOGIN_STEPS = frozenset({"auth", "login", "bind"})
FIRST_STEPS = frozenset(  # before anything behind the server is asked
    {"resolve", "connect", "tls", "greeting", "hello", "hello-tls", "starttls", "capability", "capability-tls", "capa", "capa-tls"}
)
LOGINS = frozenset({"imap", "pop3", "submission"})  # kinds that sign in with the account of a domain
FULL = re.compile(r"\b[45]\.2\.2\b|quota|mailbox (?:is )?full|storage (?:limit|allocation)", re.IGNORECASE)
FULL_NAMES = frozenset({"queue mailbox", "resource quota"})  # aspects of a mailbox that may break a limit
REASONS_READ = 3


def symptom(cell: Cell, seen: Observation | None) -> Symptom:
    """Return what a bad cell shows by its last observation."""
    if seen is None or seen.verdict.level < Level.WARNING:
        return Symptom(Sign.UNSEEN, late=True)
    if cell.kind == "trip":
        return _of_trip(seen)
    return _of_fault(seen) if seen.fault is not None else _of_time(seen)


def _of_fault(seen: Observation) -> Symptom:
    fault = seen.fault
    assert fault is not None  # noqa: S101 - the caller has asked
    sign = BY_KIND[fault.kind]
    if fault.kind is FaultKind.TIMEOUT:
        sign = TIMEOUT_SIGNS.get(fault.step, sign)
    if sign in {Sign.REFUSED, Sign.PUT_OFF} and FULL.search(fault.said):
        sign = Sign.FULL
    if sign is Sign.REFUSED and fault.step in LOGIN_STEPS:
        sign = Sign.LOGIN
    return Symptom(sign, late=fault.step not in FIRST_STEPS, step=fault.step)


def _of_time(seen: Observation) -> Symptom:
    """Return what a conversation shows that went through: a limit was broken, or it should not have gone through."""
    if not seen.slow and not seen.verdict.limit:
        return Symptom(Sign.OWN)
    if seen.slow and FULL_NAMES.issuperset(seen.slow):
        return Symptom(Sign.FULL, late=True)
    if "certificate" in seen.slow:
        return Symptom(Sign.TLS, step="tls")
    spent = _spent(seen)
    if spent.get("resolve", 0.0) > sum(spent.values()) / 2 or "step resolve" in seen.slow:
        return Symptom(Sign.NAMES, step="resolve")
    return Symptom(Sign.SLOW, late=_late_time(seen, spent))


def _spent(seen: Observation) -> dict[str, float]:
    return {step.name: step.seconds for step in seen.steps}


def _late_time(seen: Observation, spent: dict[str, float]) -> bool:
    """Say whether the time may have gone where something behind the server was asked; where nothing is known, it may."""
    named = [name.removeprefix("step ") for name in seen.slow if name.startswith("step ")]
    if named:
        return not FIRST_STEPS.issuperset(named)
    behind = sum(seconds for name, seconds in spent.items() if name not in FIRST_STEPS)
    return not spent or behind > sum(spent.values()) / 2


def _of_trip(seen: Observation) -> Symptom:
    sign = BY_OUTCOME[seen.outcome]
    if sign in {Sign.BOUNCED, Sign.REJECTED, Sign.STUCK} and any(FULL.search(reason) for reason in seen.verdict.reasons[:REASONS_READ]):
        sign = Sign.FULL
    hops, links = (tuple(name.removeprefix(kind) for name in seen.slow if name.startswith(kind)) for kind in ("hop ", "link "))
    stages = frozenset(name.removeprefix("trip ") for name in seen.slow if name.startswith("trip ")) - {"total", "age"}
    return Symptom(sign, late=True, hops=hops, links=links, traced=bool(seen.proofs), stages=stages)
