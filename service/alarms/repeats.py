"""Checks that are probed once more, soon: one that failed is repeated, and some that share something with it are asked for what they know.

Bounded: when thousands fail at once, their own schedule says enough, and a server in trouble needs no more visitors.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger("mailsonde.alarms")

AT_ONCE = 64  # repeats that wait or are under way


class Repeats:
    """Those of one service. Make it on the running loop.

    Args:
        probe: probes one check, or begins one trip, by the name of its cell.
    """

    def __init__(self, probe: Callable[[str], Awaitable[object]]) -> None:
        self._probe = probe
        self._waiting: dict[str, asyncio.TimerHandle] = {}
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._running)

    def ask(self, cell: str, seconds: float) -> None:
        """Have a cell probed after so many seconds; one that waits for that already is not asked twice."""
        if cell not in self._waiting and len(self) < AT_ONCE:
            self._waiting[cell] = asyncio.get_running_loop().call_later(seconds, self._begin, cell)

    def _begin(self, cell: str) -> None:
        del self._waiting[cell]  # first of all: what comes of it may ask for the next
        task = asyncio.get_running_loop().create_task(self._ask(cell))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _ask(self, cell: str) -> None:
        try:
            await self._probe(cell)
        except Exception:
            log.exception("our own error in probing %s again", cell)

    async def close(self) -> None:
        """Give up all of them."""
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
