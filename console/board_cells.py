"""What the board keeps of each check: its last run, small (about 1 kB), and what was counted over all checks of one server. No I/O.

Names of steps and readings are the same for thousands of checks and stand once; a conversation is the store's to keep.
"""

from __future__ import annotations

from array import array
from collections import Counter
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import TYPE_CHECKING

from console.histogram import CONVERSATION_SECONDS, Histogram
from console.metrics_text import pairs
from probe.values import FaultKind, Result, Step
from thresholds.values import Level

if TYPE_CHECKING:
    from probe.values import Check, Fault, Reading
    from store.values import Run
    from thresholds.values import Verdict

MICRO = 1_000_000
STALE_INTERVALS = 2.5
MOST_VERDICTS = 4_096
Names = tuple[str, ...]


@lru_cache(4_096)
def _shared(names: Names) -> Names:
    """Return the one tuple that stands for all equal ones."""
    return tuple(map(intern, names))


@lru_cache(4_096)
def _unix_time(text: str) -> float | None:
    """Return an ISO time as seconds of Unix time; None where it is none."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


_verdicts: dict[tuple[Level, str, bool], Verdict] = {}


def _one_of_equals(verdict: Verdict) -> Verdict:
    """Return the one verdict without reasons that stands for all equal ones: 60,000 of their own would make garbage collections long."""
    if verdict.reasons:
        return verdict
    if len(_verdicts) > MOST_VERDICTS:
        _verdicts.clear()
    return _verdicts.setdefault((verdict.level, verdict.limit, verdict.suspect), verdict)


class Tally:
    """What was counted over all checks of one server since the start."""

    __slots__ = ("faults", "labels", "levels", "runs", "steps", "suspects")

    def __init__(self, site: str, server: str, kind: str) -> None:
        self.labels = pairs({"site": site, "server": server, "kind": kind})
        self.runs = Histogram(CONVERSATION_SECONDS)
        self.steps: dict[str, Histogram] = {}  # by step; filled while there are too many checks to show each step of each
        self.levels = [0] * len(Level)
        self.faults: Counter[str] = Counter()
        self.suspects = 0

    def count(self, run: Run, *, wide: bool) -> None:
        """Count one run of the schedule."""
        result, verdict = run.result, run.verdict
        self.levels[verdict.level] += 1
        self.suspects += verdict.suspect
        if result.fault is not None:
            self.faults[result.fault.kind] += 1
            return
        self.runs.saw(result.seconds)
        if wide:
            for step in result.steps:
                self._step(step.name).saw(step.seconds)

    def _step(self, name: str) -> Histogram:
        found = self.steps.get(name)
        if found is None:
            found = self.steps[name] = Histogram(CONVERSATION_SECONDS)
        return found


class Cell:
    """One check: what it is, and the last that was seen of it. `seen_at` is None before its first run."""

    __slots__ = (
        "_reading_names",
        "_reading_values",
        "by_hand",
        "check",
        "critical_seconds",
        "duration_us",
        "expires_at",
        "fault",
        "labels",
        "message_id",
        "seen_at",
        "started_at",
        "step_names",
        "steps_us",
        "tally",
        "uncertainty_seconds",
        "verdict",
        "warning_seconds",
    )

    by_hand: bool
    critical_seconds: float | None
    duration_us: int
    expires_at: float | None  # Unix time of the certificate's end
    fault: Fault | None
    message_id: str | None
    seen_at: float | None  # second of the board's clock
    started_at: datetime
    step_names: Names
    steps_us: array[int]
    uncertainty_seconds: float
    verdict: Verdict
    warning_seconds: float | None
    _reading_names: Names
    _reading_values: tuple[Reading, ...]

    def __init__(self, check: Check, site: str, tally: Tally) -> None:
        self.check = check
        self.tally = tally
        self.labels = pairs({"site": site, "domain": check.domain, "server": check.server, "kind": check.kind})
        self.seen_at = None

    def keep(self, run: Run, now: float) -> None:
        """Remember a run as the last one."""
        result, readings = run.result, run.result.readings
        self.seen_at, self.started_at, self.by_hand = now, result.started_at, run.by_hand
        self.step_names = _shared(tuple([step.name for step in result.steps]))
        self.steps_us = array("Q", [max(0, round(step.seconds * MICRO)) for step in result.steps])
        self.duration_us = round(result.seconds * MICRO)
        self._reading_names = _shared(tuple(readings))
        self._reading_values = tuple([intern(value) if type(value) is str else value for value in readings.values()])
        expires = readings.get("certificate_expires_at")
        self.expires_at = _unix_time(expires) if type(expires) is str else None
        self.fault, self.verdict, self.message_id = result.fault, _one_of_equals(run.verdict), result.message_id
        self.uncertainty_seconds, self.warning_seconds = result.uncertainty_seconds, run.warning_seconds
        self.critical_seconds = run.critical_seconds

    def is_fresh(self, now: float) -> bool:
        """Say whether its last run is younger than 2.5 intervals."""
        return self.seen_at is not None and now - self.seen_at <= STALE_INTERVALS * self.check.every_seconds

    @property
    def succeeded(self) -> bool | None:
        """Say whether the last run was answered as it should be, None = it failed by our own fault.

        What a domain is not permitted should be refused.
        """
        if self.fault is not None and self.fault.kind is FaultKind.OURS:
            return None
        return self.verdict.level is Level.OK if self.check.forbidden else self.fault is None

    @property
    def result(self) -> Result:
        """Return the last run as a result, without its conversation."""
        measured = (self.check, self.started_at, self.steps, self.readings, self.fault, self.message_id)
        return Result(*measured, self.uncertainty_seconds)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the steps of the last run, to the microsecond."""
        return tuple(Step(name, us / MICRO) for name, us in zip(self.step_names, self.steps_us, strict=True))

    @property
    def readings(self) -> dict[str, Reading]:
        """Return the readings of the last run."""
        return dict(zip(self._reading_names, self._reading_values, strict=True))
