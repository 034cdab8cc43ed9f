"""Arithmetic beside the loop, in a thread that lets the loop go first.

Python hands the interpreter over only each 5 ms, and many such waits add up: meanwhile it is done sooner. Cancelled, it is left alone: it
ends by itself, or with the process.
"""

from __future__ import annotations

import sys
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from service.rounds.aside import aside
from service.rounds.warm import uncollected

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")
SWITCH_SECONDS = 0.0005  # a thread keeps the interpreter so long; with Python's own 5 ms, 1,000 probes a second come 0.15 s late


class _Patience:
    """How long any thread keeps the interpreter: less than usual, from when the first such work begins until the last has ended."""

    def __init__(self) -> None:
        self._works = 0
        self._before = sys.getswitchinterval()
        self._changing = Lock()

    def begin(self) -> None:
        with self._changing:
            if not self._works:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(SWITCH_SECONDS)
            self._works += 1

    def end(self) -> None:
        with self._changing:
            self._works -= 1
            if not self._works:
                sys.setswitchinterval(self._before)


_PATIENCE = _Patience()


async def calmly(work: Callable[[], Answer]) -> Answer:
    """Return what the work returns, or raise what it raises; it must touch nothing that the loop changes meanwhile."""

    def patient() -> Answer:
        try:
            with uncollected():
                return work()
        finally:
            _PATIENCE.end()

    _PATIENCE.begin()
    return await aside(patient)
