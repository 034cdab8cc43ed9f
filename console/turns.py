"""Long work on the event loop, in slices so short that no probe's stamp suffers, with rests between; one slice at a time, whoever asks.

A thread would not do: it holds the interpreter's lock for 5 ms at a time, and the loop waits. Without the rests the process would keep a
processor busy, and the kernel lets such a one wait for others when a reply comes (decision 0110).
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

SLICE_SECONDS = 0.0002  # a conversation of five steps may meet five of them
SLICE_CHARACTERS = 16_384  # to pack and send them takes about half as long again
REST_SECONDS = 0.001  # the shortest that event loops can wait
SLICES_TO_REST = 8


class Turns:
    """Lets those with long work take turns, so that ten scrapes at once lag the loop no more than one."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._slices = 0

    async def texts(self, work: Iterator[str]) -> AsyncIterator[str]:
        """Yield what `work` yields, joined; each of its steps must take some 0.1 ms at the most."""
        while True:
            async with self._turn:
                text, over = _slice(work)
                self._slices += 1
                await asyncio.sleep(0 if self._slices % SLICES_TO_REST else REST_SECONDS)
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
