"""What is known of the loop's waits without watching it: the kernel's count of its waits for a processor, and garbage collections.

The kernel counts for each thread how long it was ready to run and did not (Linux, proc(5): second field, in nanoseconds, of
/proc/PID/task/TID/schedstat); reading it costs about a microsecond. Python tells of each garbage collection as it begins and ends; all
threads stand still meanwhile. Where there is no such file the count is zero. Neither tells of waits for the interpreter's lock, nor of what
a hypervisor takes.
"""

from __future__ import annotations

import gc
import os
from contextlib import suppress
from time import monotonic
from typing import Any

SCHEDSTAT = "/proc/thread-self/schedstat"
ROOM = 96  # three numbers of 64 bits
FULL = 2  # the generation whose collection looks at everything


class Waits:
    """Counts for the thread that calls `start`; the numbers only grow."""

    __slots__ = ("_collecting_since", "_handle", "collections", "full_collections", "longest_seconds", "paused_seconds")

    def __init__(self) -> None:
        self.collections = 0  # of garbage, ever
        self.full_collections = 0  # of these: of all generations
        self.paused_seconds = 0.0  # by all of them
        self.longest_seconds = 0.0  # by one of them
        self._collecting_since = 0.0  # monotonic second
        self._handle: int | None = None

    def start(self) -> None:
        """Begin to count for this thread."""
        with suppress(OSError):
            self._handle = os.open(SCHEDSTAT, os.O_RDONLY | os.O_CLOEXEC)
        gc.callbacks.append(self._collected)

    def stop(self) -> None:
        """Stop counting."""
        with suppress(ValueError):  # never started
            gc.callbacks.remove(self._collected)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def queued_seconds(self) -> float:
        """Return how long this thread has waited for a processor since it began; 0 where nobody counts it."""
        if self._handle is None:
            return 0.0
        try:
            return int(os.pread(self._handle, ROOM, 0).split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0

    def seconds(self) -> float:
        """Return the waits of both kinds up to now; a collection's own waits for a processor count twice, which errs on the safe side."""
        return self.paused_seconds + self.queued_seconds()

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._collecting_since = monotonic()
            return
        lasted = monotonic() - self._collecting_since
        self.collections += 1
        self.full_collections += info["generation"] == FULL
        self.paused_seconds += lasted
        self.longest_seconds = max(self.longest_seconds, lasted)
