"""One line on stderr that says how far a long run is: on a terminal alone, after two seconds, and gone without a trace at the end."""

from __future__ import annotations

import asyncio
import sys
from time import monotonic
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

PATIENCE_SECONDS = 2.0
REDRAW_SECONDS = 0.2
CELLS = 30
ERASE = "\r\x1b[K"


def progress_line(done: int, total: int, what: str, elapsed_seconds: float) -> str:
    """Return `[######......] 12/21 checks and trips, 3 s`."""
    filled = CELLS * done // total if total else CELLS
    return f"[{'#' * filled}{'.' * (CELLS - filled)}] {done:,}/{total:,} {what}, {elapsed_seconds:.0f} s"


class Progress:
    """Shows `done()` of `total` while its block runs.

    Args:
        total: how many there are.
        what: their name, in the plural.
        done: asked again and again.
        stream: where to draw; nothing is drawn where it is no terminal.
    """

    def __init__(self, total: int, what: str, done: Callable[[], int], stream: TextIO | None = None) -> None:
        self._total, self._what, self._done = total, what, done
        self._stream = sys.stderr if stream is None else stream
        self._task: asyncio.Task[None] | None = None
        self._drawn = False

    async def __aenter__(self) -> None:
        if self._stream.isatty():
            self._task = asyncio.create_task(self._draw())

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._drawn:
            self._write(ERASE)

    async def _draw(self) -> None:
        began = monotonic()
        await asyncio.sleep(PATIENCE_SECONDS)
        while True:
            self._drawn = True
            self._write(ERASE + progress_line(self._done(), self._total, self._what, monotonic() - began))
            await asyncio.sleep(REDRAW_SECONDS)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
