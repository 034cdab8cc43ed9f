"""What is broken, in few words, read from the worst reason: it begins as the tables of `thresholds.wording` have it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probe.values import FaultKind, Outcome
from thresholds.incident_values import CauseKind
from thresholds.values import Aspect
from thresholds.wording import FAULTS, NOT_SENT, OUTCOMES, TIMES

LOOKED_AT = 1000  # characters of a reason; a stranger may have written the rest


@dataclass(frozen=True, slots=True)
class Symptom:
    """How one kind of reason is said in few words."""

    begins: re.Pattern[str]  # the reason, without its cell
    says: str  # what the cause does: "does not answer"
    mail: bool = False  # it is the test message that fares so, not a server


SERVERS: dict[FaultKind, str] = {
    FaultKind.RESOLVE: "is not found by its name",
    FaultKind.CONNECT: "takes no connection",
    FaultKind.TIMEOUT: "does not answer",
    FaultKind.TLS: "fails in TLS",
    FaultKind.AUTH: "refuses the login",
    FaultKind.TEMPORARY: "asks to come again later",
    FaultKind.PERMANENT: "refuses service",
    FaultKind.PROTOCOL: "breaks its protocol",
    FaultKind.OURS: "cannot be probed",
}
MAIL: dict[Outcome, str] = {
    Outcome.DELIVERED: "arrives, but not as it should",
    Outcome.LATE: "comes late",
    Outcome.DUPLICATE: "comes more than once",
    Outcome.MISPLACED: "is filed as spam",
    Outcome.MODIFIED: "is changed on the way",
    Outcome.BOUNCED: "bounces",
    Outcome.REJECTED: "is refused at submission",
    Outcome.GREYLISTED: "is put off (greylisted)",
    Outcome.LOST: "does not arrive",
    Outcome.UNSURE: "cannot be followed",
}
VALUES: dict[Aspect, tuple[str, bool]] = {  # says, mail
    Aspect.TOTAL: ("is slow", False),
    Aspect.STEP: ("is slow", False),
    Aspect.TRIP: ("is slow", True),
    Aspect.HOP: ("is slow", True),
    Aspect.QUEUE: ("has too many messages waiting", False),
    Aspect.CERTIFICATE: ("has a certificate that runs out", False),
}


def _begins(template: str) -> re.Pattern[str]:
    """Return the pattern of the sentences that are made from a template: each of its places may hold anything."""
    return re.compile(".{1,300}?".join(map(re.escape, re.split(r"\{\w+\}", template))))


SYMPTOMS: tuple[Symptom, ...] = (
    *(Symptom(_begins(FAULTS[kind].removesuffix(" in {step}")), says) for kind, says in SERVERS.items()),
    *(Symptom(_begins(OUTCOMES[outcome]), says, mail=True) for outcome, says in MAIL.items()),
    *(Symptom(_begins(TIMES[aspect]), *words) for aspect, words in VALUES.items()),
    Symptom(_begins(f"the test message was {NOT_SENT}"), "cannot be sent", mail=True),
    Symptom(_begins("the test message is under way for"), "does not arrive in time", mail=True),
    Symptom(_begins("the test message has come after"), "comes late", mail=True),
    Symptom(_begins("quota is at"), "runs out of quota"),
    Symptom(re.compile(r"\S+ answers, but "), "answers who may not use it"),
)
STRANGE = Symptom(re.compile(""), "is not as it should be")  # a reason of a kind that has no words of its own here
# What is said instead where these words, made for a server, do not fit the kind of cause.
RATHER: dict[tuple[CauseKind, str], str] = {
    (CauseKind.RESOLVER, SERVERS[FaultKind.RESOLVE]): "resolves no names",
    (CauseKind.ACCOUNT, SERVERS[FaultKind.AUTH]): "is refused its login",
}


def symptom(reasons: tuple[str, ...]) -> Symptom:
    """Return how the worst reason is said in few words. A reason may stand behind its cell: `abc.example/imap: took 4.1 s`."""
    if not reasons:
        return STRANGE
    reason = reasons[0][:LOOKED_AT]
    forms = (reason, reason.partition(": ")[2])
    return next((one for form in forms for one in SYMPTOMS if one.begins.match(form)), STRANGE)
