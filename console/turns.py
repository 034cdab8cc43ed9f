"""Long work on the event loop, in slices so short that no probe's stamp suffers: one slice in each pass of the loop, whoever asks.

A thread would not do: it holds the interpreter's lock for 5 ms at a time, and the loop waits (decision 0110).
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SLICE_SECONDS = 0.0005
SLICE_CHARACTERS = 32_768


class Turns:
    """Lets those with long work take turns, so that ten scrapes at once lag the loop no more than one."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def texts(self, work: Iterator[str]) -> AsyncIterator[str]:
        """Yield what `work` yields, joined; each of its steps must take some 0.1 ms at the most."""
        while True:
            async with self._turn:
                text, over = _slice(work)
                await asyncio.sleep(0)
            if text:
                yield text
            if over:
                return


def _slice(work: Iterator[str]) -> tuple[str, bool]:
    """Draw from `work` for one slice; returns what it gave, and whether it is over."""
    parts, size, until = [], 0, perf_counter() + SLICE_SECONDS
    for part in work:
        parts.append(part)
        size += len(part)
        if size >= SLICE_CHARACTERS or perf_counter() >= until:
            return "".join(parts), False
    return "".join(parts), True
