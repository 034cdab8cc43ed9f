"""The prober's own pulse: what its control probes took and how long its loop was held up, and when that is a sickness. Pure.

One slow turn is no sickness: a pause of the whole process makes one, and the sentinel gives the results that it touched their uncertainty.
A sickness lasts, and then the least of several control probes is slow.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from service.health_numbers import WELL, Reason

if TYPE_CHECKING:
    from probe.values import Result

SLOW_SECONDS = 0.1  # a control probe should take one or two milliseconds
SLOW_TURNS, FAILED_TURNS = 3, 2  # in a row
SURE_TURNS = 2  # control probes of which the least is taken for what the prober adds to every result
ALLOWANCE_SECONDS = 0.005  # what a result may be off beside its own uncertainty
HELD_TURNS, HELD_SHARE = 10, 0.5  # over so many turns the loop may be held up for this share of the time


class Pulse:
    """Takes each control probe, and the sentinel's count of seconds held."""

    def __init__(self) -> None:
        self.last_seconds: float | None = None  # of the last control probe that ended well
        self.failures = 0  # ever
        self.excess_seconds = 0.0  # what the prober adds to every result just now, beyond the allowance
        self._controls: deque[Result] = deque(maxlen=max(SLOW_TURNS, FAILED_TURNS))
        self._held: deque[tuple[float, float]] = deque(maxlen=HELD_TURNS + 1)  # monotonic second, seconds held up to then

    def took(self, control: Result, now: float, held_seconds: float) -> None:
        """Take one control probe, and what the loop was held up for in all until now."""
        self._controls.append(control)
        self._held.append((now, held_seconds))
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
        (began, before), (now, until) = self._held[0], self._held[-1]
        share = (until - before) / (now - began)
        if share <= HELD_SHARE:
            return None
        return Reason("held", f"the prober's event loop was held up for {share:.0%} of the last {now - began:.0f} s: it has too much to do")

    def _slow(self) -> Reason | None:
        least = self._least(SLOW_TURNS)
        if least <= SLOW_SECONDS:
            return None
        return Reason("slow", f"the prober is slow itself: a talk to itself over loopback takes {1000 * least:.0f} ms")
