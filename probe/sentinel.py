"""A loop-lag sentinel: says how far the prober itself may have falsified a time. It judges no server.

The theory. A beat is due every PERIOD seconds. When something holds the loop (a long callback, garbage collection, a busy machine that
does not schedule us, a stopped process), the beat comes late by the hold's length less at most one PERIOD, for it may have begun just after
a beat; so does every reply that arrived meanwhile. A hold that was seen therefore counts as its lateness plus PERIOD. Each stamp of a
conversation can have been delayed by at most one hold, so `count` stamps are off by no more than the sum of the `count` longest holds
that overlap it.

A beat that comes in time has still room for a hold shorter than PERIOD + GRAIN, and on a busy machine there are many: several replies of
one conversation may each wait as long, and it adds up. Most of these are waits for a processor, which the kernel counts to the nanosecond,
and garbage collections, which Python tells of (probe/waits.py). What they sum to between beats that came in time is the unseen wait. A
conversation's own share of it is added to its bound, no more than PERIOD + GRAIN for each stamp. Both together hold what the bound leaves
out, waits shorter than a beat for other callbacks or for the interpreter's lock, below the 5 ms that the README's promise allows.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from probe.holds import Holds
from probe.waits import Waits

PERIOD_SECONDS = 0.002
GRAIN_SECONDS = 0.0015  # event loops round their timers to milliseconds; a beat late by less says nothing


class Sentinel:
    """Beats on the running loop between `start` and `stop`; `worst_since` may be asked at any moment.

    Attributes:
        waits: garbage collections and waits for a processor, ever.
        held_seconds: what the beats were late in all.
        unseen_seconds: the waits between beats that came in time, in all; note it when a conversation begins.
    """

    __slots__ = ("_due", "_handle", "_holds", "_loop", "_waited", "held_seconds", "unseen_seconds", "waits")

    def __init__(self) -> None:
        self.waits = Waits()
        self.held_seconds = 0.0
        self.unseen_seconds = 0.0
        self._holds = Holds()
        self._waited = 0.0  # seconds of `waits` at the last beat
        self._due = float("inf")
        self._handle: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def holds(self) -> int:
        """Return how many holds were seen, ever."""
        return self._holds.seen

    def start(self) -> None:
        """Begin to beat on the running loop."""
        self._loop = asyncio.get_running_loop()
        self.waits.start()
        self._waited = self.waits.seconds()
        self._next(monotonic())

    def stop(self) -> None:
        """Stop beating."""
        self.waits.stop()
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._due = None, float("inf")

    def worst_since(self, since: float, count: int = 1, unseen: float | None = None) -> float:
        """Return how many seconds `count` stamps taken after `since` may be late.

        Args:
            since: monotonic second; holds that ended later count, and one that has not ended yet.
            count: how many stamps; the longest hold for each.
            unseen: what `unseen_seconds` was then; None = seen holds alone.
        """
        overdue = monotonic() - self._due
        seen = self._holds.longest(since, count, overdue + PERIOD_SECONDS if overdue > GRAIN_SECONDS else 0.0)
        return seen if unseen is None else seen + self._share(count, unseen, overdue)

    def _share(self, count: int, unseen: float, overdue: float) -> float:
        """Return the unseen waits that `count` stamps may have met since; a beat that is overdue by now counts as a hold instead."""
        since_beat = 0.0 if overdue > GRAIN_SECONDS else max(0.0, self.waits.seconds() - self._waited)
        return min(self.unseen_seconds + since_beat - unseen, count * (PERIOD_SECONDS + GRAIN_SECONDS))

    def _next(self, now: float) -> None:
        assert self._loop is not None  # noqa: S101 - start() has set it; this tells the type checker
        self._due = now + PERIOD_SECONDS
        self._handle = self._loop.call_later(PERIOD_SECONDS, self._beat)

    def _beat(self) -> None:
        now = monotonic()
        late, waited = now - self._due, self.waits.seconds()
        if late > GRAIN_SECONDS:
            self._holds.add(now, late + PERIOD_SECONDS)
            self.held_seconds += late
        else:
            self.unseen_seconds += max(0.0, waited - self._waited)
        self._waited = waited
        self._next(now)
