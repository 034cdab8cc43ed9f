"""What one run of `probe run` found: results and trips with their verdicts. Frozen values; no I/O, nothing of how it is shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.words import shorten
from thresholds import Level

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from probe import Result, Trip
    from thresholds import Verdict

WORST_FIRST = (Level.CRITICAL, Level.WARNING, Level.UNKNOWN, Level.OK)
REASON = 120  # letters of a reason in a sentence about everything
EXIT_CODES = {Level.OK: 0, Level.WARNING: 1, Level.CRITICAL: 2, Level.UNKNOWN: 3}  # the monitoring plugins' convention


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limit that is in force for a total, in seconds; None = there is none of that level."""

    warning_seconds: float | None = None
    critical_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class JudgedCheck:
    """One conversation and what it means."""

    result: Result
    verdict: Verdict
    bounds: Bounds = Bounds()


@dataclass(frozen=True, slots=True)
class JudgedTrip:
    """One trip, finished or not, and what it means."""

    trip: Trip
    verdict: Verdict
    bounds: Bounds = Bounds()
    earlier: bool = False  # an earlier run sent it; this one took it up from the ledger

    @property
    def decides(self) -> bool:
        """Say whether it may make the level: what we do not know of an earlier run's trip is no news of the mail system as it is now."""
        return not (self.earlier and self.verdict.level is Level.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run found."""

    site: str
    started_at: datetime  # aware, UTC
    checks: tuple[JudgedCheck, ...] = ()  # in the order of the configuration
    trips: tuple[JudgedTrip, ...] = ()  # this run's own, then those of earlier runs

    @property
    def verdicts(self) -> list[Verdict]:
        """Return the verdicts that decide, of checks before those of trips."""
        return [one.verdict for one in self.checks] + [one.verdict for one in self.trips if one.decides]

    @property
    def level(self) -> Level:
        """Return the worst level of all that decides; UNKNOWN when there is nothing."""
        return max((verdict.level for verdict in self.verdicts), default=Level.UNKNOWN)

    @property
    def exit_code(self) -> int:
        """Return 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN."""
        return EXIT_CODES[self.level]


def plural(count: int, noun: str) -> str:
    """Return `1 check`, `21 checks`, `10,000 domains`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def tally(levels: Sequence[Level]) -> str:
    """Return `19 OK, 2 CRITICAL`: what is good first, then the worst."""
    counts = Counter(levels)
    order = (Level.OK, *(level for level in WORST_FIRST if level is not Level.OK))
    return ", ".join(f"{counts[level]:,} {level.name}" for level in order if counts[level])


def trip_name(judged: JudgedTrip) -> str:
    """Return `trip abc.example` or `earlier trip abc.example`."""
    return f"{'earlier trip' if judged.earlier else 'trip'} {judged.trip.name}"


def _worst(report: Report) -> str:
    """Return the name and the first reason of what is worst, and how many more are as bad."""
    named = [(one.result.check.name, one.verdict) for one in report.checks]
    named += [(trip_name(one), one.verdict) for one in report.trips if one.decides]
    level = report.level  # once: it looks at every verdict
    bad = [(name, verdict) for name, verdict in named if verdict.level is level]
    if level is Level.OK or not bad:
        return ""
    name, verdict = bad[0]
    more = f"; {len(bad) - 1:,} more {level.name}" if len(bad) > 1 else ""
    return f" ({name}: {shorten(verdict.reasons[0], REASON) if verdict.reasons else verdict.level.name}{more})"


def summarize(report: Report) -> str:
    """Return the run in one sentence: `3 domains, 21 checks: 19 OK, 2 CRITICAL (abc.example/imap: no connection ..)`."""
    domains = {one.result.check.domain for one in report.checks} | {one.trip.domain for one in report.trips}
    counted = [(plural(len(report.checks), "check"), [one.verdict.level for one in report.checks])]
    for noun, earlier in (("trip", False), ("earlier trip", True)):
        trips = [one.verdict.level for one in report.trips if one.earlier is earlier]
        counted.append((plural(len(trips), noun), trips))
    parts = [f"{what}: {tally(levels)}" for what, levels in counted if levels]
    return f"{plural(len(domains), 'domain')}, {'; '.join(parts) or 'nothing was run'}{_worst(report)}"
