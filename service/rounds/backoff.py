"""When a server asks to be left alone: how its words are known, how long it is left, and whether it may have banned us. Pure arithmetic.

The theory. SMTP's 421 (RFC 5321), IMAP's [LIMIT] (RFC 5530), POP3's [IN-USE] and [LOGIN-DELAY] (RFC 2449) and sentences on too many
connections or logins are a plea, not an outage alone. The server is left for FIRST_SECONDS, then one conversation tries; another plea
doubles the pause up to LONGEST_SECONDS, an answer ends it. What began before the pause says nothing on it. A plea that speaks of one
mailbox counts for that check alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probe.values import FaultKind

if TYPE_CHECKING:
    from datetime import datetime

    from probe.values import Fault

FIRST_SECONDS, LONGEST_SECONDS = 15.0, 900.0
MUTE = frozenset({FaultKind.RESOLVE, FaultKind.OURS})  # these say nothing of the server
SPEAKING = frozenset({FaultKind.AUTH, FaultKind.TEMPORARY, FaultKind.PERMANENT, FaultKind.PROTOCOL, FaultKind.TLS})
OF_A_MAILBOX = re.compile(
    r"\[IN-?USE\]|\[LOGIN-DELAY\]|user\s?\+\s?ip|(connections|sessions|logins)\s+(from|for|by)\s+(this\s+)?user", re.IGNORECASE
)
OF_A_SERVER = re.compile(
    r"^421\b|\[LIMIT\]|\btoo (many|much)\b.{0,40}\b(connection|session|login|attempt|request|command|message|mail|auth|error)"
    r"|\b(connection|login|session|rate|message)s? (rate )?(limit|quota)\b.{0,30}\b(exceed|reach)|\brate.?limit|\bthrottl|\bslow down\b",
    re.IGNORECASE,
)
ENOUGH_FAILURES, ENOUGH_SECONDS = 5, 60.0  # before we speak of a ban


def pleads(fault: Fault | None) -> bool:
    """Return whether the server asked to be left alone."""
    return fault is not None and fault.kind in SPEAKING and bool(OF_A_SERVER.search(fault.said) or OF_A_MAILBOX.search(fault.said))


def of_a_mailbox(fault: Fault) -> bool:
    """Return whether a plea speaks of one mailbox: others are welcome."""
    return bool(OF_A_MAILBOX.search(fault.said))


def unconnected(fault: Fault | None) -> bool:
    """Return whether no connection came about."""
    return fault is not None and fault.step == "connect"


@dataclass(slots=True)
class Backoff:
    """How long one server (or one check) is left alone. Times are monotonic seconds."""

    until: float = float("-inf")
    pause_seconds: float = 0.0  # the present one; 0 = it is not left alone
    said: str = ""  # the plea, in its own words
    trying: bool = False  # the one conversation after the pause is under way

    def wait_seconds(self, now: float) -> float:
        """Return how long nobody may come; infinite while one is trying."""
        if not self.pause_seconds:
            return 0.0
        return float("inf") if self.trying else max(0.0, self.until - now)

    def begin(self) -> None:
        """A conversation begins; after a pause it is the one that tries."""
        self.trying = self.pause_seconds > 0

    def saw(self, fault: Fault | None, began: float, now: float) -> bool:
        """Take what came of a conversation; return whether a pause has begun or ended."""
        if began < self.until:
            return False
        if fault is not None and fault.kind in MUTE:
            self.trying = False  # let the next one try
            return False
        if pleads(fault) or (self.trying and unconnected(fault)):
            self.pause_seconds = min(LONGEST_SECONDS, 2 * self.pause_seconds or FIRST_SECONDS)
            self.until, self.trying = now + self.pause_seconds, False
            self.said = fault.said if fault is not None and pleads(fault) else self.said
            return True
        was, self.pause_seconds, self.trying = self.pause_seconds, 0.0, False
        return was > 0


@dataclass(slots=True)
class Reach:
    """Whether connections to one server come about at all."""

    worked: bool = False  # ever
    failing_since: datetime | None = None  # since when none did, of those that did before
    failures: int = 0  # in a row
    told: bool = False  # that we may be banned

    def saw(self, fault: Fault | None, at: datetime) -> bool:
        """Take what came of a conversation; return whether there is reason now, and was none before, to speak of a ban."""
        if fault is not None and fault.kind in MUTE:
            return False
        if not unconnected(fault):
            self.worked, self.failing_since, self.failures, self.told = True, None, 0, False
            return False
        if not self.worked:
            return False
        self.failing_since, self.failures = self.failing_since or at, self.failures + 1
        lasting = (at - self.failing_since).total_seconds() >= ENOUGH_SECONDS
        news = self.failures >= ENOUGH_FAILURES and lasting and not self.told
        self.told = self.told or news
        return news

    def hint(self, where: str) -> str:
        """Return what may be, in a sentence; "" = there is no reason to speak of it."""
        if not self.told or self.failing_since is None:
            return ""
        since = f"{self.failing_since:%Y-%m-%d %H:%M:%S} UTC"
        return (
            f"all {self.failures} connections to {where} have failed since {since}, and it worked before: "
            "it is down, or it has banned our address; try it from another host"
        )
