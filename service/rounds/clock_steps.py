"""Notices when the wall clock is stepped and when the machine was suspended. Decides; whoever reads the clocks hands the readings in.

The theory. Three clocks run side by side: the wall clock; one that only runs on, suspended or not (CLOCK_BOOTTIME); and the monotonic one,
by which everything here is timed and which stands still while the machine is suspended. From one look to the next the wall clock must have
gone as far as CLOCK_BOOTTIME: the difference is a step. CLOCK_BOOTTIME must have gone as far as the monotonic clock: the difference is a
suspend. What NTP slews (at most 0.5 ms in a second) is no step, and the time that one look takes is not counted as one either.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

STEP_SECONDS = 0.1  # a wall clock that jumps by less is not told from one that is slewed while we are kept waiting
SUSPEND_SECONDS = 0.1
KEPT = 64  # steps


class Look(NamedTuple):
    """One reading of the clocks, in seconds."""

    wall: float  # since the Unix epoch
    monotonic: float  # stands still in a suspend
    running: float  # runs on in a suspend: CLOCK_BOOTTIME, or the monotonic clock where there is no other
    took: float = 0.0  # what reading them took: they may disagree by that much


class Step(NamedTuple):
    """What happened to the clocks between two looks."""

    at: float  # monotonic second at which it was noticed
    stepped_seconds: float = 0.0  # of the wall clock; negative = it was put back
    suspended_seconds: float = 0.0


class ClockWatch:
    """Compares looks.

    Args:
        first: the clocks at start.
    """

    def __init__(self, first: Look) -> None:
        self.steps: deque[Step] = deque(maxlen=KEPT)
        self.seen = 0  # steps ever
        self._last = first

    def look(self, now: Look) -> Step | None:
        """Return what has happened since the look before, if anything has."""
        before, self._last = self._last, now
        doubt = before.took + now.took
        ran = now.running - before.running
        stepped = now.wall - before.wall - ran
        suspended = ran - (now.monotonic - before.monotonic)
        step = Step(
            now.monotonic,
            stepped if abs(stepped) > STEP_SECONDS + doubt else 0.0,
            suspended if suspended > SUSPEND_SECONDS + doubt else 0.0,
        )
        if not step.stepped_seconds and not step.suspended_seconds:
            return None
        self.seen += 1
        self.steps.append(step)
        return step

    def since(self, began: float) -> Step | None:
        """Return all that has happened to the clocks since a monotonic second, added up; None = nothing."""
        touched = [step for step in self.steps if step.at >= began]
        if not touched:
            return None
        return Step(touched[-1].at, sum(one.stepped_seconds for one in touched), sum(one.suspended_seconds for one in touched))
