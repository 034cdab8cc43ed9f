"""The nouns of incidents: Cell (what is judged again and again), Observation, Cause, Incident, Change, Silence. Frozen, no I/O.

An incident is one cause and the cells that it explains; it opens once, and every opening that was told is followed by one closing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from probe.values import Fault, Outcome, Step
    from thresholds.calendars import Calendar
    from thresholds.values import Level, Verdict


# -- what is judged


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing that is judged again and again: a check, or the trips of one journey."""

    name: str  # "abc.example/imap"; of a journey "trip abc.example"
    domain: str
    server: str  # its name in the configuration; of a journey: where its messages are fetched
    kind: str  # key of probe.kinds.KINDS, or "trip"
    every_seconds: float
    submits: str = ""  # of a journey: the server at which its messages are handed in
    host: str = ""  # of the server
    account: str = ""  # what names the mailbox that it logs in to, for equality alone; "" = it does not log in
    site: str = ""
    needs: tuple[str, ...] = ()  # servers that its own cannot work without (`depends_on`), those of those included
    origin: str = ""  # of a journey: the domain that its messages come from; "" = its own


@dataclass(frozen=True, slots=True)
class Observation:
    """One verdict on one cell, with what blame wants to know of it."""

    cell: str
    at: datetime  # when it was known, aware, UTC
    verdict: Verdict
    seconds: float | None = None  # the total, where there is one
    fault: Fault | None = None
    outcome: Outcome | None = None  # of a trip that has ended
    slow: tuple[str, ...] = ()  # names of the steps, stages or hops that broke a limit; () = none, or the total alone
    run_id: int | None = None
    message: str = ""  # of a trip: its Message-ID; what is said of one message, first and last, is one observation
    steps: tuple[Step, ...] = ()  # of a conversation that is bad: where its time went; () = not known, or it is good
    proofs: tuple[tuple[str, str], ...] = ()  # of a trip that is bad, by the servers' logs: ("hop hub1", a sentence with file and line)


# -- what is to blame


class CauseKind(StrEnum):
    """What a cause is, the widest first."""

    PROBER = "prober"  # we ourselves: sick, or cut off
    RESOLVER = "resolver"  # the name server that all names are asked of
    HOST = "host"  # one machine with several servers
    SERVER = "server"  # by its name in the configuration
    PATH = "path"  # the mail's way from one server to another: "submission -> imap"
    HOP = "hop"  # one server on that way, by the name that it gives itself
    LINK = "link"  # from one server to the next on that way: "mx1 -> hub1"
    DOMAIN = "domain"
    ACCOUNT = "account"  # the test mailbox of one domain
    CHECK = "check"  # one cell alone: nothing wider fits


@dataclass(frozen=True, slots=True)
class Cause:
    """The smallest shared thing that explains failing cells."""

    kind: CauseKind
    name: str  # "imap", "abc.example", "submission -> imap", "abc.example/imap"; of the prober: its site
    cells: tuple[str, ...] = ()  # that it explains, by name, sorted
    evidence: tuple[str, ...] = ()  # sentences, the weightiest first: "12 of 12 domains on imap, 0 of 12 on pop3"
    confidence: float = 1.0  # 0 to 1; what the words of `sure` are made of
    doubt: str = ""  # why it is not sure, as a sentence; "" = it is

    @property
    def key(self) -> str:
        """Return what it is known by: `server:imap`."""
        return f"{self.kind.value}:{self.name}"


# -- what people have said


@dataclass(frozen=True, slots=True)
class Scene:
    """Which cells and causes are meant; globs as in `fnmatch`, without case. All must fit."""

    domain: str = "*"
    server: str = "*"
    site: str = "*"
    cause: str = "*"  # "server:imap", "domain:*": kind and name


EVERYWHERE = Scene()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has taken an incident on; it ends with the incident."""

    by: str
    at: datetime
    why: str = ""
    until: datetime | None = None  # from then on it reminds again; None = as long as the incident lasts


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody wants to hear nothing of some incidents for a while."""

    id: str
    scene: Scene
    author: str
    reason: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A window of planned work: measured and muted, and no part of availability. Once (`begins_at`, `ends_at`) or by a calendar."""

    id: str  # of the configuration: "maintenance[0]"
    scene: Scene
    reason: str
    author: str = ""
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    calendar: Calendar | None = None  # weekly, dates, iCal; within begins_at and ends_at, where they are given


# -- what is wrong


class ChangeKind(StrEnum):
    """What happened to an incident."""

    OPENED = "opened"
    WORSENED = "worsened"  # a worse level, or a wider cause
    REMINDED = "reminded"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that is wrong, since when, and for whom."""

    id: str  # short, unique, safe in a URL
    cause: Cause
    level: Level  # the worst of its cells that are still bad; when closed, the worst it ever had
    began_at: datetime  # the first bad verdict that it explains
    opened_at: datetime
    domains: tuple[str, ...] = ()  # touched by it, sorted: who may see it
    cells: tuple[str, ...] = ()  # all that it has ever explained, sorted
    failing: tuple[str, ...] = ()  # of these: still bad
    reasons: tuple[str, ...] = ()  # of the worst verdicts, worst first, each with its cell: "abc.example/imap: took 4.1 s, limit 2 s"
    limit: str = ""  # in force for the worst of them, in words; "" = none
    closed_at: datetime | None = None
    ended: str = ""  # why it closed: "all is well again", "closed by ...", "no longer probed"
    flapping: bool = False  # held open because it comes and goes
    acknowledged: Acknowledgement | None = None
    told: bool = False  # its opening was told: then its closing will be
    muted: str = ""  # why nothing of it is told now: the silence, the maintenance, quiet_until; "" = it is told
    reminded_at: datetime | None = None  # when somebody was told of it last
    changes: int = 0  # how many it has had: the number of the last
    worst: Level | None = None  # that it ever had; None = `level`
    unheard: str = ""  # how it worsened while it was muted, to be told when the mute ends; "" = there is nothing


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to an incident: what is stored in one transaction with it, and told unless muted."""

    incident: Incident  # as it is after the change
    kind: ChangeKind
    at: datetime
    number: int  # 1, 2, .. within its incident
    muted: str = ""  # why it is not told; "" = it is
    said: str = ""  # in words, what it adds: "from WARNING to CRITICAL", "now the whole server imap"


@dataclass(frozen=True, slots=True)
class Rules:
    """When an incident opens, closes and speaks up again."""

    bad: int = 2  # of the last `of` verdicts open it
    of: int = 3
    good: int = 2  # in a row close it
    recovery: float = 0.9  # a time counts as good from this share of its limit on: at the limit itself it neither opens nor closes
    again_seconds: float = 3.0  # after a first bad verdict, and each one until it is decided, the check is repeated this much later
    gather_seconds: float = 4.0  # from the first cell that is surely bad to the naming of a cause: the others may show it too
    remind_seconds: float = 4 * 3600.0
    flap_count: int = 3  # closings of one cause within flap_seconds from which it is held open
    flap_seconds: float = 3600.0
    steady_seconds: float = 600.0  # how long a flapping one must have been well to close


@dataclass(frozen=True, slots=True)
class Mutes:
    """All that keeps incidents from being told."""

    silences: tuple[Silence, ...] = ()
    maintenances: tuple[Maintenance, ...] = ()
    quiet_until: datetime | None = None  # a first week, in which what would have been told is recorded
