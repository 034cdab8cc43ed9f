"""What other limits would have said of what was measured: levels, and the troubles that they would have seen more or less. Pure.

A *trouble* is a stretch of one check's runs that are bad (WARNING or CRITICAL) one after the other; what is suspect or UNKNOWN neither
opens nor ends one. A trouble that only the new limits see is gained, one that only the old ones saw is lost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from thresholds.judge import judge
from thresholds.values import Aspect, Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from thresholds.learned import Learned
    from thresholds.limits import Limits
    from thresholds.values import Sample

SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One stored run or trip, on its way to be judged again."""

    name: str  # of the check or the trip
    at: datetime
    samples: Sequence[Sample]
    verdict: Verdict  # as it was stored
    doubtful: bool = False  # suspect whatever the limits: the prober slept through its deadline, or decided by itself that it was late


@dataclass(slots=True)
class Trouble:
    """One stretch of bad runs."""

    name: str
    since: datetime
    until: datetime  # of the last bad run
    level: Level  # the worst
    reason: str  # of the first run of that level
    shared: bool = False  # the other limits saw some of it too

    def take(self, at: datetime, verdict: Verdict) -> None:
        """Let it go on with one more bad run."""
        self.until = at
        if verdict.level > self.level:
            self.level, self.reason = verdict.level, _why(verdict)


def _why(verdict: Verdict) -> str:
    return verdict.reasons[0] if verdict.reasons else verdict.level.name


@dataclass(slots=True)
class Side:
    """What one set of limits says of one check."""

    counts: Counter[str] = field(default_factory=Counter)  # runs by level in lower case, and `suspect`
    troubles: int = 0
    alone: list[Trouble] = field(default_factory=list)  # those that the other side did not see
    now: Trouble | None = None

    def see(self, name: str, at: datetime, verdict: Verdict) -> None:
        """Take in a verdict, in the order of time."""
        self.counts[SUSPECT if verdict.suspect else verdict.level.name.lower()] += 1
        if verdict.suspect or verdict.level is Level.UNKNOWN:
            return
        if verdict.level is Level.OK:
            self.end()
        elif self.now is None:
            self.now, self.troubles = Trouble(name, at, at, verdict.level, _why(verdict)), self.troubles + 1
        else:
            self.now.take(at, verdict)

    def end(self) -> None:
        """End the trouble under way."""
        if self.now is not None and not self.now.shared:
            self.alone.append(self.now)
        self.now = None

    @property
    def bad(self) -> int:
        """Return how many runs were WARNING or CRITICAL."""
        return self.counts["warning"] + self.counts["critical"]


@dataclass(slots=True)
class Compared:
    """One check under both sets of limits."""

    name: str
    runs: int = 0
    old: Side = field(default_factory=Side)
    new: Side = field(default_factory=Side)
    changed: int = 0  # runs whose level is another one

    def see(self, at: datetime, old: Verdict, new: Verdict) -> None:
        """Take in one run under both."""
        self.runs += 1
        self.changed += old.level is not new.level
        self.old.see(self.name, at, old)
        self.new.see(self.name, at, new)
        if self.old.now is not None and self.new.now is not None:
            self.old.now.shared = self.new.now.shared = True


def _again(run: Replayed, limits: Limits) -> Verdict:
    verdict = judge(run.samples, limits)
    return replace(verdict, suspect=True) if run.doubtful else verdict


class Backtest:
    """Judges again what it is given in the order of time, by new limits and by old ones (None = as it was judged then)."""

    def __init__(self, new: Limits, old: Limits | None = None, learned: Learned | None = None) -> None:
        self._new, self._old, self._learned = new, old, learned
        self._checks: dict[str, Compared] = {}

    def learn(self, run: Replayed) -> None:
        """Take what lies before the time in question into the history alone."""
        if self._learned is not None:
            for sample in run.samples:
                if sample.aspect is Aspect.TOTAL or (sample.aspect is Aspect.TRIP and sample.name == "total"):
                    self._learned.learn(sample)

    def see(self, run: Replayed) -> None:
        """Judge one run again."""
        found = self._checks.get(run.name)
        if found is None:
            found = self._checks[run.name] = Compared(run.name)
        old = run.verdict if self._old is None else _again(run, self._old)
        found.see(run.at, old, _again(run, self._new))
        self.learn(run)

    def done(self) -> Mapping[str, Compared]:
        """End all troubles and return what became of each check, in the order in which they were met."""
        for one in self._checks.values():
            one.old.end()
            one.new.end()
        return self._checks
