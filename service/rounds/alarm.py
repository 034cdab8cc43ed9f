"""One timer on the running loop, for the earliest of all that it was asked for."""

from __future__ import annotations

import asyncio
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

GRAIN_SECONDS = 0.001  # event loops round their timers to it; who asks for less is called at once, and would ask again and again


class Alarm:
    """Calls `ring` once at the earliest time that was asked for; a later one is to be asked for again. Times are monotonic seconds."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._at = float("inf")
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, at: float, now: float) -> None:
        """Have it ring at this time, or earlier where that was asked for."""
        if at < self._at:
            self.stop()
            grains = max(1, ceil((at - now) / GRAIN_SECONDS))
            self._timer, self._at = asyncio.get_running_loop().call_later(grains * GRAIN_SECONDS, self._go_off), at

    def stop(self) -> None:
        """Forget what was asked for."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._at = None, float("inf")

    def _go_off(self) -> None:
        self._timer, self._at = None, float("inf")
        self._ring()
