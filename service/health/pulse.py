"""The prober's own pulse: what its control probes took and how long its loop was held up, and when that is a sickness. Pure.

One slow turn is no sickness: a pause of the whole process makes one, and the sentinel gives the results that it touched their uncertainty.
A sickness lasts, and then the least of several control probes is slow.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from service.health.numbers import WELL, Reason

if TYPE_CHECKING:
    from probe.values import Result

SLOW_SECONDS = 0.1  # a control probe should take one or two milliseconds
SLOW_TURNS, FAILED_TURNS = 3, 2  # in a row
SURE_TURNS = 2  # control probes of which the least is taken for what the prober adds to every result
ALLOWANCE_SECONDS = 0.005  # what a result may be off beside its own uncertainty
HELD_TURNS, HELD_SHARE = 10, 0.5  # over so many turns the loop may be held up for this share of the time
WELL_SHARE = 0.25  # and is well again below this one: a machine that is just as busy as may be must not change its mind all the time


class Held(NamedTuple):
    """How long the loop was held up in all until one moment (monotonic), and how long its thread had waited for a processor."""

    now: float
    seconds: float
    waited_seconds: float = 0.0


class Pulse:
    """Takes each control probe, and the sentinel's count of seconds held."""

    def __init__(self) -> None:
        self.last_seconds: float | None = None  # of the last control probe that ended well
        self.failures = 0  # ever
        self.excess_seconds = 0.0  # what the prober adds to every result just now, beyond the allowance
        self._controls: deque[Result] = deque(maxlen=max(SLOW_TURNS, FAILED_TURNS))
        self._held: deque[Held] = deque(maxlen=HELD_TURNS + 1)
        self._holds = False  # it was held up for too long when it was asked last

    def took(self, control: Result, held: Held) -> None:
        """Take one control probe, and what the loop was held up for until now."""
        self._controls.append(control)
        self._held.append(held)
        if control.fault is None:
            self.last_seconds = control.seconds
        else:
            self.failures += 1
        self.excess_seconds = max(0.0, self._least(SURE_TURNS) - ALLOWANCE_SECONDS)

    def reason(self) -> Reason:
        """Return why the pulse puts the prober in doubt."""
        return self._failing() or self._holding() or self._slow() or WELL

    def _least(self, turns: int) -> float:
        """Return what the quickest of the last so many control probes took; 0 while there are not so many."""
        last = list(self._controls)[-turns:]
        return min(control.seconds for control in last) if len(last) == turns else 0.0

    def _failing(self) -> Reason | None:
        last = list(self._controls)[-FAILED_TURNS:]
        fault = last[-1].fault if last else None
        if fault is None or len(last) < FAILED_TURNS or any(control.fault is None for control in last):
            return None
        words = f"{fault.kind} at {fault.step}{fault.said and ': '}{fault.said}"
        return Reason("control", f"the prober cannot even talk to itself over loopback ({words})")

    def _holding(self) -> Reason | None:
        if len(self._held) <= HELD_TURNS:
            return None
        first, last = self._held[0], self._held[-1]
        elapsed, held = last.now - first.now, last.seconds - first.seconds
        self._holds = held / elapsed > (WELL_SHARE if self._holds else HELD_SHARE)
        if not self._holds:
            return None
        others = (
            last.waited_seconds - first.waited_seconds > held / 2
        )  # who is to blame decides what helps: a faster machine, or fewer checks
        why = "other programs take the processors of this machine" if others else "it has too much to do"
        return Reason("held", f"the prober's event loop was held up for {held / elapsed:.0%} of the last {elapsed:.0f} s: {why}")

    def _slow(self) -> Reason | None:
        least = self._least(SLOW_TURNS)
        if least <= SLOW_SECONDS:
            return None
        return Reason("slow", f"the prober is slow itself: a talk to itself over loopback takes {1000 * least:.0f} ms")
