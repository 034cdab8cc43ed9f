"""A loop-lag sentinel: says how far the prober itself may have falsified a time. It judges no server.

The theory. A beat is due every PERIOD seconds. When something holds the loop (a long callback, garbage collection, a busy machine that
does not schedule us), the beat comes late by the hold's length less at most one PERIOD, for it may have begun just after a beat; so does
every reply that arrived meanwhile. A hold that was seen therefore counts as its lateness plus PERIOD. Each stamp of a conversation can
have been delayed by at most one hold, so `count` stamps are off by no more than the sum of the `count` longest holds that overlap it. A
hold shorter than PERIOD may go unseen: this is the resolution of the bound, stated in the README.
"""

from __future__ import annotations

import asyncio
from array import array
from heapq import nlargest
from time import monotonic

PERIOD_SECONDS = 0.005
GRAIN_SECONDS = 0.0015  # event loops round their timers to milliseconds; a beat late by less says nothing
KEPT_HOLDS = 8_192


class Sentinel:
    """Beats on the running loop between `start` and `stop`; `worst_since` may be asked at any moment."""

    __slots__ = ("_due", "_ends", "_handle", "_lengths", "_loop", "_seen")

    def __init__(self) -> None:
        self._ends = array("d", bytes(8 * KEPT_HOLDS))  # monotonic second at which each hold ended; a ring, so that it never grows
        self._lengths = array("d", bytes(8 * KEPT_HOLDS))  # seconds that it lasted
        self._seen = 0  # holds ever
        self._due = float("inf")
        self._handle: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to beat on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._next(monotonic())

    def stop(self) -> None:
        """Stop beating."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._due = None, float("inf")

    def worst_since(self, since: float, count: int = 1) -> float:
        """Return the sum of the `count` longest holds that ended after `since`, in seconds, counting one that has not ended yet."""
        overdue = monotonic() - self._due
        holds = [overdue + PERIOD_SECONDS] if overdue > GRAIN_SECONDS else []
        for number in range(self._seen - 1, max(-1, self._seen - 1 - KEPT_HOLDS), -1):
            place = number % KEPT_HOLDS
            if self._ends[place] < since:
                break
            holds.append(self._lengths[place])
        return sum(holds) if len(holds) <= count else sum(nlargest(count, holds))

    def _next(self, now: float) -> None:
        assert self._loop is not None  # noqa: S101 - start() has set it; this tells the type checker
        self._due = now + PERIOD_SECONDS
        self._handle = self._loop.call_later(PERIOD_SECONDS, self._beat)

    def _beat(self) -> None:
        now = monotonic()
        late = now - self._due
        if late > GRAIN_SECONDS:
            place = self._seen % KEPT_HOLDS
            self._ends[place], self._lengths[place] = now, late + PERIOD_SECONDS
            self._seen += 1
        self._next(now)
