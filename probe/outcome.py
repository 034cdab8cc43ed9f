"""How a trip ends: from what is known of it to exactly one of ten outcomes, or to what it still waits for. No I/O, no clock.

It refuses to guess: what cannot be known ends as `unsure`, with the reason. When several outcomes hold, PRECEDENCE decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from probe.values import Fault, FaultKind, Outcome

if TYPE_CHECKING:
    from probe.dsn import Bounce

PRECEDENCE = (
    Outcome.REJECTED,
    Outcome.BOUNCED,
    Outcome.MODIFIED,
    Outcome.MISPLACED,
    Outcome.DUPLICATE,
    Outcome.LATE,
    Outcome.DELIVERED,
)
_FIRST_RETRY_SECONDS = 5.0
_LONGEST_RETRY_SECONDS = 300.0  # the longest that common greylisting asks for
_GREYLISTING = re.compile(r"45[01](?![ -]4\.3\.)|4\d\d[ -]4\.7\.")  # 4.3.z is a server in trouble, which is another matter


class Handed(StrEnum):
    """What the submission server made of the message."""

    BEGUN = "begun"  # no answer yet
    TAKEN = "taken"
    AGAIN = "again"  # 4yz: come again with the same envelope
    REFUSED = "refused"  # 5yz
    UNKNOWN = "unknown"  # the connection ended after our final dot: taken or not
    UNSENT = "unsent"  # certainly not taken: it never came so far


@dataclass(frozen=True, slots=True)
class Limits:
    """When a trip is late, lost and settled."""

    late_after_seconds: float = 120.0
    lost_after_seconds: float = 86_400.0
    settle_seconds: float = 1.0  # how long to look for a second copy


@dataclass(frozen=True, slots=True)
class Sighting:
    """One copy of the message, found in a mailbox."""

    folder: str
    uid: str  # within folder and epoch
    epoch: str  # UIDVALIDITY; another one may show the same copy again
    misplaced: bool
    changed: str  # in words; "" = as it was sent
    noticed_at: datetime  # by our clock
    fresh: bool = True  # we were looking when it came; False = it lay there when we came
    stamped_at: datetime | None = None  # when it came, by the server's clock


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one trip."""

    began_at: datetime  # the first try of submission
    tried_at: datetime  # the latest try
    handed: Handed = Handed.BEGUN
    submitter: str = ""  # the server we hand it to
    place: str = ""  # "INBOX of probe@abc.example"
    said: str = ""  # the submission server's own words
    copies: tuple[Sighting, ...] = ()
    bounce: Bounce | None = None
    blind: str = ""  # why the mailbox cannot be read at present


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a trip stands: ended with an outcome, or waiting for something."""

    outcome: Outcome | None
    waiting_for: str = ""
    said: str = ""
    until: datetime | None = None  # when to look again although nothing has happened; None = ended


def handed(fault: Fault | None) -> Handed:
    """Return what a submission's fault means for the message."""
    if fault is None:
        return Handed.TAKEN
    if fault.kind in (FaultKind.TIMEOUT, FaultKind.PROTOCOL) and fault.step == "message":
        return Handed.UNKNOWN
    return {FaultKind.TEMPORARY: Handed.AGAIN, FaultKind.PERMANENT: Handed.REFUSED}.get(fault.kind, Handed.UNSENT)


def retry_after_seconds(tries: int) -> float:
    """Return how long to wait after so many tries: often at first, for greylisting may last seconds, then every five minutes."""
    return min(_FIRST_RETRY_SECONDS * 2.0 ** min(tries - 1, 10), _LONGEST_RETRY_SECONDS)


def delay_reading(said: str) -> str:
    """Return the name of the reading that counts the seconds for which such replies kept us out."""
    return "greylisted_seconds" if _GREYLISTING.match(said) else "deferred_seconds"


def arrived_at(copy: Sighting, facts: Facts) -> datetime:
    """Return when a copy came: when we noticed it, or (it lay there when we came) when the server says, as far as that is possible."""
    if copy.fresh or copy.stamped_at is None:
        return copy.noticed_at
    return min(max(copy.stamped_at, facts.tried_at), copy.noticed_at)


def count(copies: tuple[Sighting, ...]) -> int:
    """Return how many copies there are; the same copy seen under a new UIDVALIDITY counts once."""
    ordered = sorted({(copy.folder, copy.epoch, copy.uid) for copy in copies})
    sizes: dict[str, int] = {}
    for (folder, _), group in groupby(ordered, key=lambda seen: seen[:2]):
        sizes[folder] = max(sizes.get(folder, 0), len(list(group)))
    return sum(sizes.values())


def stand(facts: Facts, limits: Limits, now: datetime) -> Standing:
    """Return how the trip has ended, or what it waits for and when to ask again."""
    if facts.handed is Handed.UNSENT:
        return Standing(Outcome.UNSURE, said=f"not sent: {facts.said}")
    holds = _holding(facts, limits)
    settled = _settled_at(facts, limits)
    if {Outcome.REJECTED, Outcome.BOUNCED} & holds or (settled is not None and settled <= now):
        outcome = next(outcome for outcome in PRECEDENCE if outcome in holds)
        return Standing(outcome, said=_words(outcome, facts))
    if settled is not None:
        return Standing(None, f"a second copy in {facts.place}, in case there is one", until=settled)
    deadline = _deadline(facts, limits)
    return _given_up(facts) if now >= deadline else Standing(None, _awaited(facts), until=deadline)


def _holding(facts: Facts, limits: Limits) -> set[Outcome]:
    late = limits.late_after_seconds
    held = {
        Outcome.REJECTED: facts.handed is Handed.REFUSED,
        Outcome.BOUNCED: facts.bounce is not None and facts.bounce.final,
        Outcome.MODIFIED: any(copy.changed for copy in facts.copies),
        Outcome.MISPLACED: any(copy.misplaced for copy in facts.copies),
        Outcome.DUPLICATE: count(facts.copies) > 1,
        Outcome.LATE: bool(facts.copies) and _age(facts) > late,
        Outcome.DELIVERED: bool(facts.copies),
    }
    return {outcome for outcome, holds in held.items() if holds}


def _age(facts: Facts) -> float:
    """Return the seconds from the try that let it in to the first copy: greylisting has a clock of its own."""
    return min((arrived_at(copy, facts) - facts.tried_at).total_seconds() for copy in facts.copies)


def _settled_at(facts: Facts, limits: Limits) -> datetime | None:
    if not facts.copies or facts.handed is Handed.BEGUN:
        return None
    return min(copy.noticed_at for copy in facts.copies) + timedelta(seconds=limits.settle_seconds)


def _deadline(facts: Facts, limits: Limits) -> datetime:
    since = facts.tried_at if facts.handed is Handed.TAKEN else facts.began_at
    return since + timedelta(seconds=limits.lost_after_seconds)


def _given_up(facts: Facts) -> Standing:
    """Return what a trip is that has reached lost_after without a copy."""
    if facts.handed is Handed.AGAIN:
        return Standing(Outcome.GREYLISTED, said=facts.said)
    if facts.handed is not Handed.TAKEN:
        return Standing(Outcome.UNSURE, said=f"nobody knows whether {facts.submitter} took it: {facts.said}")
    if facts.blind:
        return Standing(Outcome.UNSURE, said=f"cannot read {facts.place}: {facts.blind}")
    return Standing(Outcome.LOST, said=facts.bounce.said if facts.bounce else "")


def _words(outcome: Outcome, facts: Facts) -> str:
    """Return the words that belong to an outcome: the server's, or what was changed."""
    if outcome is Outcome.BOUNCED and facts.bounce is not None:
        return facts.bounce.said
    if outcome is Outcome.MODIFIED:
        return next(copy.changed for copy in facts.copies if copy.changed)
    if outcome is Outcome.MISPLACED:
        return next(f"found in {copy.folder}" for copy in facts.copies if copy.misplaced)
    return facts.said if outcome is Outcome.REJECTED else ""


def _awaited(facts: Facts) -> str:
    """Return what a trip waits for, in words for a human."""
    if facts.handed is Handed.BEGUN:
        return f"an answer of {facts.submitter}"
    if facts.handed is Handed.AGAIN:
        return f"{facts.submitter} to let it in: {facts.said}"
    reasons = (
        f"cannot read {facts.place}: {facts.blind}" if facts.blind else "",
        f"{facts.submitter} may not have taken it: {facts.said}" if facts.handed is Handed.UNKNOWN else "",
        f"delayed: {facts.bounce.said}" if facts.bounce else "",
    )
    why = "; ".join(reason for reason in reasons if reason)
    return f"the message in {facts.place}" + (f" ({why})" if why else "")
