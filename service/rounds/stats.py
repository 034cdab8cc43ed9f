"""How well the rounds keep their time: counts that only grow, and what is so now. Plain numbers and sentences for metrics and pages."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.rounds.clock_steps import Step

BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(slots=True)
class Lateness:
    """How long after they were due the runs began, as a histogram."""

    last_seconds: float = 0.0
    sum_seconds: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_SECONDS) + 1))  # up to each bound, each run once; last: beyond

    def saw(self, seconds: float) -> None:
        """Count one run."""
        self.last_seconds = seconds
        self.sum_seconds += seconds
        self.counts[bisect_left(BOUNDS_SECONDS, seconds)] += 1


@dataclass(slots=True)
class Tally:
    """What the rounds count as they go."""

    lateness: Lateness = field(default_factory=Lateness)
    missed: Counter[str] = field(default_factory=Counter)  # by server's name in the configuration: runs that never began
    held: Counter[str] = field(default_factory=Counter)  # of these: because the server asked to be left alone
    begun: int = 0  # runs


@dataclass(frozen=True, slots=True)
class Stats:
    """The rounds at one moment."""

    planned: int  # checks
    running: int  # conversations under way
    waiting: Mapping[str, int]  # by server's name: due, and kept waiting by a budget
    tally: Tally  # what only grows
    backing_off: Mapping[str, str]  # by place ("mail.isp.example port 143"): why, and until when
    hints: Mapping[str, str]  # by place: that we may be banned there, and why we think so
    clock_steps: int  # steps and suspends seen since the start
    last_clock_step: Step | None
