"""Long work on the one connection, in slices so short that group commits and readers hardly wait. It never holds it for long.

A slice is told how many things to do; the size follows the time that the slice before it took. Each is a transaction of its own: killed
at any instant, the work goes on at the last slice that stood on the disk.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from store.store import Store

TARGET_SECONDS = 0.030  # of the connection's time per slice; no slice is let grow towards 0.1 s
REST = 3.0  # after each slice, as many times as long as it took: a quarter of the connection at the most


@dataclass(slots=True)
class Size:
    """How many things to do in the next slice."""

    now: int
    least: int = 1
    most: int = 50_000

    def learn(self, seconds: float) -> None:
        """Aim at TARGET_SECONDS; grow by half at the most, shrink at once."""
        factor = min(1.5, TARGET_SECONDS / max(seconds, 1e-6))
        self.now = min(self.most, max(self.least, round(self.now * factor)))


async def in_slices(store: Store, work: Callable[[sqlite3.Connection, int], bool], size: Size, rest: float = REST) -> int:
    """Call work(connection, how many), each in a transaction, until it says False: nothing is left. Returns the number of slices.

    Raises: StoreError when a slice could not be made durable; what stood before it stands.
    """
    count, more = 0, True
    while more:
        more, seconds = await store.transact(lambda connection: _timed(connection, work, size.now))
        size.learn(seconds)
        count += 1
        await asyncio.sleep(seconds * rest if more else 0.0)
    return count


def _timed(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection, int], bool], size: int) -> tuple[bool, float]:
    began = perf_counter()
    more = work(connection, size)
    return more, perf_counter() - began
