"""Reads this machine's clocks, and tells the log when the wall clock was stepped or the machine suspended."""

from __future__ import annotations

from time import CLOCK_BOOTTIME, clock_gettime, monotonic, time
from typing import TYPE_CHECKING

from service.rounds.clock_steps import ClockWatch, Look
from service.rounds.words import tell_clock

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from service.rounds.clock_steps import Step


def read_clocks() -> Look:
    """Read the clocks of this machine."""
    began = monotonic()
    wall, running = time(), clock_gettime(CLOCK_BOOTTIME)
    ended = monotonic()
    return Look(wall, ended, running, ended - began)


class Clocks:
    """The clocks, watched.

    Args:
        log: is told of steps and suspends.
        read: reads them.
    """

    def __init__(self, log: logging.Logger, read: Callable[[], Look] = read_clocks) -> None:
        self.read = read
        first = read()
        self.anchor = first.monotonic - first.wall  # monotonic second of the Unix epoch, as it was at the start
        self.watch = ClockWatch(first)
        self._log = log

    def now(self) -> float:
        """Return the monotonic second."""
        return self.read().monotonic

    def look(self) -> float:
        """Look what has happened to the clocks, and return the monotonic second."""
        clocks = self.read()
        step = self.watch.look(clocks)
        if step is not None:
            tell_clock(self._log, step)
        return clocks.monotonic

    def since(self, began: float) -> Step | None:
        """Look, and return what has happened to the clocks since a monotonic second; None = nothing."""
        self.look()
        return self.watch.since(began)
