"""The nouns of judging: Sample (what was measured), Limit (what is normal, for what), Verdict (what it means). Frozen facts, no I/O.

Values stand in their aspect's unit (`UNITS`): seconds, count, days, percent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from thresholds.calendars import Calendar


class Level(IntEnum):
    """How bad; the order is the order of worse. UNKNOWN is worse than OK and never pages."""

    OK = 0
    UNKNOWN = 1
    WARNING = 2
    CRITICAL = 3


class Aspect(StrEnum):
    """Which side of the mail system a sample tells of; a limit speaks of exactly one."""

    TOTAL = "total"  # one whole conversation, seconds
    STEP = "step"  # one stage of it, by its name: login, rcpt, ... seconds
    TRIP = "trip"  # total, submit, transit or retrieve of a test message, seconds
    HOP = "hop"  # the way of a message up to one server, by that server's name, seconds
    LINK = "link"  # from one server to the next, seconds
    QUEUE = "queue"  # messages waiting, count
    RESOURCE = "resource"  # disk, memory, processor of a host, percent
    CERTIFICATE = "certificate"  # until it expires, days: the fewer the worse
    FAULT = "fault"  # a fault, by its kind: only its level can be changed
    OUTCOME = "outcome"  # a trip's outcome, by its name: only its level can be changed


UNITS: dict[Aspect, str] = {
    Aspect.TOTAL: "seconds",
    Aspect.STEP: "seconds",
    Aspect.TRIP: "seconds",
    Aspect.HOP: "seconds",
    Aspect.LINK: "seconds",
    Aspect.QUEUE: "count",
    Aspect.RESOURCE: "percent",
    Aspect.CERTIFICATE: "days",
}
TRIP_PARTS = ("total", "submit", "transit", "retrieve")  # names within Aspect.TRIP
FALLING = frozenset({Aspect.CERTIFICATE})  # aspects in which less is worse: their limits are floors


@dataclass(frozen=True, slots=True)
class Sample:
    """One judged value, whatever made it."""

    domain: str
    server: str
    aspect: Aspect
    name: str  # within the aspect: the step, the part of the trip, the server of the hop; "" for total
    value: float  # in UNITS[aspect]
    at: datetime  # aware, UTC
    site: str = ""
    uncertainty: float = 0.0  # how far `value` may be off because of the prober, in the same unit
    said: str = ""  # the sentence that tells a human of this sample, without a limit
    level: Level = Level.OK  # what it means before any limit (faults and outcomes)


@dataclass(frozen=True, slots=True)
class Match:
    """Which samples a limit speaks of; globs as in `fnmatch`, without case."""

    aspect: Aspect = Aspect.TOTAL
    name: str = "*"
    domain: str = "*"
    server: str = "*"
    site: str = "*"

    @property
    def words(self) -> str:
        """Return what a human would call it: `imap*`, `abc.example, step login`, `everything`."""
        parts = [pattern for pattern in (self.domain, self.server, self.site) if pattern != "*"]
        if self.aspect is not Aspect.TOTAL:
            parts.append(f"{self.aspect} {self.name}" if self.name != "*" else f"every {self.aspect}")
        return ", ".join(parts) or "everything"


@dataclass(frozen=True, slots=True)
class Usual:
    """What the history says of one hour of the week (0 = Monday 00:00 to 01:00 on the wall clock)."""

    median: float  # in the aspect's unit
    weeks: int  # different weeks in which this hour was measured
    count: int  # values behind the median


@dataclass(frozen=True, slots=True)
class Baseline:
    """A limit as a factor over the median of this hour of the week, once there is enough history."""

    warning: float | None = None  # factor
    critical: float | None = None  # factor
    history_seconds: float = 14 * 86_400.0  # until then: "not enough history"


@dataclass(frozen=True, slots=True)
class Limit:
    """What is normal for what it matches: values in the aspect's unit, None = no limit of this level."""

    match: Match
    warning: float | None = None
    critical: float | None = None
    calendar: Calendar | None = None  # None = at all times
    baseline: Baseline | None = None
    level: Level | None = None  # of a fault or an outcome
    origin: str = ""  # where it is written: "thresholds[0]"
    usual: Usual | None = None  # of a baseline that was asked: what its values come from, or what there is of it so far

    @property
    def wanting(self) -> bool:
        """Say whether it is a baseline without values: its history does not cover it."""
        return self.baseline is not None and self.warning is None and self.critical is None

    @property
    def words(self) -> str:
        """Return where it is written and what it matches: `thresholds[0], imap*`."""
        return f"{self.origin}, {self.match.words}" if self.origin else self.match.words


@dataclass(frozen=True, slots=True)
class Verdict:
    """What it all means. Reasons are sentences for a human, worst first."""

    level: Level
    reasons: tuple[str, ...] = ()
    limit: str = ""  # the limit in force, in words; "" = none matched
    suspect: bool = False  # the prober's own uncertainty could change the level
    broke: tuple[str, ...] = field(default=(), compare=False)  # what is beyond a limit: "total", "step login", "trip transit", "hop hub"
