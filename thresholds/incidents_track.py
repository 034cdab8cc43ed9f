"""How one cell stands since its first bad verdict: n of m bad make it surely bad, k good in a row make it well. Pure.

What is not sure (suspect, UNKNOWN) never comes here. A value too near its limit is neither bad nor good: it takes its place among the last
m, and it interrupts a row of good ones (decision 0140).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from thresholds.values import Level
from thresholds.ways import TIMELY, places

if TYPE_CHECKING:
    from datetime import datetime

    from thresholds.incident_values import Observation, Rules


SAME_SHARE = 0.25  # of again_seconds: two bad verdicts that are nearer count as one


@dataclass(slots=True)
class Track:
    """One cell in trouble, or lately so."""

    cell: str
    began_at: datetime  # its first bad verdict, since it was last without any
    recent: list[Level] = field(default_factory=list)  # of the last `of` verdicts, OK = not bad
    seen: list[Observation | None] = field(default_factory=list)  # beside each: of what; None = from before a doubt
    level: Level = Level.OK  # while it is surely bad: what n of the last m have reached
    sure: bool = False  # it is bad
    good: int = 0  # in a row
    incident: str = ""  # id of the one that explains it, also while it is well; "" = none
    dismissed: bool = False  # its incident was closed by hand: it opens none before it has been good
    last_bad: Observation | None = None  # None = from before a restart
    shown: Observation | None = None  # the last of its level, whose words fit it; None = from before a restart
    placed: Observation | None = None  # of a trip: the last bad one that tells of a place on its way, since it was last well
    again_at: datetime | None = None  # a repeat was asked for, and is due then

    @property
    def idle(self) -> bool:
        """Say whether nothing need be remembered of it."""
        return not self.sure and not self.incident and not any(self.recent)

    @property
    def telling(self) -> Observation | None:
        """Return the last bad verdict; where nothing is known yet of its message's way, the last one of whose way it is."""
        last, placed = self.last_bad, self.placed
        untold = last is not None and not last.proofs and last.outcome in TIMELY
        return placed if untold and placed is not None and placed.proofs else last

    def take(self, seen: Observation, rules: Rules, *, near: bool) -> None:
        """Take the next verdict."""
        if seen.verdict.level >= Level.WARNING:
            self._bad(seen, rules)
        elif near:
            self._put(Level.OK, seen, rules)
            self.good = 0
        else:
            self._good(seen, rules)

    def _place(self, seen: Observation) -> int | None:
        """Return which of the recent verdicts was of the same message: its last word takes the place of the first."""
        return next((place for place, one in enumerate(self.seen) if one and seen.message and one.message == seen.message), None)

    def _put(self, level: Level, seen: Observation, rules: Rules) -> None:
        place = self._place(seen)
        if place is not None:
            self.recent[place], self.seen[place] = level, seen
            return
        self.recent.append(level)
        self.seen.append(seen)
        del self.recent[: -rules.of], self.seen[: -rules.of]

    def _bad(self, seen: Observation, rules: Rules) -> None:
        if not self.sure and not any(self.recent):
            self.began_at = seen.at
        if self._place(seen) is None and self._same_moment(seen, rules):
            if seen.verdict.level >= self.recent[-1]:
                self.recent[-1], self.seen[-1] = seen.verdict.level, seen
        else:
            self._put(seen.verdict.level, seen, rules)
        self.good, self.last_bad = 0, seen
        self.placed = seen if places(seen.slow) else self.placed
        reached = sorted(self.recent, reverse=True)[rules.bad - 1 : rules.bad]
        if reached and reached[0]:
            self.sure, self.level = True, reached[0]
            of_level = (one for level, one in zip(self.recent, self.seen, strict=True) if level is reached[0] and one is not None)
            self.shown = max(of_level, key=lambda one: one.at, default=seen)

    def _same_moment(self, seen: Observation, rules: Rules) -> bool:
        """Say whether the last verdict was bad, too, a moment ago: a scheduled run and one that was asked for see one and the same blip."""
        last = self.last_bad
        bad = last is not None and bool(self.recent) and self.recent[-1] is not Level.OK
        return bad and last is not None and seen.at - last.at < timedelta(seconds=rules.again_seconds * SAME_SHARE)

    def _good(self, seen: Observation, rules: Rules) -> None:
        place = self._place(seen)
        self.good += place is None or self.recent[place] is not Level.OK  # a second copy of what came well says nothing new
        self._put(Level.OK, seen, rules)
        if self.sure and (self.dismissed or self.good >= rules.good):
            self.recover()

    def recover(self) -> None:
        """Take it as well, with nothing held against it."""
        self.sure = self.dismissed = False
        self.level, self.placed = Level.OK, None
        self.recent.clear()
        self.seen.clear()

    def doubt(self, rules: Rules) -> None:
        """Take it as one bad verdict short of sure: what was seen may have been our own trouble."""
        bad = [level for level in self.recent if level][: rules.bad - 1]
        self.recover()
        self.recent += bad
        self.seen += [None] * len(bad)

    def again(self, at: datetime, every_seconds: float, rules: Rules) -> float | None:
        """Return after how many seconds the cell is to be probed again, so that it is decided soon; None = it need not.

        Args:
            at: of the verdict just taken, aware.
            every_seconds: how often it is probed anyway.
            rules: that decide.
        """
        last = self.recent[-1] if self.recent else Level.OK
        undecided = last > self.level and not (self.sure and self.incident)  # also how bad: one page says more than two
        pending = self.again_at is not None and at < self.again_at
        if not undecided or pending or every_seconds <= rules.again_seconds:
            return None
        self.again_at = at + timedelta(seconds=rules.again_seconds)
        return rules.again_seconds
